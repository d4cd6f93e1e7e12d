"""Whose turn it is: priority, then the tenant that had least of the workers' time for its weight, then who came first.

Each tenant has an account, `served`, of the time that workers gave it, divided by its weight. A task is charged when it
is leased, with what a task usually takes, and what it truly took is settled when its attempt ends: several tasks that
are begun at one moment so go round the tenants by weight, and nobody gains by cutting their work otherwise. What lies
far back counts no more: who had nothing to do for a day is not served alone for a day.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, Select, case, func, literal_column, select, update

from facefusion.jobs.schema import LEASES, TASKS, TENANTS

CHARGED: Final = 10_000_000
"""Microseconds that a task is thought to take before it is known."""
MOST_CREDIT: Final = 60_000_000
"""Microseconds, for a weight of 1, that a tenant may be behind the one that was served most."""

# In words, not as a parameter: only so do databases know that the index of ready tasks serves.
_READY: Final[ColumnElement[bool]] = TASKS.c.state == literal_column("'ready'")
_ORDER: Final = (TASKS.c.rank, TASKS.c.job, TASKS.c.number)


def next_task(connection: Connection, now: int) -> Row[Any] | None:
    """Return the task whose turn it is, which nobody else gets until the transaction ends; None where there is none.

    Args:
        connection: in a transaction that writes.
        now: the time.
    """
    for tenant in _in_turn(connection, now):
        if tenant.max_running is None:
            found = _taken(connection, tenant.id, now)
        elif tenant.running < tenant.max_running:
            found = _taken_within(connection, tenant.id, now)
        else:
            continue
        if found is not None:
            return found
    return None


def charge(connection: Connection, tenant: str) -> None:
    """Charge a tenant for a task that is leased; the last statement of a transaction, as others wait for it."""
    floor = select(func.max(TENANTS.c.served) - MOST_CREDIT).scalar_subquery()
    served = case((TENANTS.c.served < floor, floor), else_=TENANTS.c.served)
    values = {"served": served + CHARGED // TENANTS.c.weight}
    connection.execute(update(TENANTS).where(TENANTS.c.id == tenant).values(values))


def settle(connection: Connection, tenant: str, took: list[int]) -> None:
    """Put right what a tenant was charged; the last statement of a transaction, as others wait for it.

    Args:
        connection: in a transaction that writes.
        tenant: whose tasks they were.
        took: microseconds of each attempt that ended.
    """
    if not took:
        return
    values = {"served": TENANTS.c.served + (sum(took) - CHARGED * len(took)) // TENANTS.c.weight}
    connection.execute(update(TENANTS).where(TENANTS.c.id == tenant).values(values))


def ready_count(connection: Connection) -> int:
    """Return how many tasks could be begun, now or after they waited to be tried again."""
    return int(connection.execute(select(func.count()).select_from(TASKS).where(_READY)).scalar_one())


def _in_turn(connection: Connection, now: int) -> list[Row[Any]]:
    """Return the tenants with something to do, in the order in which they are served."""
    names = _tenants_with_work()
    first = _first(names.c.tenant, now).with_only_columns(TASKS.c.id).correlate(names).scalar_subquery()
    busy = select(func.count()).select_from(LEASES).where(LEASES.c.tenant == names.c.tenant).correlate(names)
    heads = select(names.c.tenant, first.label("head"), busy.scalar_subquery().label("running")).subquery()
    most = select(func.max(TENANTS.c.served)).scalar_subquery()
    wanted = (
        select(TENANTS, heads.c.running, TASKS.c.rank, TASKS.c.job, most.label("most"))
        .select_from(heads)
        .join(TENANTS, TENANTS.c.id == heads.c.tenant)
        .join(TASKS, TASKS.c.id == heads.c.head)
        .where(TENANTS.c.is_paused.is_(False))
    )
    rows = connection.execute(wanted).all()
    return sorted(rows, key=lambda row: (row.rank, max(row.served, row.most - MOST_CREDIT), row.job))


def _tenants_with_work() -> Any:
    """Return the tenants with tasks that are ready: one step in the index for each, however many tasks there are."""
    first = select(func.min(TASKS.c.tenant).label("tenant")).where(_READY).cte("tenants_with_work", recursive=True)
    following = select(func.min(TASKS.c.tenant)).where(_READY, TASKS.c.tenant > first.c.tenant).correlate(first)
    every = first.union_all(select(following.scalar_subquery()).where(first.c.tenant.is_not(None)))
    return select(every.c.tenant).where(every.c.tenant.is_not(None)).subquery()


def _first(tenant: Any, now: int) -> Select[Any]:
    wanted = select(TASKS).where(TASKS.c.tenant == tenant, _READY, TASKS.c.not_before <= now)
    return wanted.order_by(*_ORDER).limit(1)


def _taken(connection: Connection, tenant: str, now: int) -> Row[Any] | None:
    found = _first(tenant, now).with_for_update(skip_locked=True, key_share=True)
    return connection.execute(found).one_or_none()


def _taken_within(connection: Connection, tenant: str, now: int) -> Row[Any] | None:
    """Return a task of a tenant that may have only so many at work; others that ask the same wait for the answer.

    Where there is none, the tenant is let go of at once: who waited for one while holding another could wait for ever.
    """
    attempt = connection.begin_nested()
    limits = select(TENANTS.c.max_running).where(TENANTS.c.id == tenant).with_for_update(key_share=True)
    most = connection.execute(limits).scalar_one()
    running = select(func.count()).select_from(LEASES).where(LEASES.c.tenant == tenant)
    if most is None or connection.execute(running).scalar_one() < most:
        found = _taken(connection, tenant, now)
        if found is not None:
            attempt.commit()
            return found
    attempt.rollback()
    return None
