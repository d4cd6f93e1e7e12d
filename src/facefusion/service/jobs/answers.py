"""What clients are told of jobs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from facefusion.jobs.frames import SeenFrame
from facefusion.jobs.quality.values import Quality, SampleState
from facefusion.jobs.states import JobState
from facefusion.jobs.values import Event, Job
from facefusion.service.values import Answer, Box
from facefusion.service.worker_names import WorkerNames, with_names


class SpotAnswer(Answer):
    """Where in an input it is that something is wrong."""

    input: str = Field(description="the file, as the request names it")
    seconds: float | None = Field(description="of the frame; null of a picture")
    width: int = Field(description="of the picture or the frame, in pixels")
    height: int
    boxes: list[Box] = Field(
        description="left, top, right and bottom of each face in it, in pixels, in the order in which faces are counted"
    )


class ErrorAnswer(Answer):
    """Why a job failed."""

    type: str = Field(description="name of the error, such as NoFaceError")
    code: int = Field(description="exit code of the command line for it")
    what: str
    hint: str
    is_final: bool = Field(description="whether trying again cannot help")
    spot: SpotAnswer | None = Field(default=None, description="where the problem is, where it is in an input")


class ProgressAnswer(Answer):
    """How far a job is."""

    segments: int | None = Field(description="parts that it was cut into, once that is known")
    segments_done: int
    frames: int | None = Field(description="of the output, as far as is known")
    frames_done: int | None = Field(description="as far as workers have told; not told in lists")
    share: float | None = Field(description="from 0 to 1; not told where nothing is known")


class OutputAnswer(Answer):
    """One file that a job made."""

    name: str
    size: int
    sha256: str
    media_type: str
    form: str
    is_encrypted: bool
    url: str = Field(description="where it is fetched, below the address of the service")


class ResultAnswer(Answer):
    """What a job made."""

    outputs: list[OutputAnswer]
    kind: str = Field(description="picture or video")
    frames: int
    faces: int = Field(description="that were edited, counted in every frame")
    notes: list[str] = Field(description="what the user should know, one sentence each")
    disclosure: list[str] = Field(description="marks that say that the output is synthetic")
    delivered: list[str] = Field(description="addresses that the outputs were copied to")


class ReviewAnswer(Answer):
    """Who decided on a result."""

    by: str
    approves: bool
    reason: str
    at: datetime


class QualityAnswer(Answer):
    """What was measured of a finished job; see the documentation of jobs."""

    state: SampleState
    drawn: datetime = Field(description="when it was decided that the job is measured")
    measured: datetime | None
    version: str = Field(description="of the software that measured it")
    measures: dict[str, float | None]
    flags: list[str] = Field(description="what is outside its bounds; the job is suspicious where there are any")
    why_not: str = Field(description="why it could not be measured")


class JobAnswer(Answer):
    """A job."""

    id: str
    state: JobState
    is_paused: bool
    needs_review: bool
    owner: str
    priority: int
    revision: int = Field(description="grows with every change; the first part of the entity tag")
    request: dict[str, Any] = Field(description="as it was asked for, with the digests of its files")
    names: dict[str, str] = Field(description="what its files are called, by what names them in the request")
    progress: ProgressAnswer
    created: datetime
    queued: datetime
    started: datetime | None
    finished: datetime | None
    seconds: float | None = Field(description="that it took, from its first task to its result; null before")
    thumbnail: str | None = Field(description="where a small picture of its result is; null where there is none")
    error: ErrorAnswer | None
    result: ResultAnswer | None
    review: ReviewAnswer | None
    quality: QualityAnswer | None = Field(description="null of all jobs that are not measured, which most are")


class JobPage(Answer):
    """A part of a list."""

    jobs: list[JobAnswer]
    next: str | None = Field(description="cursor of the next page")


class EventAnswer(Answer):
    """Something that happened to a job."""

    id: int
    kind: str = Field(description="such as job.queued, task.leased, job.succeeded")
    at: datetime
    facts: dict[str, Any]


class EventList(Answer):
    """What happened to a job, in order."""

    events: list[EventAnswer]


class FrameAnswer(Answer):
    """A small picture of a frame of a job that is not finished."""

    number: int = Field(description="of the frame in the output, from 0")
    seconds: float = Field(description="when it is shown, from the first frame of the output")
    width: int
    height: int
    at: datetime = Field(description="when it came")
    url: str = Field(description="where it is fetched, below the address of the service")


class FrameList(Answer):
    """Small pictures of frames, in the order of the output."""

    frames: list[FrameAnswer]


def frame_answer(job: Job, seen: SeenFrame) -> FrameAnswer:
    """Return what clients are told of a small picture of a frame."""
    frame = seen.frame
    return FrameAnswer(
        number=frame.number,
        seconds=round(frame.seconds, 3),
        width=frame.width,
        height=frame.height,
        at=seen.at,
        url=f"/v1/jobs/{job.id}/frames/{frame.number}",
    )


def job_answer(job: Job, frames_done: int | None = None, quality: Quality | None = None) -> JobAnswer:
    """Return what clients are told of a job.

    Args:
        job: which.
        frames_done: finished so far; None where nobody looked.
        quality: what was measured of it; None where nothing was, or nobody looked.
    """
    failure, is_over = job.failure, job.state in {"succeeded", "review", "rejected"}
    return JobAnswer(
        id=job.id,
        state=job.state,
        is_paused=job.is_paused,
        needs_review=job.needs_review,
        owner=job.owner,
        priority=job.priority,
        revision=job.revision,
        request=dict(job.request),
        names=dict(job.names),
        progress=ProgressAnswer(
            segments=job.segments,
            segments_done=job.segments_done,
            frames=job.frames,
            frames_done=frames_done,
            share=1.0 if is_over else _share(job, frames_done),
        ),
        created=job.created,
        queued=job.queued,
        started=job.started,
        finished=job.finished,
        seconds=job.seconds,
        thumbnail=f"/v1/jobs/{job.id}/thumbnail" if (job.result or {}).get("thumbnail") else None,
        error=None if failure is None else ErrorAnswer(**failure.to_json()),
        result=None if not job.result else _result(job),
        review=None if not job.review else ReviewAnswer(**job.review),
        quality=None if quality is None else QualityAnswer(**quality.to_json()),
    )


def event_answer(event: Event, names: WorkerNames) -> EventAnswer:
    """Return what clients are told of an event.

    Args:
        event: as it is kept.
        names: what workers are called to them.
    """
    return EventAnswer(id=event.id, kind=event.kind, at=event.at, facts=with_names(event.facts, names))


def tag_of_job(job: Job, frames_done: int | None) -> str:
    """Return the entity tag of a job: its revision, and how far it is."""
    return f'"{job.revision}-{frames_done or 0}"'


def _share(job: Job, frames_done: int | None) -> float | None:
    if job.frames and frames_done is not None:
        return round(min(1.0, frames_done / job.frames), 4)
    return round(job.segments_done / job.segments, 4) if job.segments else None


def _result(job: Job) -> ResultAnswer:
    found = dict(job.result or {})
    names = ("name", "size", "sha256", "media_type", "form", "is_encrypted")
    outputs = [
        OutputAnswer(**{name: each[name] for name in names}, url=f"/v1/jobs/{job.id}/outputs/{number}")
        for number, each in enumerate(found.get("outputs", ()))
    ]
    return ResultAnswer(
        outputs=outputs,
        kind=str(found.get("kind", "")),
        frames=int(found.get("frames", 0)),
        faces=int(found.get("faces", 0)),
        notes=list(found.get("notes", ())),
        disclosure=list(found.get("disclosure", ())),
        delivered=list(found.get("delivered", ())),
    )
