"""Finished jobs that were measured, for whoever looks for results that are odd.

The view `job_quality` of the database shows the same to those who ask in SQL.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, Row, Select, column, select, table

from facefusion.jobs.database import reading
from facefusion.jobs.exporting import write_csv, write_parquet
from facefusion.jobs.viewed import ALWAYS, Period, in_parts, time_of


@dataclass(frozen=True, slots=True)
class MeasuredJob:
    """A job that was measured. What could not be told is None.

    Attributes:
        job: its identifier.
        tenant: whose it is.
        measured: when, in UTC.
        version: of the software that measured it.
        processors: that made it, with commas between them; empty where the request names none.
        is_suspicious: whether any figure is outside its bounds.
        flags: which, with commas between them; see `facefusion.engine.judged.bounds`.
        frames, faces, found, changed, changed_frames, nearer, to_source, to_target, expression, pose, sharpness: as of
            `facefusion.engine.judged.Measures`.
    """

    job: str
    tenant: str
    measured: datetime
    version: str
    processors: str
    is_suspicious: bool
    flags: str
    frames: int | None
    faces: int | None
    found: float | None
    changed: float | None
    changed_frames: float | None
    nearer: float | None
    to_source: float | None
    to_target: float | None
    expression: float | None
    pose: float | None
    sharpness: float | None


_VIEW: Final = table("job_quality", *(column(field.name) for field in fields(MeasuredJob)))


class MeasuredJobs:
    """Shows the jobs that were measured.

    Args:
        engine: the database.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def latest(
        self, period: Period = ALWAYS, *, suspicious: bool = False, limit: int | None = 100
    ) -> list[MeasuredJob]:
        """Return jobs that were measured, the latest first.

        Args:
            period: whose, and when they were measured.
            suspicious: whether only those are wanted of which a figure is outside its bounds.
            limit: most jobs; all when None.

        Raises:
            JobsUnavailableError: the database cannot be used.
        """
        with reading(self._engine) as connection:
            wanted = _within(connection, period, suspicious=suspicious)
            wanted = wanted.order_by(_VIEW.c.measured.desc(), _VIEW.c.job).limit(limit)
            return [_measured_job(row) for row in connection.execute(wanted)]

    def write_csv(self, path: Path, period: Period = ALWAYS, *, suspicious: bool = False) -> int:
        """Write the jobs that were measured as CSV, the first of them first; see `facefusion.jobs.exporting`.

        Args:
            path: of the file.
            period: whose, and when they were measured.
            suspicious: whether only those are wanted of which a figure is outside its bounds.

        Returns:
            how many there are.

        Raises:
            OutputUnwritableError: the file cannot be written.
            JobsUnavailableError: the database cannot be used.
        """
        return write_csv(path, MeasuredJob, self._all(period, suspicious=suspicious))

    def write_parquet(self, path: Path, period: Period = ALWAYS, *, suspicious: bool = False) -> int:
        """Write the jobs that were measured as Parquet; arguments, result and errors as of `write_csv`.

        Raises:
            OptionsError: pyarrow is not installed.
        """
        return write_parquet(path, MeasuredJob, self._all(period, suspicious=suspicious))

    def _all(self, period: Period, *, suspicious: bool) -> Iterator[Sequence[MeasuredJob]]:
        def wanted(connection: Connection) -> Select[Any]:
            return _within(connection, period, suspicious=suspicious).order_by(_VIEW.c.measured, _VIEW.c.job)

        return in_parts(self._engine, wanted, _measured_job)


def _within(connection: Connection, period: Period, *, suspicious: bool) -> Select[Any]:
    wanted = period.of(connection, select(_VIEW), _VIEW.c.tenant, _VIEW.c.measured)
    return wanted.where(_VIEW.c.flags != "") if suspicious else wanted


def _measured_job(row: Row[Any]) -> MeasuredJob:
    values = dict(row._mapping)
    told = {"measured": time_of(values["measured"]), "is_suspicious": bool(values["is_suspicious"])}
    return MeasuredJob(**values | told | {name: values[name] or "" for name in ("flags", "processors", "version")})
