"""Whose turn it is: priority, then the tenant that had least of the workers' time for its weight, then who came first.

Each tenant has an account of the time that workers gave it, divided by its weight: `served` of attempts that ended, and
for each task at work what a task usually takes. Several tasks that are begun at one moment so go round the tenants by
weight, nobody gains by cutting their work otherwise, and who leases a task changes nothing that others wait for. What
lies far back counts no more: who had nothing to do for a day is not served alone for a day.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import BigInteger, Connection, Row, String, bindparam, func, select, update

from facefusion.jobs.schema import LEASES, TENANTS
from facefusion.jobs.turns import TAKE, TURNS

MOST_CREDIT: Final = 60_000_000
"""Microseconds, for a weight of 1, that a tenant may be behind the one that was served most."""

_WHOSE: Final = TENANTS.c.id == bindparam("whose", type_=String)
_LIMIT: Final = select(TENANTS.c.max_running).where(_WHOSE).with_for_update(key_share=True)
_RUNNING: Final = select(func.count()).select_from(LEASES).where(LEASES.c.tenant == bindparam("whose", type_=String))
_CATCH_UP: Final = (
    update(TENANTS)
    .where(_WHOSE, TENANTS.c.served < bindparam("least", type_=BigInteger))
    .values(served=bindparam("least", type_=BigInteger))
)
_SETTLE: Final = (
    update(TENANTS)
    .where(_WHOSE)
    .values(served=TENANTS.c.served + bindparam("took", type_=BigInteger) // TENANTS.c.weight)
)


@dataclass(frozen=True, slots=True)
class Turn:
    """A task that is taken.

    Attributes:
        task: its row of `TASKS`, with the token of the lease that is to be written.
        least: what its tenant's account is to be raised to where it lies farther back than counts; None where not.
    """

    task: Row[Any]
    least: int | None


def next_task(connection: Connection, now: int, *, beside: str | None = None) -> Turn | None:
    """Take the task whose turn it is, which nobody else gets until the transaction ends; None where there is none.

    Args:
        connection: in a transaction that writes.
        now: the time.
        beside: the tenant whose account the transaction changes anyway. Where that of another would have to be locked,
            there is none either: who locks one while holding another could wait for ever.
    """
    for tenant in _in_turn(connection, now):
        behind = max(0, tenant.most - MOST_CREDIT - tenant.account)
        if beside not in {None, tenant.id} and (behind or tenant.max_running is not None):
            return None
        if tenant.max_running is None:
            found = _taken(connection, tenant.id, now)
        elif tenant.running < tenant.max_running:
            found = _taken_within(connection, tenant.id, now)
        else:
            continue
        if found is not None:
            return Turn(found, tenant.served + behind if behind else None)
    return None


def catch_up(connection: Connection, tenant: str, least: int | None) -> None:
    """Raise a tenant's account as `Turn.least` says; after all but `settle`, as others wait for it."""
    if least is not None:
        connection.execute(_CATCH_UP, {"whose": tenant, "least": least})


def settle(connection: Connection, tenant: str, took: list[int]) -> None:
    """Charge a tenant for attempts that ended; the last statement of a transaction, as others wait for it.

    Args:
        connection: in a transaction that writes.
        tenant: whose tasks they were.
        took: microseconds of each.
    """
    if took:
        connection.execute(_SETTLE, {"whose": tenant, "took": sum(took)})


def _in_turn(connection: Connection, now: int) -> list[Row[Any]]:
    """Return the tenants with something to do, in the order in which they are served."""
    rows: Any = connection.execute(TURNS, {"now": now})
    return sorted(rows, key=lambda row: (row.rank, max(row.account, row.most - MOST_CREDIT), row.job))


def _taken(connection: Connection, tenant: str, now: int) -> Row[Any] | None:
    return connection.execute(TAKE, {"whose": tenant, "now": now}).one_or_none()


def _taken_within(connection: Connection, tenant: str, now: int) -> Row[Any] | None:
    """Return a task of a tenant that may have only so many at work; others that ask the same wait for the answer.

    Where there is none, the tenant is let go of at once: who waited for one while holding another could wait for ever.
    """
    attempt = connection.begin_nested()
    most = connection.execute(_LIMIT, {"whose": tenant}).scalar_one()
    if most is None or connection.execute(_RUNNING, {"whose": tenant}).scalar_one() < most:
        found = _taken(connection, tenant, now)
        if found is not None:
            attempt.commit()
            return found
    attempt.rollback()
    return None
