"""Between rows and values: reading a job, moving it on, and telling of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import BigInteger, Connection, Row, bindparam, insert, select, update

from facefusion.errors import JobUnknownError
from facefusion.jobs.database import maybe_moment, moment
from facefusion.jobs.outbox import owe
from facefusion.jobs.schema import EVENTS, JOBS
from facefusion.jobs.states import FINAL, JobState, check_move
from facefusion.jobs.values import Attempt, Event, Failure, Job

_COLUMNS: Final = tuple(JOBS.c.keys())
_CHANGE: Final = (
    update(JOBS).where(JOBS.c.number == bindparam("of", type_=BigInteger)).values(revision=JOBS.c.revision + 1)
)
_JOB: Final = select(JOBS).where(JOBS.c.id == bindparam("named"))
_JOB_OF: Final = _JOB.where(JOBS.c.tenant == bindparam("whose"))
_EVENT: Final = insert(EVENTS)


def job_of(row: Row[Any] | Mapping[str, Any]) -> Job:
    """Return the job of a row of `JOBS`, or of its values by the names of columns."""
    values = dict(row) if isinstance(row, Mapping) else dict(zip(_COLUMNS, row, strict=True))
    error = values.pop("error")
    values["names"] = values["names"] or {}
    for name in ("created", "queued"):
        values[name] = moment(values[name])
    for name in ("started", "finished"):
        values[name] = maybe_moment(values[name])
    return Job(**values, failure=None if error is None else Failure.of_json(error))


def job_of_first(row: Row[Any]) -> Job:
    """Return the job of a row whose first columns are those of `JOBS`; what follows may have the same names."""
    return job_of(dict(zip(_COLUMNS, row, strict=False)))


def event_of(row: Row[Any]) -> Event:
    """Return the event of a row of `EVENTS` with the job's identifier as `job_id`."""
    return Event(row.id, row.job_id, row.kind, moment(row.at), row.facts)


def attempt_of(row: Row[Any]) -> Attempt:
    """Return the attempt of a row of `ATTEMPTS` with the task's kind and number."""
    return Attempt(
        row.kind,
        row.number,
        worker=row.worker,
        began=moment(row.began),
        ended=maybe_moment(row.ended),
        outcome=row.outcome,
        seconds=row.seconds,
        failure=None if row.error is None else Failure.of_json(row.error),
        facts=row.facts or {},
    )


def job_with(connection: Connection, job_id: str, *, tenant: str | None, is_locked: bool = False) -> Job:
    """Return one job.

    Args:
        connection: in a transaction.
        job_id: of the job.
        tenant: whose it must be; anybody's when None.
        is_locked: whether nobody else may change it until the transaction ends.

    Raises:
        JobUnknownError: there is none, or it is another tenant's, which is told in the same words.
    """
    wanted = _JOB if tenant is None else _JOB_OF
    wanted = wanted.with_for_update(key_share=True) if is_locked else wanted
    named = {"named": job_id} if tenant is None else {"named": job_id, "whose": tenant}
    row = connection.execute(wanted, named).one_or_none()
    if row is None:
        raise JobUnknownError(f"There is no job {job_id}", "Look for it with facefusion job list")
    return job_of(row)


def change_job(
    connection: Connection,
    job: Job,
    now: int,
    *,
    state: JobState | None = None,
    is_heard: bool = True,
    **values: Any,
) -> None:
    """Change a job, and tell of its state where that is another.

    Args:
        connection: in a transaction that holds the job.
        job: as it was.
        now: the time.
        state: into which it comes; the one it has when None.
        is_heard: as of `tell`.
        values: further columns.

    Raises:
        JobStateError: it cannot come into that state.
    """
    if state is not None and state != job.state:
        check_move(job.state, state)
        values["state"] = state
        if state in FINAL:
            values["finished"] = now
    connection.execute(_CHANGE, {"of": job.number, **values})
    if "state" in values:
        tell(connection, job, now, f"job.{state}", {}, is_heard=is_heard)


def tell(
    connection: Connection, job: Job, now: int, kind: str, facts: Mapping[str, Any], *, is_heard: bool = True
) -> None:
    """Write an event of a job, and for whom it is news.

    Args:
        connection: in a transaction that holds the job.
        job: of the event.
        now: the time.
        kind: of the event.
        facts: more of it, as JSON values.
        is_heard: whether anybody may want to be told; False where it is known already that the tenant has no webhook.
    """
    values = {"job": job.number, "tenant": job.tenant, "at": now, "kind": kind, "facts": dict(facts)}
    connection.execute(_EVENT, values)
    if is_heard:
        owe(connection, job.number, job.tenant, now=now, kind=kind, facts=facts)
