"""Holding a task and its job for a worker that tells of it, so that nobody else changes them meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import BigInteger, Connection, Integer, bindparam, select

from facefusion.jobs.outbox import is_heard
from facefusion.jobs.rows import job_of_first
from facefusion.jobs.schema import ATTEMPTS, JOBS, LEASES, TASKS
from facefusion.jobs.states import Outcome, TaskKind
from facefusion.jobs.values import Job, Lease

_TASK: Final = bindparam("of", type_=BigInteger)
_TOKEN: Final = bindparam("by", type_=Integer)
# Locks are taken in the order in which the tables are named.
_HELD: Final = (
    select(
        *JOBS.c,
        TASKS.c.id.label("task"),
        LEASES.c.token.label("token"),
        TASKS.c.kind.label("kind"),
        TASKS.c.number.label("place"),
        TASKS.c.failures.label("failures"),
        TASKS.c.losses.label("losses"),
        LEASES.c.worker.label("worker"),
        is_heard(JOBS.c.tenant).label("is_heard"),
    )
    .select_from(LEASES)
    .join(TASKS, TASKS.c.id == LEASES.c.task)
    .join(JOBS, JOBS.c.number == TASKS.c.job)
    .where(LEASES.c.task == _TASK, LEASES.c.token == _TOKEN)
    .with_for_update(of=(JOBS, LEASES, TASKS), key_share=True)
)
_LATE: Final = _HELD.where(LEASES.c.until < bindparam("now", type_=BigInteger))
_OUTCOME: Final = select(ATTEMPTS.c.outcome).where(ATTEMPTS.c.task == _TASK, ATTEMPTS.c.token == _TOKEN)


@dataclass(frozen=True, slots=True)
class Held:
    """A task that is leased, and its job.

    Attributes:
        job: as it is.
        task: identifier of the task.
        token: of the lease.
        kind: of the task.
        number: of the segment.
        failures, losses: of the task so far.
        worker: who has the lease.
        is_heard: whether anybody may want to be told what happens to the job.
    """

    job: Job
    task: int
    token: int
    kind: TaskKind
    number: int
    failures: int
    losses: int
    worker: str
    is_heard: bool


def hold(connection: Connection, lease: Lease) -> Held | None:
    """Return the task of a lease, held until the transaction ends; None where the lease is none any more."""
    return _held(connection.execute(_HELD, {"of": lease.task, "by": lease.token}).one_or_none())


def hold_late(connection: Connection, task: int, token: int, now: int) -> Held | None:
    """Return a task whose lease was over before now, held as by `hold`; None where it was extended, or is none."""
    return _held(connection.execute(_LATE, {"of": task, "by": token, "now": now}).one_or_none())


def was_told(connection: Connection, lease: Lease, outcome: Outcome) -> bool:
    """Return whether a lease ended in just this way before."""
    ended = connection.execute(_OUTCOME, {"of": lease.task, "by": lease.token}).scalar_one_or_none()
    return bool(ended == outcome)


def _held(row: Any) -> Held | None:
    if row is None:
        return None
    *_, task, token, kind, number, failures, losses, worker, heard = row
    return Held(job_of_first(row), task, token, kind, number, failures, losses, worker, bool(heard))
