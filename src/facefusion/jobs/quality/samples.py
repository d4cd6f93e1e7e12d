"""Samples: jobs that are to be measured, given to one worker at a time, and what became of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Engine, Row, Select, literal_column, select, update

from facefusion.engine.judged import Measures
from facefusion.engine.versions import version
from facefusion.errors import JobUnknownError
from facefusion.jobs.database import Clock, database_time, reading, until_it_goes_through, writing
from facefusion.jobs.quality.values import Quality, Sample, quality_of
from facefusion.jobs.rows import change_job, job_of, job_with, tell
from facefusion.jobs.schema import JOBS, SAMPLES, TENANTS
from facefusion.jobs.values import Job

LEASE_SECONDS: Final = 900.0
"""After which a job whose worker said nothing is measured by another."""
MOST_TRIES: Final = 3
# In words, not as a parameter: only so do databases know that the index of those that wait serves.
_WAITING: Final[ColumnElement[str]] = literal_column("'waiting'")
_LOST: Final = "It was tried several times, and whoever measured it failed or was lost"


class Samples:
    """Gives jobs to be measured to workers, takes what they found, and shows it. Every call is one transaction.

    Args:
        engine: the database.
        clock: tells the time.
    """

    def __init__(self, engine: Engine, *, clock: Clock = database_time) -> None:
        self._engine, self._clock = engine, clock

    @until_it_goes_through
    def claim(self, worker: str, *, age: float = 0.0) -> Sample | None:
        """Return the job that has waited longest to be measured; None where none waits.

        Args:
            worker: who will measure it.
            age: seconds for which it has waited at least.

        Raises:
            JobsUnavailableError: the database cannot be used.
        """
        with reading(self._engine) as connection:
            if connection.execute(_due(self._clock(connection), age)).first() is None:
                return None
        with writing(self._engine) as connection:
            now = self._clock(connection)
            while row := connection.execute(_due(now, age).with_for_update(of=SAMPLES, skip_locked=True)).first():
                if row.tries < MOST_TRIES:
                    return _given(connection, row, worker, now)
                _end(connection, row.job, {"state": "skipped", "facts": {"why_not": _LOST}})
        return None

    @until_it_goes_through
    def measured(self, sample: Sample, measures: Measures, flags: Iterable[str]) -> None:
        """Take what was measured; nothing happens where the job was removed, or another measured it.

        Raises:
            JobsUnavailableError: the database cannot be used.
        """
        found = list(flags)
        facts = {"measures": measures.to_json(), "flags": found}
        self._ended(sample, {"state": "measured", "is_suspicious": bool(found), "facts": facts}, found)

    @until_it_goes_through
    def skipped(self, sample: Sample, why: str) -> None:
        """Take it that a job cannot be measured; otherwise as `measured`.

        Args:
            sample: which.
            why: one sentence, without paths of a worker.
        """
        self._ended(sample, {"state": "skipped", "facts": {"why_not": why}}, None)

    @until_it_goes_through
    def released(self, sample: Sample) -> None:
        """Let another measure a job, as if nobody had begun; errors as of `measured`."""
        with writing(self._engine) as connection:
            values = {"not_before": self._clock(connection), "tries": SAMPLES.c.tries - 1}
            connection.execute(update(SAMPLES).where(_mine(sample)).values(values))

    def of(self, jobs: Iterable[Job]) -> dict[int, Quality]:
        """Return what was measured of jobs, by their numbers; of most there is nothing.

        Raises:
            JobsUnavailableError: the database cannot be used.
        """
        numbers = [job.number for job in jobs]
        if not numbers:
            return {}
        with reading(self._engine) as connection:
            rows = connection.execute(select(SAMPLES).where(SAMPLES.c.job.in_(numbers)))
            return {row.job: quality_of(row) for row in rows}

    def _ended(self, sample: Sample, values: Mapping[str, Any], flags: list[str] | None) -> None:
        with writing(self._engine) as connection:
            try:
                job = job_with(connection, sample.job.id, tenant=None, is_locked=True)
            except JobUnknownError:
                return  # it was removed meanwhile, and nobody wants to know any more
            if connection.execute(select(SAMPLES.c.job).where(_mine(sample))).first() is None:
                return
            now = self._clock(connection)
            _end(connection, job.number, {**values, "measured": now, "version": version()})
            change_job(connection, job, now)
            if flags is not None:
                tell(connection, job, now, "job.measured", {"flags": flags})


def _due(now: int, age: float) -> Select[Any]:
    wanted = select(SAMPLES).join(TENANTS, TENANTS.c.id == SAMPLES.c.tenant)
    is_due = (SAMPLES.c.state == _WAITING) & (SAMPLES.c.not_before <= now) & TENANTS.c.is_paused.is_(False)
    return wanted.where(is_due & (SAMPLES.c.drawn <= now - round(age * 1e6))).order_by(SAMPLES.c.not_before).limit(1)


def _given(connection: Connection, row: Row[Any], worker: str, now: int) -> Sample:
    until, token = now + round(LEASE_SECONDS * 1e6), row.token + 1
    values = {"not_before": until, "token": token, "tries": row.tries + 1, "worker": worker}
    connection.execute(update(SAMPLES).where(SAMPLES.c.job == row.job).values(values))
    job = job_of(connection.execute(select(JOBS).where(JOBS.c.number == row.job)).one())
    return Sample(job, row.inputs, token)


def _end(connection: Connection, job: int, values: Mapping[str, Any]) -> None:
    connection.execute(update(SAMPLES).where(SAMPLES.c.job == job).values(dict(values)))


def _mine(sample: Sample) -> Any:
    return (SAMPLES.c.job == sample.job.number) & (SAMPLES.c.token == sample.token) & (SAMPLES.c.state == "waiting")
