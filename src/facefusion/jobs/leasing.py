"""Leasing a task that was chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import BigInteger, Connection, Row, bindparam, insert, select

from facefusion.errors import JobUnknownError
from facefusion.jobs.database import moment
from facefusion.jobs.order import Turn, catch_up
from facefusion.jobs.outbox import is_heard
from facefusion.jobs.rows import change_job, job_of_first, tell
from facefusion.jobs.schema import ATTEMPTS, JOBS, LEASES, PLANS, TASKS
from facefusion.jobs.states import JobState
from facefusion.jobs.values import Job, Lease

_PLANNED: Final = (
    select(*JOBS.c, PLANS.c.content.label("plan"), is_heard(JOBS.c.tenant).label("is_heard"))
    .outerjoin(PLANS, PLANS.c.job == JOBS.c.number)
    .where(JOBS.c.number == bindparam("of", type_=BigInteger))
)
# Who holds a task already must not wait for its job, and is tried again as a whole.
_HELD: Final = _PLANNED.with_for_update(of=JOBS, key_share=True, nowait=True)
_RESULTS: Final = (
    select(TASKS.c.result)
    .where(TASKS.c.job == bindparam("of", type_=BigInteger), TASKS.c.kind == "segment")
    .order_by(TASKS.c.number)
)
_LEASE: Final = insert(LEASES)
_ATTEMPT: Final = insert(ATTEMPTS)
_BEGUN: Final[Mapping[str, JobState]] = {"plan": "planning", "whole": "running"}


def lease_task(connection: Connection, turn: Turn, worker: str, now: int, seconds: float) -> Lease:
    """Give a worker the lease of a task.

    A segment is leased without holding its job, as many are at one moment; whoever stops the job waits for the task
    instead. All other tasks are alone in being ready, and their job is held, as they change it.

    Args:
        connection: in a transaction that holds the task.
        turn: the task.
        worker: who gets it.
        now: the time.
        seconds: how long the worker may be silent.

    Raises:
        JobsUnavailableError: the job is held by another; to be tried again.
    """
    task, until = turn.task, now + round(seconds * 1e6)
    attempt = task.failures + task.losses + 1
    row: Any = connection.execute(_PLANNED if task.kind == "segment" else _HELD, {"of": task.job}).one_or_none()
    if row is None:
        raise JobUnknownError("The job of this task was removed")
    job = job_of_first(row)
    if task.kind != "segment":
        job = _begun(connection, job, task, worker, now, attempt=attempt, is_heard=row.is_heard)
    results: tuple[Mapping[str, Any], ...] = ()
    if task.kind == "merge":
        results = tuple(connection.execute(_RESULTS, {"of": job.number}).scalars())
    values = {"task": task.id, "token": task.token, "worker": worker}
    connection.execute(_LEASE, {**values, "tenant": task.tenant, "until": until, "frames": 0})
    connection.execute(_ATTEMPT, {**values, "kind": task.kind, "work": work_of(job.request), "began": now})
    catch_up(connection, task.tenant, turn.least)
    return Lease(
        *(task.id, task.token, task.kind, task.number, job, row.plan, results),
        until=moment(until),
        seconds=seconds,
        attempt=attempt,
    )


def work_of(request: Mapping[str, Any]) -> str:
    """Return by what a job's times are comparable with those of others: its processors."""
    options = request.get("options")
    processors = options.get("processors") if isinstance(options, Mapping) else None
    if not isinstance(processors, list | tuple):
        return ""
    return ",".join(map(str, processors))[:200]


def _begun(
    connection: Connection, job: Job, task: Row[Any], worker: str, now: int, *, attempt: int, is_heard: bool
) -> Job:
    """Move a job on as its task begins, and return it as it is then."""
    state = _BEGUN.get(task.kind, job.state)
    if state != job.state:
        change_job(connection, job, now, state=state, is_heard=is_heard, started=now)
        job = replace(job, state=state, revision=job.revision + 1, started=moment(now))
    facts = {"kind": task.kind, "number": 0, "worker": worker, "attempt": attempt}
    tell(connection, job, now, "task.leased", facts, is_heard=is_heard)
    return job
