"""Whose turn it is: priority first, then the tenant with least work at hand for its weight, then who came first."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, Select, func, select

from facefusion.jobs.schema import LEASES, TASKS, TENANTS


def next_task(connection: Connection, now: int) -> Row[Any] | None:
    """Return the task whose turn it is, which nobody else gets until the transaction ends; None where there is none.

    Args:
        connection: in a transaction that writes.
        now: the time.
    """
    for tenant in _in_turn(connection, now):
        if tenant.max_running is not None and not _may_have_more(connection, tenant.id):
            continue
        found = connection.execute(_first(tenant.id, now).with_for_update(skip_locked=True)).one_or_none()
        if found is not None:
            return found
    return None


def _in_turn(connection: Connection, now: int) -> list[Row[Any]]:
    """Return the tenants with something to do, in the order in which they are served."""
    busy = select(LEASES.c.tenant, func.count().label("running")).group_by(LEASES.c.tenant).subquery()
    ready = (TASKS.c.tenant == TENANTS.c.id) & (TASKS.c.state == "ready") & (TASKS.c.not_before <= now)
    ordered = TASKS.c.priority.desc(), TASKS.c.job, TASKS.c.number
    head = select(TASKS.c.id).where(ready).order_by(*ordered).limit(1).correlate(TENANTS).scalar_subquery()
    heads = (
        select(TENANTS, func.coalesce(busy.c.running, 0).label("running"), head.label("head"))
        .outerjoin(busy, busy.c.tenant == TENANTS.c.id)
        .where(TENANTS.c.is_paused.is_(False))
        .subquery()
    )
    wanted = select(heads, TASKS.c.priority, TASKS.c.job).join(TASKS, TASKS.c.id == heads.c.head)
    return sorted(connection.execute(wanted), key=lambda row: (-row.priority, row.running / row.weight, row.job))


def _first(tenant: str, now: int) -> Select[Any]:
    ready = (TASKS.c.tenant == tenant) & (TASKS.c.state == "ready") & (TASKS.c.not_before <= now)
    return select(TASKS).where(ready).order_by(TASKS.c.priority.desc(), TASKS.c.job, TASKS.c.number).limit(1)


def _may_have_more(connection: Connection, tenant: str) -> bool:
    """Whether a tenant may have one more task at work; others that ask the same of it wait for the answer."""
    most = connection.execute(select(TENANTS.c.max_running).where(TENANTS.c.id == tenant).with_for_update())
    running = connection.execute(select(func.count()).select_from(LEASES).where(LEASES.c.tenant == tenant))
    return int(running.scalar_one()) < int(most.scalar_one())
