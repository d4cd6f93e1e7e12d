"""Streams of events: one look serves all who listen, nobody misses anything, and nothing piles up for the slow."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from api_server import open_jobs_of, place
from sqlalchemy import Engine, event

from facefusion.jobs.board import JobBoard
from facefusion.jobs.storage import open_storage
from facefusion.jobs.values import Job, NewJob
from facefusion.service import feed as feeds
from facefusion.service.events import EventStream
from facefusion.service.parts import ServiceParts, make_parts
from facefusion.service.settings import ServiceSettings

POLL = 0.02


@pytest.fixture(params=["sqlite", "postgresql"])
def parts(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ServiceParts]:
    name = {"sqlite": "sqlite_jobs_place", "postgresql": "postgres_jobs_place"}[request.param]
    engine = open_jobs_of(request.getfixturevalue(name))
    settings = ServiceSettings(poll_seconds=POLL, heartbeat_seconds=30)
    made = make_parts(engine, open_storage(str(tmp_path / "storage")), settings, place(tmp_path))
    yield made
    made.close()
    engine.dispose()


def submitted(parts: ServiceParts) -> Job:
    return parts.board.submit(NewJob("acme", "user:ada", {"target": "s3://a/b.png", "output": "b.png"}))


@contextmanager
def counted(engine: Engine) -> Iterator[list[str]]:
    """Note every statement."""
    said: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        said.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield said
    finally:
        event.remove(engine, "before_cursor_execute", note)


class Stream:
    """Reads a stream one message after the other."""

    def __init__(self, texts: AsyncIterator[bytes]) -> None:
        self.texts = texts

    async def next(self) -> dict[str, str]:
        async for text in self.texts:
            lines = text.decode().strip().splitlines()
            if not lines[0].startswith((":", "retry")):
                return dict(line.split(": ", 1) for line in lines)
        return {}

    async def until(self, kind: str) -> list[str]:
        seen = []
        while not seen or seen[-1] != kind:
            message = await asyncio.wait_for(self.next(), 20)
            assert message, "it ended"
            seen.append(message["event"])
        return seen


async def running(parts: ServiceParts, work: Any) -> Any:
    """Do something while the feed looks."""
    stopping = asyncio.Event()
    looking = [asyncio.create_task(each.run(stopping)) for each in parts.beside]
    try:
        return await asyncio.wait_for(work, 60)
    finally:
        stopping.set()
        await asyncio.gather(*looking)
        assert [each.health.failures for each in parts.beside] == [0]


def test_however_many_listen_one_look_serves_them(parts: ServiceParts, monkeypatch: pytest.MonkeyPatch) -> None:
    looks, look = itertools.count(), feeds._changed
    monkeypatch.setattr(feeds, "_changed", lambda *given: (next(looks), look(*given))[1])
    jobs = [submitted(parts) for _ in range(3)]

    async def listen() -> None:
        streams = [Stream(aiter(EventStream(parts, job, 0, names=str))) for job in jobs for _ in range(30)]
        for stream in streams:
            await stream.until("progress")
        while next(looks) < 5:
            await asyncio.sleep(POLL)
        with counted(parts.engine) as said:
            begun = next(looks)
            while next(looks) < begun + 30:
                await asyncio.sleep(POLL)
        quiet = [each for each in said if each.startswith("SELECT") and "jobs" in each]
        assert 1 <= len(quiet) <= 30, "one statement a look, for 90 listeners"
        with counted(parts.engine) as said:
            await asyncio.to_thread(parts.board.cancel, jobs[0].id, tenant="acme")
            of_the_call = len(said)
            for stream in streams[:30]:
                assert "job.cancelled" in await stream.until("job.cancelled")
        assert len(said) - of_the_call < 30, "what happened is read once for all who listen"
        for stream in streams[:30]:
            await stream.until("progress")
            assert await stream.next() == {}

    asyncio.run(running(parts, listen()))


def test_nobody_is_looked_at_while_nobody_listens(parts: ServiceParts) -> None:
    job = submitted(parts)

    async def listen() -> None:
        async with aclosing(EventStream(parts, job, 0, names=str).__aiter__()) as texts:
            await Stream(texts).until("progress")
        assert parts.feed._watched == {}
        await asyncio.sleep(10 * POLL)  # a look that was on its way comes to its end
        with counted(parts.engine) as said:
            await asyncio.sleep(10 * POLL)
        assert said == []

    asyncio.run(running(parts, listen()))


def test_who_reads_slowly_gets_every_event_and_holds_nothing(parts: ServiceParts) -> None:
    job = submitted(parts)

    async def listen() -> list[int]:
        slow, quick = (Stream(aiter(EventStream(parts, job, 0, names=str))) for _ in range(2))
        first = await slow.next()
        assert first["event"] == "job.queued"
        for number in range(150):
            await asyncio.to_thread(parts.board.prioritise, job.id, number % 10, tenant="acme")
        await asyncio.to_thread(parts.board.cancel, job.id, tenant="acme")
        await quick.until("job.cancelled")
        assert len(parts.feed._watched) == 1, "one place for the job, whoever listens"
        held = parts.feed._watched[job.number].seen
        assert isinstance(held, feeds.Look) and len(held.events) < 150
        numbers, message = [int(first["id"])], first
        while message["event"] != "job.cancelled":
            message = await slow.next()
            numbers += [int(message["id"])] if "id" in message else []
        return numbers

    numbers = asyncio.run(running(parts, listen()))
    assert numbers == [each.id for each in parts.board.events(job.id, tenant="acme")]
    assert len(numbers) == 152


def test_a_stream_goes_on_behind_the_last_event_that_was_seen(parts: ServiceParts) -> None:
    job = submitted(parts)
    for priority in (1, 2, 3):
        parts.board.prioritise(job.id, priority, tenant="acme")
    events = parts.board.events(job.id, tenant="acme")

    async def listen() -> list[int]:
        stream = Stream(aiter(EventStream(parts, job, events[1].id, names=str)))
        numbers = [int((await stream.next())["id"]) for _ in range(2)]
        progress = await stream.next()
        assert progress["event"] == "progress" and "id" not in progress
        assert json.loads(progress["data"])["revision"] == parts.board.job(job.id, tenant="acme").revision
        return numbers

    assert asyncio.run(running(parts, listen())) == [each.id for each in events[2:]]


def test_a_job_that_is_removed_ends_its_streams(parts: ServiceParts) -> None:
    job = submitted(parts)
    parts.board.cancel(job.id, tenant="acme")

    async def listen() -> None:
        stream = Stream(aiter(EventStream(parts, replace(job, number=job.number + 1), 0, names=str)))
        assert await stream.next() == {}

    asyncio.run(running(parts, listen()))


def test_a_database_that_is_away_ends_streams_with_a_word(parts: ServiceParts, monkeypatch: pytest.MonkeyPatch) -> None:
    from facefusion.errors import JobsUnavailableError

    job, look = submitted(parts), feeds._changed

    def away(*_given: Any) -> Any:
        raise JobsUnavailableError("The database is away")

    async def listen() -> None:
        stream = Stream(aiter(EventStream(parts, job, 0, names=str)))
        await stream.until("progress")
        monkeypatch.setattr(feeds, "_changed", away)
        message = await stream.next()
        assert message["event"] == "error" and json.loads(message["data"])["status"] == 503
        assert await stream.next() == {}
        monkeypatch.setattr(feeds, "_changed", look)
        again = Stream(aiter(EventStream(parts, job, 0, names=str)))
        assert (await again.next())["event"] == "job.queued"

    asyncio.run(running(parts, listen()))


def test_the_end_of_the_service_is_heard_at_once(parts: ServiceParts) -> None:
    job = submitted(parts)

    async def listen() -> None:
        stream = Stream(aiter(EventStream(parts, job, 0, names=str)))
        await stream.until("progress")
        parts.stopping.set()
        assert await stream.next() == {}

    asyncio.run(running(parts, listen()))
    assert JobBoard(parts.engine).job(job.id, tenant="acme").state == "queued"
