"""What is read of samples, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Row

from facefusion.jobs.database import maybe_moment, moment
from facefusion.jobs.values import Job

SampleState = Literal["waiting", "measured", "skipped"]
"""`skipped`: it could not be measured, and the reason says why."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The right to measure a job, for a while.

    Attributes:
        job: which.
        inputs: SHA-256 of the files that it was made of, by their references.
        token: whoever comes with an older one is refused.
    """

    job: Job
    inputs: Mapping[str, str]
    token: int


@dataclass(frozen=True, slots=True)
class Quality:
    """What was measured of a job.

    Attributes:
        state: whether it was measured.
        drawn: when it was decided that it is, in UTC.
        measured: when it was; None before.
        version: of the software that did.
        measures: see `facefusion.engine.judged.Measures`; empty before.
        flags: which of them are unusual; see `facefusion.engine.judged.bounds`.
        why_not: why it could not be measured; empty where it was.
    """

    state: SampleState
    drawn: datetime
    measured: datetime | None
    version: str
    measures: Mapping[str, Any]
    flags: tuple[str, ...]
    why_not: str

    @property
    def is_suspicious(self) -> bool:
        """Whether any of the measures is unusual."""
        return bool(self.flags)

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "state": self.state,
            "drawn": self.drawn.isoformat(),
            "measured": None if self.measured is None else self.measured.isoformat(),
            "version": self.version,
            "measures": dict(self.measures),
            "flags": list(self.flags),
            "why_not": self.why_not,
        }


def quality_of(row: Row[Any]) -> Quality:
    """Return the quality of a row of `SAMPLES`."""
    facts = row.facts or {}
    return Quality(
        row.state,
        moment(row.drawn),
        maybe_moment(row.measured),
        row.version or "",
        facts.get("measures", {}),
        tuple(facts.get("flags", ())),
        facts.get("why_not", ""),
    )
