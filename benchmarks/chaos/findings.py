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
        unrecorded: jobs whose result the audit log does not know exactly once, and what else is wrong with the log.
        surprises: what the service answered and should not have.
        retried: times that a job had failed, because something was away for too long, and was asked for again.
        leftovers: files of attempts that did not count.
    """

    jobs: Counter[str] = field(default_factory=Counter)
    attempts: Counter[str] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    corrupt: list[str] = field(default_factory=list)
    unrecorded: list[str] = field(default_factory=list)
    surprises: list[str] = field(default_factory=list)
    retried: int = 0
    leftovers: int = 0

    @property
    def is_well(self) -> bool:
        """Whether nothing is lost, doubled, corrupt or unrecorded, and nothing was a surprise."""
        return not (self.lost or self.doubled or self.corrupt or self.unrecorded or self.surprises)


def found(engine: Engine, storage: Storage, expected: Expected, asked: Mapping[str, str] | None = None) -> Findings:
    """Look at everything that is left of the jobs.

    Args:
        engine: their database.
        storage: their files.
        expected: says what the results have to be.
        asked: jobs that the service said that it took, by the order of which each came; None where jobs were put into
            the database, each with an owner of its own.
    """
    findings = Findings()
    with reading(engine) as connection:
        jobs = connection.execute(select(JOBS)).all()
        findings.jobs = Counter(row.state for row in jobs)
        findings.lost = [row.id for row in jobs if row.state != "succeeded"]
        findings.doubled = _doubled(connection, has_owners=asked is None)
        findings.attempts = Counter(
            {str(row.outcome): row.count for row in connection.execute(_counted(ATTEMPTS.c.outcome))}
        )
    if asked is not None:
        there, told = {row.id for row in jobs}, Counter(asked.values())
        findings.lost += [f"{job}, which the service took" for job in told.keys() - there]
        findings.doubled += [f"{job}, which nobody was told of" for job in there - told.keys()]
        findings.doubled += [f"{job}, told for {count} orders" for job, count in told.items() if count > 1]
    for row in jobs:
        if row.state == "succeeded":
            _look_at(row, storage, expected, findings)
    return findings


def look_at_records(engine: Engine, recorded: Mapping[tuple[str, str], int], findings: Findings) -> None:
    """Hold the results of all jobs against the audit log.

    Args:
        engine: database of the jobs.
        recorded: how many entries there are of an output, by job and SHA-256.
        findings: take what is wrong.
    """
    with reading(engine) as connection:
        rows = connection.execute(select(JOBS.c.id, JOBS.c.result).where(JOBS.c.state == "succeeded")).all()
    for row in rows:
        for made in row.result["outputs"]:
            count = recorded.get((row.id, made["sha256"]), 0)
            if count != 1:
                findings.unrecorded.append(f"{row.id}: {count} entries of {made['sha256']}")


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


def _doubled(connection: Connection, *, has_owners: bool) -> list[str]:
    """Return what there is more than one of, where there may be one."""
    submitted = select(JOBS.c.owner).group_by(JOBS.c.owner).having(func.count() > 1)
    is_over = EVENTS.c.kind == "job.succeeded"
    told = select(EVENTS.c.job).where(is_over).group_by(EVENTS.c.job).having(func.count() > 1)
    is_done = ATTEMPTS.c.outcome == "done"
    done = select(ATTEMPTS.c.task).where(is_done).group_by(ATTEMPTS.c.task).having(func.count() > 1)
    ends = select(TASKS.c.job).where(TASKS.c.kind.in_(("merge", "whole")) & (TASKS.c.state == "done"))
    ends = ends.group_by(TASKS.c.job).having(func.count() > 1)
    asked = {"told": told, "done": done, "ended": ends} | ({"submitted": submitted} if has_owners else {})
    return [f"{name}: {value}" for name, wanted in asked.items() for value in connection.execute(wanted).scalars()]


def _counted(column: Any) -> Any:
    return select(column.label("outcome"), func.count().label("count")).group_by(column)
