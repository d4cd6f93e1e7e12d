"""Several tasks at once for one message: how many, until when, and what becomes of errors."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

import pytest

pytest.importorskip("celery")

from facefusion.jobs.celery.slots import Slots

DEADLINE = 60.0


class Tasks:
    """Tasks that are there, and a note of what was done."""

    def __init__(self, *tasks: Callable[[], None]) -> None:
        self.left = deque(tasks)
        self.looks = self.done = self.at_work = self.most = 0
        self.has_looked = threading.Condition()

    def work(self, begun: Callable[[], None]) -> bool:
        with self.has_looked:
            self.looks += 1
            self.has_looked.notify_all()
            if not self.left:
                return False
            task = self.left.popleft()
            self.at_work += 1
            self.most = max(self.most, self.at_work)
        begun()
        try:
            task()
        finally:
            with self.has_looked:
                self.at_work -= 1
        self.done += 1
        return True

    def wait_for_looks(self, count: int) -> None:
        with self.has_looked:
            wanted = self.looks + count
            assert self.has_looked.wait_for(lambda: self.looks >= wanted, DEADLINE)


def nothing() -> None:
    """A task that takes no time."""


def test_where_nothing_is_to_be_done_one_look_tells() -> None:
    tasks = Tasks()
    assert Slots(tasks.work, 8).once() is False
    assert tasks.looks == 1


@pytest.mark.parametrize("count", [1, 2, 5])
def test_as_many_are_at_work_as_there_are_slots(count: int) -> None:
    together = threading.Barrier(count)
    tasks = Tasks(*[lambda: (together.wait(DEADLINE), None)[1]] * (3 * count))
    assert Slots(tasks.work, count).once() is True
    assert (tasks.done, tasks.most) == (3 * count, count)


def test_what_comes_while_a_long_task_is_at_work_is_taken_beside_it() -> None:
    late = threading.Event()

    def long() -> None:
        tasks.wait_for_looks(2)  # of the slot beside it
        tasks.left.append(late.set)
        assert late.wait(DEADLINE)

    tasks = Tasks(long)
    assert Slots(tasks.work, 2, look=0.001).once() is True
    assert tasks.done == 2


def test_a_message_is_not_kept_for_ever() -> None:
    tasks = Tasks(nothing, nothing)
    assert Slots(tasks.work, 1, spell=0.0).once() is False
    assert tasks.looks == 0


def test_an_error_is_told_when_the_tasks_beside_it_are_done() -> None:
    failing, done = threading.Event(), []

    def fails() -> None:
        failing.set()
        raise OSError("gone")

    def lasts() -> None:
        assert failing.wait(DEADLINE)
        done.append(True)

    tasks = Tasks(lasts, fails, nothing)
    with pytest.raises(OSError, match="gone"):
        Slots(tasks.work, 2).once()
    assert done == [True]
