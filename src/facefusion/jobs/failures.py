"""Jobs that failed: why, where and at what cost, for whoever looks for what goes wrong often.

The view `job_failures` of the database shows the same to those who ask in SQL.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, Row, Select, column, func, select, table

from facefusion.errors import OptionsError, OutputUnwritableError
from facefusion.jobs.database import reading

_ROWS: Final = 5000
_VIEW: Final = table(
    "job_failures",
    *map(
        column, ("job", "tenant", "failed", "error_type", "error", "stage", "number", "worker", "attempts", "seconds")
    ),
)


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
    attempts: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Reason:
    """How many jobs failed for one reason.

    Attributes:
        error_type: name of the error's class.
        stage: in which it happened.
        jobs: that failed so.
        seconds: that workers spent on them.
    """

    error_type: str
    stage: str
    jobs: int
    seconds: float


class Failures:
    """Shows the jobs that failed, and have not been tried again.

    Args:
        engine: the database.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def latest(
        self, *, tenant: str | None = None, since: datetime | None = None, limit: int | None = 100
    ) -> list[FailedJob]:
        """Return jobs that failed, the latest first.

        Args:
            tenant: whose; everybody's when None.
            since: when they failed at the earliest; any time when None.
            limit: most jobs; all when None.

        Raises:
            JobsUnavailableError: the database cannot be used.
        """
        with reading(self._engine) as connection:
            wanted = _wanted(connection, select(_VIEW), tenant, since)
            wanted = wanted.order_by(_VIEW.c.failed.desc(), _VIEW.c.job).limit(limit)
            return [_failed_job(row) for row in connection.execute(wanted)]

    def reasons(self, *, tenant: str | None = None, since: datetime | None = None) -> list[Reason]:
        """Return why jobs failed, the most frequent reason first; arguments and errors as of `latest`."""
        named = select(_VIEW.c.error_type, _VIEW.c.stage, func.count().label("jobs"), func.sum(_VIEW.c.seconds))
        with reading(self._engine) as connection:
            wanted = _wanted(connection, named, tenant, since).group_by(_VIEW.c.error_type, _VIEW.c.stage)
            rows = connection.execute(wanted.order_by(func.count().desc(), _VIEW.c.error_type, _VIEW.c.stage)).all()
        return [Reason(row[0], row[1], row[2], float(row[3] or 0)) for row in rows]

    def write_csv(self, path: Path, *, tenant: str | None = None, since: datetime | None = None) -> int:
        """Write the jobs that failed as CSV, with a line of names first.

        Args:
            path: of the file, which is there whole or not at all.
            tenant: whose; everybody's when None.
            since: when they failed at the earliest; any time when None.

        Returns:
            how many there are.

        Raises:
            OutputUnwritableError: the file cannot be written.
            JobsUnavailableError: the database cannot be used.
        """
        names, count = [field.name for field in fields(FailedJob)], 0
        with _whole(path) as half, half.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(names)
            for some in self._in_parts(tenant, since):
                rows = [[_said(getattr(each, name)) for name in names] for each in some]
                writer.writerows(rows)
                count += len(rows)
        return count

    def write_parquet(self, path: Path, *, tenant: str | None = None, since: datetime | None = None) -> int:
        """Write the jobs that failed as Parquet; arguments, result and errors as of `write_csv`.

        Raises:
            OptionsError: pyarrow is not installed.
        """
        try:
            import pyarrow  # noqa: PLC0415 - an extra, and heavy
            from pyarrow import parquet  # noqa: PLC0415
        except ImportError as error:
            raise OptionsError(
                "Parquet needs a library that is not installed", "Run pip install 'facefusion[parquet]', or choose CSV"
            ) from error
        kinds = {str: pyarrow.string(), int: pyarrow.int64(), float: pyarrow.float64()}
        kinds[datetime] = pyarrow.timestamp("us", tz="UTC")
        types = {"datetime": datetime, "int": int, "float": float, "str": str}
        schema = pyarrow.schema([(field.name, kinds[types[str(field.type)]]) for field in fields(FailedJob)])
        count = 0
        with _whole(path) as half, parquet.ParquetWriter(half, schema, compression="zstd") as writer:
            for some in self._in_parts(tenant, since):
                columns = [[getattr(each, name) for each in some] for name in schema.names]
                writer.write_table(pyarrow.table(columns, schema=schema))
                count += len(some)
        return count

    def _in_parts(self, tenant: str | None, since: datetime | None) -> Iterator[Sequence[FailedJob]]:
        """Yield all of them, as they were at one moment, without holding all of them."""
        with reading(self._engine) as connection:
            wanted = _wanted(connection, select(_VIEW), tenant, since).order_by(_VIEW.c.failed, _VIEW.c.job)
            rows = connection.execution_options(yield_per=_ROWS).execute(wanted)
            for part in rows.partitions():
                yield [_failed_job(row) for row in part]


def _wanted(connection: Connection, wanted: Select[Any], tenant: str | None, since: datetime | None) -> Select[Any]:
    if tenant is not None:
        wanted = wanted.where(_VIEW.c.tenant == tenant)
    if since is not None:
        wanted = wanted.where(_VIEW.c.failed >= (since if connection.dialect.name == "postgresql" else _said(since)))
    return wanted


def _failed_job(row: Row[Any]) -> FailedJob:
    values = dict(row._mapping)
    failed = values["failed"]
    failed = failed if isinstance(failed, datetime) else datetime.fromisoformat(failed)
    return FailedJob(**values | {"failed": failed.astimezone(UTC), "seconds": float(values["seconds"] or 0)})


def _said(value: object) -> object:
    """Return a time in the form that orders as text, and all else as it is; a formula is no formula any more."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return f"'{value}" if isinstance(value, str) and value[:1] in {"=", "+", "-", "@"} else value


@contextmanager
def _whole(path: Path) -> Iterator[Path]:
    half = path.with_name(f".{path.name}.half")
    try:
        yield half
        half.replace(path)
    except OSError as error:
        raise OutputUnwritableError(f"{path} cannot be written: {error.strerror or error}") from error
    finally:
        half.unlink(missing_ok=True)
