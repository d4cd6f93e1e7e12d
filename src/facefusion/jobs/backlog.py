"""How much work there is that somebody could begin at once."""

from __future__ import annotations

from sqlalchemy import Connection, Engine, func, literal_column, select

from facefusion.jobs.database import Clock, database_time, reading
from facefusion.jobs.schema import LEASES, TASKS, TENANTS


def backlog(engine: Engine, *, clock: Clock = database_time) -> int:
    """Return how many tasks workers could begin now, if there were enough of them.

    Tasks that wait to be tried again, those of tenants that are paused, and those for which their tenant has too many
    at work are none of them.

    Args:
        engine: the database.
        clock: tells the time.

    Raises:
        JobsUnavailableError: the database cannot be used.
    """
    with reading(engine) as connection:
        return claimable(connection, clock(connection))


def claimable(connection: Connection, now: int) -> int:
    """Return the same within a transaction.

    Args:
        connection: in it.
        now: the time.
    """
    busy = select(LEASES.c.tenant, func.count().label("running")).group_by(LEASES.c.tenant).subquery()
    # In words, not as a parameter: only so do databases know that the index of ready tasks serves.
    is_due = (TASKS.c.state == literal_column("'ready'")) & (TASKS.c.not_before <= now)
    due = select(TASKS.c.tenant, func.count().label("due")).where(is_due).group_by(TASKS.c.tenant).subquery()
    wanted = (
        select(due.c.due, TENANTS.c.max_running, func.coalesce(busy.c.running, 0).label("running"))
        .join(TENANTS, TENANTS.c.id == due.c.tenant)
        .outerjoin(busy, busy.c.tenant == due.c.tenant)
        .where(TENANTS.c.is_paused.is_(False))
    )
    return sum(
        row.due if row.max_running is None else max(0, min(row.due, row.max_running - row.running))
        for row in connection.execute(wanted)
    )
