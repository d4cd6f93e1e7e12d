"""The state machine of jobs and of their tasks: which states there are, and which follow which."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from facefusion.errors import JobStateError

JobState = Literal["queued", "planning", "running", "merging", "review", "succeeded", "failed", "cancelled", "rejected"]
"""`review`: the result is there, and nobody gets it before a person has approved it."""
TaskKind = Literal["whole", "plan", "segment", "merge"]
"""`whole`: all of a job that is not cut; one that was, and turns out not to go so, gets it in place of the others."""
TaskState = Literal["waiting", "ready", "held", "leased", "done", "dead", "cancelled", "left"]
"""`waiting` for other tasks; `held`: its job is paused; `dead`: it failed for good; `left`: its job is done whole."""
Outcome = Literal["done", "failed", "lost", "released", "cancelled"]
"""How an attempt ended; `lost`: the worker was not heard of any more; `released`: it gave the task back unharmed."""
By = Literal["reason", "stage", "worker", "version", "tenant"]
"""By what failures are counted: class of the error, kind of the task, who had it, by which version, whose."""

ACTIVE: Final[frozenset[JobState]] = frozenset({"queued", "planning", "running", "merging"})
"""States in which there is work to be done."""
FINAL: Final[frozenset[JobState]] = frozenset({"succeeded", "failed", "cancelled", "rejected"})

JOB_MOVES: Final[Mapping[JobState, frozenset[JobState]]] = {
    "queued": frozenset({"planning", "running", "failed", "cancelled"}),
    "planning": frozenset({"running", "failed", "cancelled", "queued"}),  # queued again: it is done whole instead
    "running": frozenset({"merging", "review", "succeeded", "failed", "cancelled", "queued"}),
    "merging": frozenset({"review", "succeeded", "failed", "cancelled", "queued"}),
    "review": frozenset({"succeeded", "rejected"}),
    "succeeded": frozenset(),
    "failed": frozenset({"queued", "running", "merging"}),  # tried again from what is finished
    "cancelled": frozenset({"queued", "running", "merging"}),
    "rejected": frozenset(),
}
TASK_MOVES: Final[Mapping[TaskState, frozenset[TaskState]]] = {
    "waiting": frozenset({"ready", "held", "cancelled", "left"}),
    "ready": frozenset({"leased", "held", "cancelled", "left"}),
    "held": frozenset({"ready", "waiting", "cancelled", "left"}),
    "leased": frozenset({"ready", "held", "done", "dead", "cancelled", "left"}),
    "done": frozenset({"left"}),
    "dead": frozenset({"ready"}),
    "cancelled": frozenset({"ready", "waiting"}),
    "left": frozenset(),
}


def check_move(before: JobState, after: JobState) -> None:
    """Make sure that a job in one state may come into another.

    Raises:
        JobStateError: it may not.
    """
    if after not in JOB_MOVES[before]:
        raise JobStateError(f"A job that is {before} cannot become {after}")
