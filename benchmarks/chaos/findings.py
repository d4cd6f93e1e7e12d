"""What became of the jobs: whether each was done once, and right."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine, func, select

from benchmarks.chaos.material import output
from facefusion.jobs.database import reading
from facefusion.jobs.schema import ATTEMPTS, EVENTS, JOBS, TASKS
from facefusion.jobs.storage import Storage

Expected = Callable[[str, Mapping[str, Any]], str]
"""Returns the digest that the result of a tenant's request has when nobody disturbs the job."""


@dataclass(slots=True)
class Findings:
    """What was found.

    Attributes:
        jobs: how many there are, by their state.
        attempts: how many there were, by how they ended.
        lost: jobs that were taken and are not done.
        doubled: jobs that were submitted, published or reported done more than once, or tasks done more than once.
        corrupt: jobs whose result is not what it has to be, or is not there.
        leftovers: files of attempts that did not count.
    """

    jobs: Counter[str] = field(default_factory=Counter)
    attempts: Counter[str] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    corrupt: list[str] = field(default_factory=list)
    leftovers: int = 0

    @property
    def is_well(self) -> bool:
        """Whether nothing is lost, doubled or corrupt."""
        return not (self.lost or self.doubled or self.corrupt)


def found(engine: Engine, storage: Storage, expected: Expected) -> Findings:
    """Look at everything that is left of the jobs.

    Args:
        engine: their database.
        storage: their files.
        expected: says what the results have to be.
    """
    findings = Findings()
    with reading(engine) as connection:
        jobs = connection.execute(select(JOBS)).all()
        findings.jobs = Counter(row.state for row in jobs)
        findings.lost = [row.id for row in jobs if row.state != "succeeded"]
        findings.doubled = _doubled(connection)
        findings.attempts = Counter(
            {str(row.outcome): row.count for row in connection.execute(_counted(ATTEMPTS.c.outcome))}
        )
    for row in jobs:
        if row.state == "succeeded":
            _look_at(row, storage, expected, findings)
    return findings


def _look_at(row: Any, storage: Storage, expected: Expected, findings: Findings) -> None:
    address = output(row.result)["address"]
    try:
        digest = hashlib.sha256(b"".join(storage.read(address))).hexdigest()
    except Exception as error:  # noqa: BLE001 - whatever it is, the result is not there
        findings.corrupt.append(f"{row.id}: {error}")
        return
    if digest != expected(row.tenant, row.request):
        findings.corrupt.append(f"{row.id}: {address}, {digest}")
    folder = f"{row.tenant}/jobs/{row.id}"
    findings.leftovers += sum(key != address for key in storage.keys(folder) if "/result-" in key)


def _doubled(connection: Connection) -> list[str]:
    """Return what there is more than one of, where there may be one."""
    submitted = select(JOBS.c.owner).group_by(JOBS.c.owner).having(func.count() > 1)
    is_over = EVENTS.c.kind == "job.succeeded"
    told = select(EVENTS.c.job).where(is_over).group_by(EVENTS.c.job).having(func.count() > 1)
    is_done = ATTEMPTS.c.outcome == "done"
    done = select(ATTEMPTS.c.task).where(is_done).group_by(ATTEMPTS.c.task).having(func.count() > 1)
    ends = select(TASKS.c.job).where(TASKS.c.kind.in_(("merge", "whole")) & (TASKS.c.state == "done"))
    ends = ends.group_by(TASKS.c.job).having(func.count() > 1)
    asked = {"submitted": submitted, "told": told, "done": done, "ended": ends}
    return [f"{name}: {value}" for name, wanted in asked.items() for value in connection.execute(wanted).scalars()]


def _counted(column: Any) -> Any:
    return select(column.label("outcome"), func.count().label("count")).group_by(column)
