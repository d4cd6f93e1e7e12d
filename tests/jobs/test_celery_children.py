"""What a message has a child process do, without a broker: tasks one after the other, for a while."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from benchmarks.servers import until

from facefusion.errors import JobsUnavailableError
from facefusion.jobs.celery.broker import Broker
from facefusion.jobs.celery.child import Child, Tether
from facefusion.jobs.celery.dispatcher import CeleryDispatcher
from facefusion.jobs.celery.link import Link
from facefusion.jobs.values import Did

LEASE: Any = object()


class Waker:
    """Notes how many messages were to be waiting."""

    def __init__(self) -> None:
        self.kept: list[int] = []

    def keep(self, count: int) -> None:
        self.kept.append(count)

    def close(self) -> None:
        """Nothing is open."""


class Runner:
    """Does so many tasks, each of which takes some seconds and frees some others."""

    def __init__(self, tasks: int, seconds: float = 0.0, freed: int = 0) -> None:
        self.left, self.seconds, self.freed, self.now, self.asked = tasks, seconds, freed, 0.0, 0

    def once(self, *, goes_on: Callable[[], bool], freed: Callable[[int], None]) -> Did | None:
        self.asked += 1
        if not self.left:
            return None
        self.left -= 1
        self.now += self.seconds
        freed(self.freed)
        return Did(self.freed, LEASE if goes_on() and self.left else None)

    def drain(self) -> None:
        """Nothing is begun."""

    give_back = close = drain


@pytest.fixture
def ties() -> Iterator[tuple[Tether, Tether]]:
    made = Tether(), Tether()
    yield made
    for each in made:
        each.cut()


def child(runner: Runner, waker: Waker, ties: tuple[Tether, Tether]) -> Child:
    draining, ending = ties
    return Child(lambda _: runner, waker, draining=draining, ending=ending, seconds=0, clock=lambda: runner.now)


def test_one_message_has_all_tasks_done_that_there_are(ties: tuple[Tether, Tether]) -> None:
    runner, waker = Runner(7), Waker()
    child(runner, waker, ties).work()
    assert (runner.left, runner.asked) == (0, 8)
    assert set(waker.kept) == {0}


def test_a_message_for_nothing_wakes_nobody(ties: tuple[Tether, Tether]) -> None:
    runner, waker = Runner(0), Waker()
    child(runner, waker, ties).work()
    assert (runner.asked, waker.kept) == (1, [])


def test_who_frees_tasks_has_as_many_messages_waiting(ties: tuple[Tether, Tether]) -> None:
    waker = Waker()
    child(Runner(1, freed=64), waker, ties).work()
    assert waker.kept == [64]


@pytest.mark.parametrize(("seconds", "done"), [(0.0, 20), (7.0, 9), (25.0, 3), (70.0, 1), (20_000.0, 1)])
def test_after_a_while_another_message_goes_on(seconds: float, done: int, ties: tuple[Tether, Tether]) -> None:
    """So a broker holds none for much longer than a minute and a task, and a child is replaced after some time."""
    runner, waker = Runner(100, seconds), Waker()
    child(runner, waker, ties).work()
    assert 100 - runner.left == done
    assert waker.kept == [0] * done + [1]


def test_a_task_that_is_leased_already_is_done_however_late_it_is(ties: tuple[Tether, Tether]) -> None:
    runner, waker = Runner(2), Waker()
    first = runner.once

    def late(*, goes_on: Callable[[], bool], freed: Callable[[int], None]) -> Did | None:
        did = first(goes_on=goes_on, freed=freed)
        runner.now += 100.0
        return did

    runner.once = late  # type: ignore[method-assign]
    child(runner, waker, ties).work()
    assert runner.left == 0


def test_a_database_that_is_away_ends_the_message(ties: tuple[Tether, Tether]) -> None:
    class Away(Runner):
        def once(self, *, goes_on: Callable[[], bool], freed: Callable[[int], None]) -> Did | None:
            raise JobsUnavailableError("away")

    waker = Waker()
    child(Away(1), waker, ties).work()
    assert waker.kept == []


def test_a_dispatcher_fills_up_for_workers_and_adds_for_those_who_submit() -> None:
    calls: list[tuple[str, int]] = []

    class Noting(Link):
        def send(self, count: int) -> int:
            calls.append(("send", count))
            return count

        def keep(self, count: int) -> int:
            calls.append(("keep", count))
            return count

    broker = Broker("redis://127.0.0.1:1/0")
    dispatcher = CeleryDispatcher(broker)
    dispatcher._link = Noting(broker)
    dispatcher.keep(0)
    dispatcher.wake(2)
    until(lambda: calls == [("send", 2)] and dispatcher._thread is None)
    dispatcher.keep(5)
    until(lambda: calls == [("send", 2), ("keep", 5)])
    dispatcher.close()
