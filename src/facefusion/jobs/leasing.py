"""Leasing a task that was chosen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from facefusion.jobs.database import moment
from facefusion.jobs.order import charge
from facefusion.jobs.rows import change_job, job_numbered, job_of, tell
from facefusion.jobs.schema import ATTEMPTS, JOBS, LEASES, PLANS, TASKS
from facefusion.jobs.states import JobState
from facefusion.jobs.values import Job, Lease


def lease_task(connection: Connection, task: Row[Any], worker: str, now: int, seconds: float) -> Lease:
    """Give a worker the lease of a task.

    A segment is leased without holding its job, as many are at one moment; whoever stops the job waits for the task
    instead. All other tasks are alone in being ready, and their job is held, as they change it.

    Args:
        connection: in a transaction that holds the task.
        task: a row of `TASKS`.
        worker: who gets it.
        now: the time.
        seconds: how long the worker may be silent.

    Raises:
        JobsUnavailableError: the job is held by another; to be tried again.
    """
    plan: Mapping[str, Any] | None
    results: tuple[Mapping[str, Any], ...]
    until = now + round(seconds * 1e6)
    token, attempt = task.token + 1, task.failures + task.losses + 1
    if task.kind == "segment":
        job, plan, results = *_planned(connection, task.job), ()
    else:
        job = _begun(connection, task, worker, now, attempt)
        plan, results = _segments(connection, task.job) if task.kind == "merge" else (None, ())
    connection.execute(update(TASKS).where(TASKS.c.id == task.id).values(state="leased", token=token))
    values = {"task": task.id, "token": token, "worker": worker}
    connection.execute(insert(LEASES).values(**values, tenant=task.tenant, until=until, frames=0))
    connection.execute(insert(ATTEMPTS).values(**values, kind=task.kind, work=work_of(job.request), began=now))
    charge(connection, task.tenant)
    return Lease(
        *(task.id, token, task.kind, task.number, job, plan, results),
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


def _begun(connection: Connection, task: Row[Any], worker: str, now: int, attempt: int) -> Job:
    job = job_numbered(connection, task.job, waits=False)
    state: JobState = {"plan": "planning", "whole": "running"}.get(task.kind, job.state)  # type: ignore[assignment]
    if state != job.state:
        change_job(connection, job, now, state=state, started=now)
        job = job_numbered(connection, task.job)
    tell(connection, job, now, "task.leased", {"kind": task.kind, "number": 0, "worker": worker, "attempt": attempt})
    return job


def _planned(connection: Connection, number: int) -> tuple[Job, Mapping[str, Any]]:
    """Return a job with its plan."""
    wanted = select(JOBS, PLANS.c.content).join(PLANS, PLANS.c.job == JOBS.c.number).where(JOBS.c.number == number)
    *columns, content = connection.execute(wanted).one()
    return job_of(dict(zip(JOBS.c.keys(), columns, strict=True))), content


def _segments(connection: Connection, number: int) -> tuple[Mapping[str, Any], tuple[Mapping[str, Any], ...]]:
    """Return a job's plan, and what its segments gave."""
    plan = connection.execute(select(PLANS.c.content).where(PLANS.c.job == number)).scalar_one()
    segments = (TASKS.c.job == number) & (TASKS.c.kind == "segment")
    results = connection.execute(select(TASKS.c.result).where(segments).order_by(TASKS.c.number)).scalars()
    return plan, tuple(results)
