"""Stopping all that is left to do of a job."""

from __future__ import annotations

from sqlalchemy import Connection, select, update

from facefusion.jobs.rows import end_attempt
from facefusion.jobs.schema import LEASES, TASKS
from facefusion.jobs.values import Job


def stop_tasks(connection: Connection, job: Job, now: int) -> None:
    """Cancel all tasks of a job that are not finished; workers at them hear of it when they next say anything.

    Args:
        connection: in a transaction that holds the job.
        job: whose tasks they are.
        now: the time.
    """
    held = select(LEASES.c.task, LEASES.c.token).join(TASKS, TASKS.c.id == LEASES.c.task)
    for row in connection.execute(held.where(TASKS.c.job == job.number)).all():
        end_attempt(connection, row.task, row.token, now, "cancelled")
    open_ones = (TASKS.c.job == job.number) & TASKS.c.state.in_(("waiting", "ready", "held", "leased"))
    connection.execute(update(TASKS).where(open_ones).values(state="cancelled"))
