"""Jobs that failed: why, where and at what cost, for whoever looks for what goes wrong often.

The view `job_failures` of the database shows the same to those who ask in SQL.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, get_args

from sqlalchemy import Connection, Engine, Row, Select, column, func, select, table

from facefusion.errors import OptionsError
from facefusion.jobs.database import reading
from facefusion.jobs.exporting import write_csv, write_parquet
from facefusion.jobs.states import By
from facefusion.jobs.viewed import ALWAYS, Period, in_parts, time_of

USUAL: Final[tuple[By, ...]] = ("reason", "stage")

_VIEW: Final = table(
    "job_failures",
    *map(column, ("job", "tenant", "failed", "error_type", "error", "stage", "number", "worker", "version")),
    *map(column, ("attempts", "seconds")),
)
_COLUMNS: Final = {"reason": "error_type"}


@dataclass(frozen=True, slots=True)
class FailedJob:
    """A job that failed.

    Attributes:
        job: its identifier.
        tenant: whose it is.
        failed: when, in UTC.
        error_type: name of the error's class, such as `NoFaceError`.
        error: what happened, one sentence.
        stage: kind of the task that failed for good: `whole`, `plan`, `segment` or `merge`.
        number: of the segment; 0 for other stages.
        worker: who had the task last.
        version: of that worker; empty where it was lost, and said nothing.
        attempts: leases of all its tasks.
        seconds: that workers spent on it.
    """

    job: str
    tenant: str
    failed: datetime
    error_type: str
    error: str
    stage: str
    number: int
    worker: str
    version: str
    attempts: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Reason:
    """How many jobs failed alike.

    Attributes:
        by: what they have in common, in the order in which it was asked for.
        jobs: that failed so.
        seconds: that workers spent on them.
        last: when the last of them failed, in UTC.
    """

    by: tuple[str, ...]
    jobs: int
    seconds: float
    last: datetime


class Failures:
    """Shows the jobs that failed, and have not been tried again.

    Args:
        engine: the database.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def latest(self, period: Period = ALWAYS, *, limit: int | None = 100) -> list[FailedJob]:
        """Return jobs that failed, the latest first.

        Args:
            period: whose, and when they failed.
            limit: most jobs; all when None.

        Raises:
            JobsUnavailableError: the database cannot be used.
        """
        with reading(self._engine) as connection:
            wanted = _within(connection, select(_VIEW), period)
            wanted = wanted.order_by(_VIEW.c.failed.desc(), _VIEW.c.job).limit(limit)
            return [_failed_job(row) for row in connection.execute(wanted)]

    def reasons(self, period: Period = ALWAYS, *, by: Sequence[By] = USUAL) -> list[Reason]:
        """Return how many jobs failed alike, the most first.

        Args:
            period: whose, and when they failed.
            by: what jobs have in common that are counted together, each once.

        Raises:
            OptionsError: jobs cannot be counted so.
            JobsUnavailableError: the database cannot be used.
        """
        if not by or len({*by}) < len(by) or not {*by} <= {*get_args(By)}:
            raise OptionsError(f"Failures are counted by some of {', '.join(get_args(By))}, each named once")
        named = [func.coalesce(_VIEW.c[_COLUMNS.get(name, name)], "") for name in by]
        counted = select(*named, func.count(), func.sum(_VIEW.c.seconds), func.max(_VIEW.c.failed))
        with reading(self._engine) as connection:
            wanted = _within(connection, counted, period).group_by(*named)
            rows = connection.execute(wanted.order_by(func.count().desc(), *named)).all()
        return [Reason(tuple(row[: len(by)]), row[-3], float(row[-2] or 0), time_of(row[-1])) for row in rows]

    def write_csv(self, path: Path, period: Period = ALWAYS) -> int:
        """Write the jobs that failed as CSV, the first of them first; see `facefusion.jobs.exporting`.

        Args:
            path: of the file.
            period: whose, and when they failed.

        Returns:
            how many there are.

        Raises:
            OutputUnwritableError: the file cannot be written.
            JobsUnavailableError: the database cannot be used.
        """
        return write_csv(path, FailedJob, self._all(period))

    def write_parquet(self, path: Path, period: Period = ALWAYS) -> int:
        """Write the jobs that failed as Parquet; arguments, result and errors as of `write_csv`.

        Raises:
            OptionsError: pyarrow is not installed.
        """
        return write_parquet(path, FailedJob, self._all(period))

    def _all(self, period: Period) -> Iterator[Sequence[FailedJob]]:
        def wanted(connection: Connection) -> Select[Any]:
            return _within(connection, select(_VIEW), period).order_by(_VIEW.c.failed, _VIEW.c.job)

        return in_parts(self._engine, wanted, _failed_job)


def _within(connection: Connection, wanted: Select[Any], period: Period) -> Select[Any]:
    return period.of(connection, wanted, _VIEW.c.tenant, _VIEW.c.failed)


def _failed_job(row: Row[Any]) -> FailedJob:
    values = dict(row._mapping)
    told = {"failed": time_of(values["failed"]), "seconds": float(values["seconds"] or 0)}
    # Of a job that failed before any task of it did, nobody had one.
    known = {name: values[name] or "" for name in ("stage", "worker", "version")}
    return FailedJob(**values | told | known | {"number": values["number"] or 0})
