"""What became of each job of a batch, as values, as JSON and as CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from facefusion.engine.batch.jobs import BatchJob
from facefusion.engine.run import Result
from facefusion.errors import FaceFusionError, OutputTypeError
from facefusion.media.output import atomic_output, check_place

Status = Literal["done", "skipped", "failed", "stopped", "ready"]
"""Done; left out, as its output was there; could not be done; not done, as the batch was stopped; fit to be done."""
SOME_FAILED: Final = 3
NONE_DONE: Final = 4
_REPORTS: Final = (".json", ".csv")
_UNEXPECTED: Final = 1


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one job.

    Attributes:
        job: the job.
        status: see `Status`.
        seconds: time that it took.
        result: what it did; None where it did nothing.
        error: why it failed.
        notes: what people should know.
    """

    job: BatchJob
    status: Status
    seconds: float = 0.0
    result: Result | None = None
    error: Exception | None = None
    notes: tuple[str, ...] = ()

    @property
    def code(self) -> int:
        """The exit code that `facefusion process` would have; 0 where nothing went wrong."""
        if self.error is None:
            return 0
        return self.error.exit_code if isinstance(self.error, FaceFusionError) else _UNEXPECTED

    @property
    def problem(self) -> str:
        """What went wrong, and what to do next; empty where nothing did."""
        if self.error is None or isinstance(self.error, FaceFusionError):
            return "" if self.error is None else str(self.error)
        return f"{type(self.error).__name__}: {self.error}"

    def facts(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        result = self.result
        seconds = self.seconds
        return {
            "number": self.job.number,
            "row": self.job.row,
            "target": str(self.job.target),
            "output": str(self.job.output),
            "status": self.status,
            "kind": result.kind if result else None,
            "frames": result.frames if result else 0,
            "faces": result.faces if result else 0,
            "seconds": round(seconds, 3),
            "frames_per_second": round(result.frames / seconds, 3) if result and seconds else None,
            "code": self.code,
            "error": type(self.error).__name__ if self.error else None,
            "problem": self.problem,
            "further_outputs": [str(path) for path in result.further_paths] if result else [],
            "notes": list(self.notes),
        }


@dataclass(frozen=True, slots=True)
class BatchReport:
    """What became of a batch.

    Attributes:
        outcomes: of all jobs, in the order in which they were given.
        seconds: time that it took.
        at_once: how many jobs ran at the same time, at most.
        is_stopped: whether it was stopped before its end.
    """

    outcomes: tuple[Outcome, ...]
    seconds: float
    at_once: int = 1
    is_stopped: bool = False

    def count(self, *statuses: Status) -> int:
        """Return how many jobs came to one of these ends."""
        return sum(outcome.status in statuses for outcome in self.outcomes)

    @property
    def frames(self) -> int:
        """Frames written by all jobs."""
        return sum(outcome.result.frames for outcome in self.outcomes if outcome.result)

    @property
    def exit_code(self) -> int:
        """0: all jobs are done, or were before; 3: some could not be; 4: none could be."""
        if not self.count("failed", "stopped"):
            return 0
        return SOME_FAILED if self.count("done", "skipped", "ready") else NONE_DONE

    def facts(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        counts = {name: self.count(name) for name in ("done", "skipped", "failed", "stopped", "ready")}
        return {
            **counts,
            "frames": self.frames,
            "seconds": round(self.seconds, 3),
            "jobs_at_once": self.at_once,
            "jobs": [outcome.facts() for outcome in self.outcomes],
        }


def check_report(path: Path) -> None:
    """Find out before any work whether a report can be written.

    Raises:
        OutputTypeError: it asks for a form that is not written.
        OutputError: it cannot be written there.
    """
    if path.suffix.lower() not in _REPORTS:
        raise OutputTypeError(f"The report {path} is in no form that is written", "Let it end in .json or .csv")
    check_place(path, inputs=(), overwrite=True)


def write_report(path: Path, report: BatchReport) -> None:
    """Write a report as JSON or as CSV, by the ending of its name.

    Raises:
        OutputError: it cannot be written.
    """
    facts = report.facts()
    text = json.dumps(facts, indent=1) + "\n" if path.suffix.lower() == ".json" else _csv(facts["jobs"])
    with atomic_output(path) as part:
        part.write_text(text, "utf-8", "surrogateescape", newline="")


def _csv(rows: list[Mapping[str, Any]]) -> str:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, fieldnames=list(rows[0]) if rows else ["number"])
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    return text.getvalue()


def _cell(value: object) -> object:
    return "; ".join(value) if isinstance(value, list) else value
