"""Watching a job: what the stream of its events says, and when to look by oneself instead."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import Any, Final

import httpx

from facefusion.client.asks import jobs
from facefusion.client.call import Call
from facefusion.client.flow import Flow, Wait
from facefusion.client.problems import error_named, error_of
from facefusion.client.settings import unreachable
from facefusion.client.sse import EventParser
from facefusion.client.values import Job, JobEvent
from facefusion.errors import (
    CancelledError,
    FaceFusionError,
    JobStateError,
    ServiceAnswerError,
    ServiceUnreachableError,
)

SILENCE_SECONDS: Final = 60.0
"""After so long without a word, not even a sign of life, the stream is taken for broken."""
MOST_BREAKS: Final = 6
_LEAST_SILENCE: Final = 0.05
_FIRST_WAIT: Final = 0.5
_LONGEST_WAIT: Final = 10.0
_OVER: Final = frozenset({"job.review", "job.succeeded", "job.failed", "job.cancelled", "job.rejected"})


@dataclass(slots=True)
class Watch:
    """How far one has read the events of a job.

    Attributes:
        job_id: of the job.
        last: identifier of the last event.
        breaks: how often the stream broke since it last said something.
        is_over: whether nothing more comes.
        end: of waiting, by the monotonic clock; None where there is none.
    """

    job_id: str
    last: int = 0
    breaks: int = 0
    is_over: bool = False
    end: float | None = None
    _parser: EventParser = field(default_factory=EventParser)

    def call(self) -> Call[Any]:
        """Return the call that opens the stream where it was left."""
        call = jobs.events(self.job_id)
        headers = {"Accept": "text/event-stream", "Cache-Control": "no-store"}
        if self.last:
            headers["Last-Event-ID"] = str(self.last)
        return replace(call, query={}, headers=headers)

    def silence(self) -> float:
        """Return the seconds without a word after which the stream is given up.

        Raises:
            TimeoutError: waiting is at its end.
        """
        if self.end is None:
            return SILENCE_SECONDS
        left = self.end - time.monotonic()
        if left <= 0:
            raise TimeoutError(f"job {self.job_id} is not over in time")
        return min(SILENCE_SECONDS, max(left, _LEAST_SILENCE))

    def opened(self, response: httpx.Response) -> None:
        """Take the head of a stream.

        Raises:
            FaceFusionError: what the answer tells of.
        """
        self._parser = EventParser()
        if response.status_code == 204:
            self.is_over = True
        elif response.status_code >= 400:
            raise error_of(response)
        elif not response.headers.get("content-type", "").startswith("text/event-stream"):
            raise ServiceAnswerError("The service sent no stream of events", status=response.status_code)

    def fed(self, line: str) -> JobEvent | None:
        """Take a line; return the event that it ends.

        Raises:
            ServiceAnswerError: the service cannot go on, and says so.
        """
        found = self._parser.feed(line)
        if found is None:
            return None
        self.breaks = 0
        _, kind, data = found
        if kind == "error":
            raise ServiceAnswerError(str(data.get("detail", "The stream of events ended with an error")))
        if kind in {"progress", "frame"}:
            return JobEvent(kind=kind, facts=data)
        event = JobEvent.model_validate(data)
        self.last = event.id or self.last
        self.is_over = kind in _OVER
        return event

    def failed(self, error: httpx.TransportError | ServiceUnreachableError) -> None:
        """Take an error of the connection.

        Raises:
            ServiceUnreachableError: there were too many, one after the other.
        """
        if self.breaks >= MOST_BREAKS:
            raise unreachable(error) from error

    def broken(self) -> float:
        """Return the seconds after which to come back, after a break.

        Raises:
            TimeoutError: waiting is at its end.
        """
        self.breaks += 1
        self.silence()
        return min(_LONGEST_WAIT, _FIRST_WAIT * 2.0 ** (self.breaks - 1))


def end_of(timeout: float | None) -> float | None:
    """Return when so many seconds will have passed, by the monotonic clock; None for never."""
    return None if timeout is None else time.monotonic() + timeout


def wait_of(looks: int) -> float:
    """Return the seconds between two looks at a job, for those that cannot be told of it."""
    return min(_LONGEST_WAIT, _FIRST_WAIT * 1.5**looks)


def settled(job_id: str, end: float | None) -> Flow[Job]:
    """Look at a job now and then until it is over; return it.

    Args:
        job_id: of the job.
        end: of waiting, by the monotonic clock; None where there is none.

    Raises:
        TimeoutError: it is not over in time.
    """
    looks = 0
    job: Job = yield jobs.show(job_id)
    while not job.is_over:
        if end is not None and time.monotonic() > end:
            raise TimeoutError(f"job {job_id} is not over in time")
        yield Wait(wait_of(looks))
        looks += 1
        job = yield jobs.show(job_id)
    return job


def check_job(job: Job) -> Job:
    """Return a job that succeeded, or that waits for its review.

    Raises:
        CancelledError: it was cancelled.
        JobStateError: it was rejected, or is not over.
        FaceFusionError: what made it fail, as the class that it was of.
    """
    if job.state in {"succeeded", "review"}:
        return job
    raise _error(job)


def _error(job: Job) -> FaceFusionError:
    if job.error is not None and job.state == "failed":
        return error_named(job.error.type, job.error.what, job.error.hint)
    if job.state == "cancelled":
        return CancelledError(f"Job {job.id} was cancelled")
    return JobStateError(f"Job {job.id} is {job.state}")
