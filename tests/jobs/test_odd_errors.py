"""Threads and processes that look after others outlive whatever a driver or the system raises."""

from __future__ import annotations

import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest
from benchmarks.servers import until

from facefusion.jobs.celery.beat import Beat
from facefusion.jobs.celery.beating import beating
from facefusion.jobs.celery.broker import Broker
from facefusion.jobs.celery.dispatcher import CeleryDispatcher
from facefusion.jobs.celery.link import Link
from facefusion.jobs.pool import LocalPool
from facefusion.jobs.queue import JobQueue
from facefusion.options import load_options, load_serving
from facefusion.trust.database import open_database

NOWHERE = Broker("redis://127.0.0.1:1/0")


class Odd(Link):
    """Fails in a way that nobody foresaw, the first time."""

    sent, closed = 0, 0

    def send(self, count: int) -> int:
        self.sent += 1
        if self.sent == 1:
            raise AttributeError("'NoneType' object has no attribute 'sendall'")
        return count

    def close(self) -> None:
        self.closed += 1


def test_a_dispatcher_goes_on_after_an_error_that_nobody_foresaw() -> None:
    dispatcher, link = CeleryDispatcher(NOWHERE, pause=0.0), Odd(NOWHERE)
    dispatcher._link = link
    dispatcher.wake()
    until(lambda: dispatcher._thread is None)
    dispatcher.wake()
    until(lambda: link.sent == 2)
    assert link.closed == 1  # nobody knows what state the connection is in
    dispatcher.close()


def test_a_beat_goes_on_after_an_error_that_nobody_foresaw(tmp_path: Path) -> None:
    stop, link, looks = threading.Event(), Odd(NOWHERE), []

    class Queue(JobQueue):
        def sweep(self) -> int:
            looks.append(1)
            if len(looks) == 1:
                raise RuntimeError("odd")
            stop.set()
            return 0

    engine = open_database(tmp_path / "jobs.db")
    Beat(engine, Queue(engine), link, seconds=0.01).run(stop)
    assert len(looks) == 2
    assert link.closed == 1
    engine.dispose()


class Started:
    """A process that lives."""

    pid, stdin = 1, None

    def poll(self) -> None:
        """It goes on."""


def test_a_pool_waits_where_the_machine_has_no_room_for_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = LocalPool(load_options({}), load_serving({}, environment={}))
    [place], tries = pool._places, []

    def begin(*_: Any, **__: Any) -> Started:
        tries.append(1)
        if len(tries) == 1:
            raise OSError(11, "Resource temporarily unavailable")
        return Started()

    monkeypatch.setattr(subprocess, "Popen", begin)
    place.look()
    assert place.process is None and place.restarts.again > 0
    place.look()
    assert len(tries) == 1
    place.restarts.again = 0.0
    place.look()
    assert place.process is not None


def test_a_beat_that_could_not_be_begun_is_begun_at_the_next_look(monkeypatch: pytest.MonkeyPatch) -> None:
    keeper, tries = beating("told\n")(None), []

    class Process(Started):
        def __init__(self) -> None:
            self.code: int | None = None
            self.stdin = self

        def poll(self) -> int | None:
            return self.code

        def write(self, _data: bytes) -> None:
            """It is heard."""

        def close(self) -> None:
            self.code = 0

        def wait(self, _seconds: float) -> None:
            """It has ended."""

    def begin(*_: Any, **__: Any) -> Process:
        tries.append(Process())
        if len(tries) == 2:
            raise OSError(11, "Resource temporarily unavailable")
        return tries[-1]

    monkeypatch.setattr(subprocess, "Popen", begin)
    keeper.start(None)
    tries[0].code = -9
    with pytest.raises(OSError):  # the hub tells of it
        keeper._look(None)
    keeper._look(None)
    assert len(tries) == 3
    keeper.stop(None)
    keeper._look(None)
    assert len(tries) == 3 and tries[-1].code == 0
