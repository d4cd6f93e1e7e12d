"""What is read from the tables of jobs, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from facefusion.errors import FaceFusionError
from facefusion.jobs.states import JobState, Outcome, TaskKind


@dataclass(frozen=True, slots=True)
class Failure:
    """Why something failed.

    Attributes:
        type: name of the error's class, such as `NoFaceError`, by which failures are counted.
        code: exit code of the command line for it.
        what: what happened, one sentence; holds no path of a worker.
        hint: what to do next; may be empty.
        is_final: whether trying again cannot help.
        spot: where in an input the problem is, as JSON values: `input`, `seconds`, `width`, `height` and `boxes`; None
            where that is nowhere in particular.
    """

    type: str
    code: int
    what: str
    hint: str = ""
    is_final: bool = False
    spot: Mapping[str, Any] | None = None

    @classmethod
    def of(cls, error: FaceFusionError, *, is_final: bool) -> Self:
        """Return the failure that an error tells of."""
        return cls(type(error).__name__, error.exit_code, error.what, error.hint, is_final)

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        values = {name: getattr(self, name) for name in ("type", "code", "what", "hint", "is_final")}
        return values if self.spot is None else values | {"spot": dict(self.spot)}

    @classmethod
    def of_json(cls, values: Mapping[str, Any]) -> Self:
        """Return what `to_json` made values of."""
        return cls(**values)


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job that is to be kept.

    Attributes:
        tenant: for whom it is done.
        owner: who asked for it.
        request: what is to be done, as JSON values; see `facefusion.jobs.request`.
        priority: from 0 to 9; higher goes first.
        is_cut: whether it is planned, cut into segments and merged, or done as a whole.
        needs_review: whether a person has to approve its result.
        names: what the files of the request are called, by their references, as far as that is known.
        words: further texts by whose words it is found, such as processors that the request leaves to the place.
        origin: by which request and trace it came, as `facefusion.jobs.origin` has it.
    """

    tenant: str
    owner: str
    request: Mapping[str, Any]
    priority: int = 4
    is_cut: bool = False
    needs_review: bool = False
    names: Mapping[str, str] = field(default_factory=dict)
    words: tuple[str, ...] = ()
    origin: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """A job as the database has it.

    Attributes:
        number: order in which jobs came; never shown to others.
        id: by which everybody calls it.
        tenant, owner, request, priority, needs_review: as of `NewJob`.
        state: see `facefusion.jobs.states`.
        is_paused: whether none of its tasks is begun until it is resumed.
        revision: grows with every change.
        created, queued, started, finished: when; in UTC.
        segments: how many there are; None before it is planned.
        segments_done: how many of them are finished.
        frames: of the output, as far as is known.
        failure: why it failed; None where it did not.
        result: its outputs, as JSON values; None before there are any.
        review: who approved or rejected it, when and why; None before.
        names: what the files of the request are called, by their references, as far as that is known.
        origin: by which request and trace it came; None where nobody said.
    """

    number: int
    id: str
    tenant: str
    owner: str
    state: JobState
    is_paused: bool
    needs_review: bool
    priority: int
    revision: int
    request: Mapping[str, Any]
    created: datetime
    queued: datetime
    started: datetime | None
    finished: datetime | None
    segments: int | None
    segments_done: int
    frames: int | None
    failure: Failure | None
    result: Mapping[str, Any] | None
    review: Mapping[str, Any] | None
    names: Mapping[str, str] = field(default_factory=dict)
    origin: Mapping[str, str] | None = None

    @property
    def seconds(self) -> float | None:
        """How long it took from its first task to its result, or to where it ended; None before."""
        took = (self.result or {}).get("took")
        if took is not None:
            return float(took)
        if self.started is None or self.finished is None:
            return None
        return max(0.0, (self.finished - self.started).total_seconds())


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to do one task, for a while.

    Attributes:
        task: its identifier.
        token: grows with each lease of a task; whoever comes with an older one is refused.
        kind: of the task.
        number: of the segment; 0 for other kinds.
        job: the task's job, as it was when the lease was given.
        plan: of the job, as JSON values; None before it is planned, and for whole jobs.
        results: of all segments in order, for a merge; empty else.
        until: when it ends unless it is extended, in UTC by the database's clock.
        seconds: for how long it is given and extended.
        attempt: which this is, from 1; leases that were given back do not count.
    """

    task: int
    token: int
    kind: TaskKind
    number: int
    job: Job
    plan: Mapping[str, Any] | None
    results: tuple[Mapping[str, Any], ...]
    until: datetime
    seconds: float
    attempt: int


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a job.

    Attributes:
        id: grows within a job.
        job: its identifier.
        kind: such as `job.queued`, `job.succeeded`, `task.leased`, `task.failed`, `segment.done`. That a segment was
            leased is no event: `JobBoard.attempts` tells it.
        at: when, in UTC.
        facts: more of it, as JSON values.
    """

    id: int
    job: str
    kind: str
    at: datetime
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Attempt:
    """What became of one lease of a task.

    Attributes:
        kind: of the task.
        number: of the segment; 0 for other kinds.
        worker: who had it.
        began, ended: when, in UTC; not ended while it is being done.
        outcome: how it ended; None while it is being done.
        seconds: how long it took; None while it is being done.
        failure: why it failed; None where it did not.
        facts: what the worker measured.
    """

    kind: TaskKind
    number: int
    worker: str
    began: datetime
    ended: datetime | None
    outcome: Outcome | None
    seconds: float | None
    failure: Failure | None
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SegmentOfPlan:
    """One segment of a plan, as far as the queue has to know it.

    Attributes:
        number: from 0.
        frames: how many it is expected to have; None where that is not known.
    """

    number: int
    frames: int | None


@dataclass(frozen=True, slots=True)
class Did:
    """What a worker did at one go.

    Attributes:
        freed: tasks that others may begin because of it.
        following: the lease of the task that is to be done next, given together with telling of this one; None where
            there is none.
    """

    freed: int = 0
    following: Lease | None = None
