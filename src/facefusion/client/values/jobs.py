"""Jobs: what becomes of them, what they made, and the time that they take."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from facefusion.client.values.base import Problem, Value

JobState = Literal["queued", "planning", "running", "merging", "review", "succeeded", "failed", "cancelled", "rejected"]


class JobProgress(Value):
    """How far a job is.

    Attributes:
        segments, segments_done: parts that it was cut into, and those that are finished.
        frames, frames_done: of the output, and those that are finished.
        share: from 0 to 1; None where nothing is known.
    """

    segments: int | None = None
    segments_done: int = 0
    frames: int | None = None
    frames_done: int | None = None
    share: float | None = None


class JobOutput(Value):
    """One file that a job made.

    Attributes:
        name: of the file.
        size, sha256: of its bytes.
        media_type: such as `video/mp4`.
    """

    name: str
    size: int
    sha256: str
    media_type: str = ""


class JobResult(Value):
    """What a job made.

    Attributes:
        outputs: its files, the result first.
        notes: what the user should know.
        delivered: addresses to which they were copied.
    """

    outputs: list[JobOutput]
    notes: list[str] = Field(default_factory=list)
    delivered: list[str] = Field(default_factory=list)


class JobQuality(Value):
    """What was measured of a finished job.

    Attributes:
        state: `waiting`, `measured` or `skipped`.
        measured: when.
        measures: figures by name; None where one could not be told.
        flags: which are outside their bounds.
        why_not: why it could not be measured.
    """

    state: str
    measured: datetime | None = None
    measures: dict[str, float | None] = Field(default_factory=dict)
    flags: list[str] = Field(default_factory=list)
    why_not: str = ""


class Job(Value):
    """A job.

    Attributes:
        id: by which it is called.
        state: see `JobState`.
        is_paused: whether nothing of it is begun.
        needs_review: whether a person has to approve its result.
        priority: from 0 to 9.
        revision: grows with each change.
        request: as it was asked for.
        names: what its files are called, by what names them in the request.
        progress: how far it is.
        created, queued, started, finished: when.
        seconds: that it took; None before.
        thumbnail: path of a small picture of its result; None where there is none.
        error: why it failed.
        result: what it made.
        review: who decided on its result.
        quality: what was measured of it; None of most jobs.
    """

    id: str
    state: JobState
    is_paused: bool = False
    needs_review: bool = False
    owner: str = ""
    priority: int = 4
    revision: int
    request: dict[str, Any] = Field(default_factory=dict)
    names: dict[str, str] = Field(default_factory=dict)
    progress: JobProgress = JobProgress()
    created: datetime
    queued: datetime | None = None
    started: datetime | None = None
    finished: datetime | None = None
    seconds: float | None = None
    thumbnail: str | None = None
    error: Problem | None = None
    result: JobResult | None = None
    review: dict[str, Any] | None = None
    quality: JobQuality | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing changes any more by itself; a result that waits for its review is over too."""
        return self.state in {"review", "succeeded", "failed", "cancelled", "rejected"}


class JobEvent(Value):
    """Something that happened to a job.

    Attributes:
        id: grows; None for what is told in passing, as progress and frames are.
        kind: such as `job.succeeded`, `progress` or `frame`.
        at: when; None for what is told in passing.
        facts: more of it.
    """

    id: int | None = None
    kind: str
    at: datetime | None = None
    facts: dict[str, Any] = Field(default_factory=dict)


class JobStage(Value):
    """What is left to do of one kind of a job's tasks.

    Attributes:
        kind: `plan`, `whole`, `segment` or `merge`.
        tasks: that are left.
        takes: seconds, as `low`, `likely` and `high`; None where that cannot be said.
        rests_on: attempts that were measured.
    """

    kind: str
    tasks: int
    takes: dict[str, float] | None = None
    rests_on: int = 0


class JobTime(Value):
    """What can be said of the time that a job takes.

    Attributes:
        share: of its frames that is done, from 0 to 1.
        begins, ends: seconds until then, as `low`, `likely` and `high`; None where that cannot be said.
        why_not: why `ends` cannot be said.
        stages: what is left, in the order in which it is done.
    """

    share: float | None = None
    begins: dict[str, float] | None = None
    ends: dict[str, float] | None = None
    why_not: str = ""
    stages: list[JobStage] = Field(default_factory=list)


class JobFrame(Value):
    """A small picture of a frame of a job that is not finished.

    Attributes:
        number: of the frame in the output, from 0.
        seconds: from the first frame of the output.
        width, height: in pixels.
        at: when it came.
    """

    number: int
    seconds: float
    width: int
    height: int
    at: datetime


class JobFrameList(Value):
    """Small pictures of frames.

    Attributes:
        frames: in the order of the output.
    """

    frames: list[JobFrame]
