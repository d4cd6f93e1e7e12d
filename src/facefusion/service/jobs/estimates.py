"""What a job would be like, before it is asked for."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from facefusion.jobs.estimate import Estimate as JobTime
from facefusion.jobs.measures import Range
from facefusion.jobs.states import TaskKind
from facefusion.service.jobs.creation import Found
from facefusion.service.parts import ServiceParts
from facefusion.service.values import Answer


class Estimate(Answer):
    """What a job would be like."""

    is_cut: bool = Field(description="whether several workers would share it")
    frames: int | None = Field(description="of the target, as far as is known")
    segments: int | None = Field(description="that it would be cut into, about")
    request: dict[str, Any] = Field(description="as workers would get it")


class Seconds(Answer):
    """A stretch of time in seconds: at least, most likely, at most."""

    low: float
    likely: float
    high: float


class StageAnswer(Answer):
    """What is left to do of one kind of a job's tasks."""

    kind: TaskKind
    tasks: int = Field(description="that are left, those at work included")
    takes: Seconds | None = Field(description="from when they may be begun; null where that cannot be said")
    rests_on: int = Field(description="attempts that were measured")


class TimeAnswer(Answer):
    """What can be said of the time that a job takes."""

    share: float | None = Field(description="of its frames that is done, from 0 to 1")
    frames_done: int
    begins: Seconds | None = Field(description="until its first task is begun; null where that cannot be said")
    ends: Seconds | None = Field(description="until it is finished; null where that cannot be said")
    rests_on: int = Field(description="attempts that were measured for it")
    why_not: str = Field(description="why `ends` cannot be said; empty where it can")
    stages: list[StageAnswer] = Field(description="in the order in which they are done")


def time_answer(found: JobTime) -> TimeAnswer:
    """Return what clients are told of the time that a job takes."""
    return TimeAnswer(
        share=found.progress,
        frames_done=found.frames_done,
        begins=_seconds(found.begins),
        ends=_seconds(found.ends),
        rests_on=found.rests_on,
        why_not=found.why_not,
        stages=[
            StageAnswer(kind=each.kind, tasks=each.tasks, takes=_seconds(each.takes), rests_on=each.rests_on)
            for each in found.stages
        ],
    )


def _seconds(found: Range | None) -> Seconds | None:
    return None if found is None else Seconds(low=found.low, likely=found.likely, high=found.high)


def estimated(parts: ServiceParts, what: Found) -> Estimate:
    """Return what a job would be like; nothing is begun.

    Args:
        parts: of the service.
        what: was asked for.
    """
    is_cut = what.is_cut(parts.settings.cut_after)
    segments = 1 if not is_cut else None
    if is_cut and what.frames is not None:
        segments = max(1, -(-what.frames // parts.settings.segment_frames))
    return Estimate(
        is_cut=is_cut,
        frames=what.frames,
        segments=segments,
        request=what.request.to_json(),
    )
