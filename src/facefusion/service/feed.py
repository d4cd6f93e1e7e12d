"""What happens to jobs that somebody listens to: looked for once in a process, however many listen."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Engine, and_, case, func, or_, select

from facefusion.errors import FaceFusionError, JobUnknownError
from facefusion.jobs.database import reading
from facefusion.jobs.frames import newest_frame
from facefusion.jobs.rows import event_of, job_of
from facefusion.jobs.schema import EVENTS, JOBS
from facefusion.jobs.values import Event, Job
from facefusion.service.background.supervised import Failed
from facefusion.service.jobs.listing import MADE, frames_of

_AT_ONCE: Final = 200
_MOST_EVENTS: Final = 1000


@dataclass(frozen=True, slots=True)
class Look:
    """How a job was when it was looked at.

    Attributes:
        job: itself.
        frames_done: frames of it that are finished.
        last: identifier of its last event; 0 where it has none.
        newest: identifier of the last small picture of a frame that came; 0 where there is none to be seen.
        since: identifier of the event after which `events` begin.
        events: all after that, up to `last`.
    """

    job: Job
    frames_done: int
    last: int
    newest: int = 0
    since: int = 0
    events: tuple[Event, ...] = ()

    @property
    def key(self) -> tuple[int, int, int, int]:
        """What is another after anything happened."""
        return self.job.revision, self.frames_done, self.last, self.newest


@dataclass(slots=True, eq=False)
class _Watched:
    """A job that somebody listens to."""

    listeners: int = 0
    seen: Look | FaceFusionError | None = None
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def tell(self, seen: Look | FaceFusionError | None) -> None:
        self.seen, changed, self.changed = seen, self.changed, asyncio.Event()
        changed.set()


@dataclass(frozen=True, slots=True, eq=False)
class Listener:
    """Somebody who listens to one job; whoever is slow hears the newest alone, and reads what lies between."""

    watched: _Watched

    async def news(self, known: Look | None, seconds: float) -> Look | None:
        """Return how the job is, once that is another than what is known.

        Args:
            known: what was heard last; None for nothing.
            seconds: after which it is no longer waited.

        Returns:
            None where nothing happened in that time, or the service goes down.

        Raises:
            JobUnknownError: the job was removed.
            JobsUnavailableError: the database cannot be used.
        """
        if self.watched.seen is None or self.watched.seen is known:
            try:
                async with asyncio.timeout(seconds):
                    await self.watched.changed.wait()
            except TimeoutError:
                return None
        if isinstance(self.watched.seen, FaceFusionError):
            raise self.watched.seen
        return None if self.watched.seen is known else self.watched.seen


class EventFeed:
    """Looks at all jobs that somebody listens to, in one go, and tells whoever listens.

    It belongs to the event loop of the service. Nobody is looked at while nobody listens.

    Args:
        engine: the database of jobs.
        seconds: between two looks.
        ending: set when the service goes down, which listeners hear at once.
    """

    def __init__(self, engine: Engine, seconds: float, ending: threading.Event) -> None:
        self._engine, self._seconds, self._ending = engine, seconds, ending
        self._watched: dict[int, _Watched] = {}
        self._wanted = asyncio.Event()

    @contextmanager
    def listening(self, number: int) -> Iterator[Listener]:
        """Listen to a job for as long as a block lasts.

        Args:
            number: of the job.
        """
        watched = self._watched.setdefault(number, _Watched())
        watched.listeners += 1
        self._wanted.set()
        try:
            yield Listener(watched)
        finally:
            watched.listeners -= 1
            if not watched.listeners:
                self._watched.pop(number, None)

    async def run(self, stopping: asyncio.Event, _failed: Failed) -> None:
        """Look until it is told to stop; at jobs that are new to it at once."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while not stopping.is_set():
            self._wanted.clear()
            if loop.time() >= due:
                due = loop.time() + self._seconds
                await self._look(list(self._watched))
            else:
                await self._look([number for number, each in self._watched.items() if each.seen is None])
            await _either(stopping, self._wanted, max(0.0, due - loop.time()) if self._watched else None)

    async def _look(self, numbers: Sequence[int]) -> None:
        if self._ending.is_set():
            for each in self._watched.values():
                each.tell(None)
            return
        for first in range(0, len(numbers), _AT_ONCE):
            part = numbers[first : first + _AT_ONCE]
            known = {number: self._seen(number) for number in part}
            try:
                found = await asyncio.to_thread(_changed, self._engine, known)
            except FaceFusionError as error:  # whoever listens comes again, and goes on where it was
                found = dict.fromkeys(part, error)
            for number, seen in found.items():
                if number in self._watched:
                    self._watched[number].tell(seen)

    def _seen(self, number: int) -> Look | None:
        watched = self._watched.get(number)
        return watched.seen if watched is not None and isinstance(watched.seen, Look) else None


def _changed(engine: Engine, known: Mapping[int, Look | None]) -> dict[int, Look | FaceFusionError]:
    """Return how jobs are to which something happened since they were looked at.

    Args:
        engine: the database of jobs.
        known: how each was then; None where nobody looked.

    Raises:
        JobsUnavailableError: the database cannot be used.
    """
    with reading(engine) as connection:
        wanted = select(JOBS.c.number, JOBS.c.revision, _frames(), _last(), newest_frame()).where(
            JOBS.c.number.in_(known)
        )
        keys = {int(number): tuple(map(int, found)) for number, *found in connection.execute(wanted)}
        news = [number for number, key in keys.items() if (seen := known[number]) is None or seen.key != key]
        gone = [number for number in known if number not in keys]
        looks: dict[int, Look | FaceFusionError] = dict(_looks(connection, news, known)) if news else {}
    return looks | {number: JobUnknownError("The job was removed") for number in gone}


def _looks(
    connection: Connection, numbers: Sequence[int], known: Mapping[int, Look | None]
) -> Iterator[tuple[int, Look]]:
    """Yield how jobs are, each with what happened since it was looked at."""
    events = _events(connection, {number: seen.last for number in numbers if (seen := known[number]) is not None})
    # In one statement, so that a job that is over has all its events up to `last`.
    told = (_frames().label("frames_done"), _last().label("last"), newest_frame().label("newest"))
    for row in connection.execute(select(JOBS, *told).where(JOBS.c.number.in_(numbers))).mappings():
        values = dict(row)
        done, last, newest = (int(values.pop(each.name)) for each in told)
        seen, since = known[values["number"]], events.get(values["number"], [])
        if seen is not None and since and since[-1].id == last:
            yield values["number"], Look(job_of(values), done, last, newest, seen.last, tuple(since))
        else:
            yield values["number"], Look(job_of(values), done, last, newest, last)


def _events(connection: Connection, after: Mapping[int, int]) -> dict[int, list[Event]]:
    """Return what happened to jobs after an event of each."""
    if not after:
        return {}
    which = or_(*(and_(EVENTS.c.job == number, EVENTS.c.id > last) for number, last in after.items()))
    wanted = select(EVENTS, JOBS.c.id.label("job_id")).join(JOBS, JOBS.c.number == EVENTS.c.job).where(which)
    found: dict[int, list[Event]] = {}
    for row in connection.execute(wanted.order_by(EVENTS.c.id).limit(_MOST_EVENTS)):
        found.setdefault(row.job, []).append(event_of(row))
    return found


def _last() -> ColumnElement[int]:
    newest = select(func.max(EVENTS.c.id)).where(EVENTS.c.job == JOBS.c.number).correlate(JOBS)
    return func.coalesce(newest.scalar_subquery(), 0)


def _frames() -> ColumnElement[int]:
    made = func.coalesce(JOBS.c.frames, 0)
    return case((JOBS.c.state.in_(MADE), made), (JOBS.c.state == "queued", 0), else_=frames_of(JOBS.c.number))


async def _either(one: asyncio.Event, other: asyncio.Event, seconds: float | None) -> None:
    waiting: list[asyncio.Task[Any]] = [asyncio.create_task(each.wait()) for each in (one, other)]
    try:
        await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in waiting:
            each.cancel()
