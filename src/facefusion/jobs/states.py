"""The state machine of jobs and of their tasks: which states there are, and which follow which."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from facefusion.errors import JobStateError

JobState = Literal["queued", "planning", "running", "merging", "review", "succeeded", "failed", "cancelled", "rejected"]
"""`review`: the result is there, and nobody gets it before a person has approved it."""
TaskKind = Literal["whole", "plan", "segment", "merge"]
"""`whole`: a job that is too small to be cut; it has this one task."""
TaskState = Literal["waiting", "ready", "held", "leased", "done", "dead", "cancelled"]
"""`waiting` for other tasks; `held`: its job is paused; `dead`: it failed for good."""
Outcome = Literal["done", "failed", "lost", "released", "cancelled"]
"""How an attempt ended; `lost`: the worker was not heard of any more; `released`: it gave the task back unharmed."""

ACTIVE: Final[frozenset[JobState]] = frozenset({"queued", "planning", "running", "merging"})
"""States in which there is work to be done."""
FINAL: Final[frozenset[JobState]] = frozenset({"succeeded", "failed", "cancelled", "rejected"})

JOB_MOVES: Final[Mapping[JobState, frozenset[JobState]]] = {
    "queued": frozenset({"planning", "running", "failed", "cancelled"}),
    "planning": frozenset({"running", "failed", "cancelled"}),
    "running": frozenset({"merging", "review", "succeeded", "failed", "cancelled"}),
    "merging": frozenset({"review", "succeeded", "failed", "cancelled"}),
    "review": frozenset({"succeeded", "rejected"}),
    "succeeded": frozenset(),
    "failed": frozenset({"queued", "running", "merging"}),  # tried again from what is finished
    "cancelled": frozenset({"queued", "running", "merging"}),
    "rejected": frozenset(),
}
TASK_MOVES: Final[Mapping[TaskState, frozenset[TaskState]]] = {
    "waiting": frozenset({"ready", "held", "cancelled"}),
    "ready": frozenset({"leased", "held", "cancelled"}),
    "held": frozenset({"ready", "waiting", "cancelled"}),
    "leased": frozenset({"ready", "held", "done", "dead", "cancelled"}),
    "done": frozenset(),
    "dead": frozenset({"ready"}),
    "cancelled": frozenset({"ready", "waiting"}),
}


def check_move(before: JobState, after: JobState) -> None:
    """Make sure that a job in one state may come into another.

    Raises:
        JobStateError: it may not.
    """
    if after not in JOB_MOVES[before]:
        raise JobStateError(f"A job that is {before} cannot become {after}")
