"""Server-sent events: what happens to a job, as it happens (https://html.spec.whatwg.org/#server-sent-events)."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

import anyio
from anyio.to_thread import run_sync

from facefusion.errors import FaceFusionError, JobUnknownError
from facefusion.jobs.states import FINAL
from facefusion.jobs.values import Event, Job
from facefusion.service.jobs.answers import event_answer, job_answer
from facefusion.service.jobs.listing import how_far
from facefusion.service.parts import ServiceParts
from facefusion.service.problems import problem_of

_BATCH = 200


class EventStream:
    """The events of one job, until it is over, the service goes down, or nobody listens any more.

    Args:
        parts: of the service.
        job: as it is now.
        after: last event that the client has seen; 0 for none.
    """

    def __init__(self, parts: ServiceParts, job: Job, after: int) -> None:
        self._parts, self._job, self._after = parts, job, after
        self._told: tuple[int, int] | None = None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield what is sent."""
        settings, spoke = self._parts.settings, time.monotonic()
        yield f"retry: {round(settings.poll_seconds * 4000)}\n\n".encode()
        while not self._parts.stopping.is_set():
            try:
                found, is_over = await run_sync(self._new)
            except JobUnknownError:  # it was removed meanwhile
                return
            except FaceFusionError as error:  # the client comes again, and goes on where it was
                yield _message("error", problem_of(error).model_dump_json())
                return
            for text in found:
                yield text
            if is_over:
                return
            if found:
                spoke = time.monotonic()
            elif time.monotonic() - spoke >= settings.heartbeat_seconds:
                yield b": still here\n\n"
                spoke = time.monotonic()
            await anyio.sleep(settings.poll_seconds)

    def _new(self) -> tuple[list[bytes], bool]:
        """Return what happened since the last look, and whether nothing can follow."""
        board, tenant = self._parts.board, self._job.tenant
        job = board.job(self._job.id, tenant=tenant)
        events = board.events(job.id, tenant=tenant, after=self._after, limit=_BATCH)
        messages = [_of_event(each) for each in events]
        if events:
            self._after = events[-1].id
        progress = self._progress(job)
        if progress is not None:
            messages.append(progress)
        return messages, job.state in FINAL and len(events) < _BATCH and job.revision == self._seen(job)

    def _seen(self, job: Job) -> int:
        """Return the revision that was there when the events were read; one that grew meanwhile has more of them."""
        return self._parts.board.job(job.id, tenant=job.tenant).revision

    def _progress(self, job: Job) -> bytes | None:
        done = how_far(self._parts.engine, job)
        if (job.revision, done) == self._told:
            return None
        self._told = job.revision, done
        shown = job_answer(job, done).model_dump_json(include={"id", "state", "is_paused", "revision", "progress"})
        return _message("progress", shown)


def _of_event(event: Event) -> bytes:
    return _message(event.kind, event_answer(event).model_dump_json(), event.id)


def _message(kind: str, data: str, number: int | None = None) -> bytes:
    head = "" if number is None else f"id: {number}\n"
    return f"{head}event: {kind}\ndata: {data}\n\n".encode()
