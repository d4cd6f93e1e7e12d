"""Waiting for the jobs of an event: until nobody has to work any more, the time is over, or the service goes down."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine
from webhook_material import opened

from facefusion.errors import OverloadedError
from facefusion.jobs.board import JobBoard
from facefusion.jobs.values import NewJob
from facefusion.service.triggers.waiting import Waiting


class Place:
    """A board, and a clock that goes on by a second with each look."""

    def __init__(self, engine: Engine) -> None:
        self.board, self.stopping, self.seconds = JobBoard(engine), threading.Event(), 0.0
        self.waiting = Waiting(self.board, self.stopping, pause=0.0, clock=self.now)

    def now(self) -> float:
        self.seconds += 1
        return self.seconds

    def job(self) -> str:
        return self.board.submit(NewJob("studio", "me", {"target": "a"})).id

    def wait(self, *jobs: str, seconds: float) -> None:
        asyncio.run(self.waiting.ended(jobs, seconds=seconds))


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    engine = opened(str(tmp_path / "jobs.db"))
    yield Place(engine)
    engine.dispose()


def test_nobody_waits_who_does_not_ask_for_it(place: Place) -> None:
    place.wait(place.job(), seconds=0)
    assert place.seconds == 0


def test_what_is_finished_or_gone_is_not_waited_for(place: Place) -> None:
    cancelled, removed = place.job(), place.job()
    for job in (cancelled, removed):
        place.board.cancel(job, tenant="studio")
    place.board.remove(removed, tenant="studio")
    place.wait(cancelled, removed, "never-was", seconds=30)


def test_a_job_that_ends_meanwhile_is_waited_for(place: Place) -> None:
    job = place.job()
    clock = place.now

    def cancelling() -> float:
        if clock() == 5:
            place.board.cancel(job, tenant="studio")
        return place.seconds

    asyncio.run(Waiting(place.board, place.stopping, pause=0.0, clock=cancelling).ended([job], seconds=30))
    assert place.seconds < 15


def test_the_sender_is_told_to_come_again_when_the_time_is_over(place: Place) -> None:
    first, second = place.job(), place.job()
    place.board.cancel(first, tenant="studio")
    with pytest.raises(OverloadedError, match=r"1 job\(s\) of this event") as told:
        place.wait(first, second, seconds=10)
    assert told.value.seconds == 1
    assert place.board.job(second, tenant="studio").state == "queued"


def test_nobody_waits_for_a_service_that_goes_down(place: Place) -> None:
    job = place.job()
    place.stopping.set()
    with pytest.raises(OverloadedError):
        place.wait(job, seconds=3600)
    assert place.seconds < 5
