"""Server-sent events: what happens to a job, as it happens (https://html.spec.whatwg.org/#server-sent-events)."""

from __future__ import annotations

from collections.abc import AsyncIterator

from anyio.to_thread import run_sync

from facefusion.errors import FaceFusionError, JobUnknownError
from facefusion.jobs.database import looking
from facefusion.jobs.frames import SeenFrame, frames_seen
from facefusion.jobs.states import FINAL
from facefusion.jobs.values import Event, Job
from facefusion.service.feed import Look
from facefusion.service.gateway.still import Still
from facefusion.service.jobs.answers import event_answer, frame_answer, job_answer
from facefusion.service.parts import ServiceParts
from facefusion.service.problems import problem_of
from facefusion.service.worker_names import WorkerNames

_BATCH = 200
_FIRST_SECONDS = 15.0  # in which the first look comes even where much is going on; signs of life follow it


class EventStream:
    """The events of one job, until it is over, the service goes down, or nobody listens any more.

    Args:
        parts: of the service.
        job: as it is now.
        after: last event that the client has seen; 0 for none.
        names: what workers are called to the client.
        shows_frames: whether the client may see frames before the job is finished.
        still: whether the client may go on; None where nobody knows.
    """

    def __init__(
        self,
        parts: ServiceParts,
        job: Job,
        after: int,
        *,
        names: WorkerNames,
        shows_frames: bool = False,
        still: Still | None = None,
    ) -> None:
        self._parts, self._job, self._after, self._shows_frames = parts, job, after, shows_frames
        self._names = names
        self._still = still
        self._told: tuple[int, int] | None = None
        self._newest = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield what is sent."""
        settings, known = self._parts.settings, None
        yield f"retry: {round(settings.poll_seconds * 4000)}\n\n".encode()
        with self._parts.feed.listening(self._job.number) as listener:
            while not self._parts.stopping.is_set():
                try:
                    silence = settings.heartbeat_seconds if known else max(_FIRST_SECONDS, settings.heartbeat_seconds)
                    found = await listener.news(known, silence)
                    if self._still is not None:
                        await self._still.check()
                    if found is None:
                        yield b": still here\n\n"
                        continue
                    known = found
                    async for text in self._messages(known):
                        yield text
                except JobUnknownError:  # it was removed meanwhile
                    return
                except FaceFusionError as error:  # the client comes again, and goes on where it was
                    yield _message("error", problem_of(error).model_dump_json())
                    return
                if known.job.state in FINAL:
                    return

    async def _messages(self, look: Look) -> AsyncIterator[bytes]:
        """Yield what happened since the client was told of something, and how far the job is."""
        while self._after < look.last:
            events = look.events if self._after >= look.since else await run_sync(self._read)
            for event in events:
                if event.id > self._after:
                    self._after = event.id
                    yield _of_event(event, self._names)
            if not events:
                break
        if (look.job.revision, look.frames_done) != self._told:
            self._told = look.job.revision, look.frames_done
            shown = {"id", "state", "is_paused", "revision", "progress"}
            yield _message("progress", job_answer(look.job, look.frames_done).model_dump_json(include=shown))
        if self._shows_frames and look.newest > self._newest:
            for seen in await run_sync(self._seen, look.job):
                yield _message("frame", frame_answer(look.job, seen).model_dump_json())

    def _seen(self, job: Job) -> list[SeenFrame]:
        """Return the small pictures of which the client was not told, as they came."""
        with looking(self._parts.engine) as connection:
            found = [each for each in frames_seen(connection, job) if each.id > self._newest]
        self._newest = max((self._newest, *(each.id for each in found)))
        return sorted(found, key=lambda each: each.id)

    def _read(self) -> list[Event]:
        return self._parts.board.events(self._job.id, tenant=self._job.tenant, after=self._after, limit=_BATCH)


def _of_event(event: Event, names: WorkerNames) -> bytes:
    return _message(event.kind, event_answer(event, names).model_dump_json(), event.id)


def _message(kind: str, data: str, number: int | None = None) -> bytes:
    head = "" if number is None else f"id: {number}\n"
    return f"{head}event: {kind}\ndata: {data}\n\n".encode()
