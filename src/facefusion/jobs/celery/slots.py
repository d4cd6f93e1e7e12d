"""Several tasks at once in one process, which gets one message of the broker at a time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

_SPELL: Final = 1800.0
_LOOK: Final = 0.5

Work = Callable[[Callable[[], None]], bool]
"""Does the task whose turn it is; calls what it is given as soon as it has one, and returns whether there was one."""


class Slots:
    """Does tasks in several threads for as long as there are any.

    A thread is begun when those that are there have a task, so a message for nothing costs one look. A thread without
    a task looks for one again and again while others are at theirs.

    Args:
        work: does a task.
        count: tasks at once.
        spell: seconds after which no further task is taken for one message: brokers take back what is held too long.
        look: seconds between two looks for a task.
    """

    def __init__(self, work: Work, count: int, *, spell: float = _SPELL, look: float = _LOOK) -> None:
        self._work, self._count = work, count
        self._spell, self._look = spell, look

    def once(self) -> bool:
        """Do what there is to do, and return when nothing is left or it takes too long.

        Returns:
            whether there was anything.

        Raises:
            Exception: the first that `work` raised, when all tasks are done.
        """
        return _Spell(self._work, self._count, time.monotonic() + self._spell, self._look).run()


class _Spell:
    """What is done for one message."""

    def __init__(self, work: Work, count: int, end: float, look: float) -> None:
        self._work, self._most, self._end, self._look = work, count, end, look
        self._changed = threading.Condition()
        self._threads: list[threading.Thread] = []
        self._slots, self._busy = 1, 0
        self._has_done = False
        self._error: Exception | None = None

    def run(self) -> bool:
        """Do tasks, in this thread and others; returns and raises as `Slots.once`."""
        self._slot()
        for thread in self._threads:  # which grows while others begin
            thread.join()
        if self._error is not None:
            raise self._error
        return self._has_done

    def _slot(self) -> None:
        while time.monotonic() < self._end and self._error is None:
            if not self._tried() and not self._is_worth_waiting():
                break
        with self._changed:
            self._slots -= 1

    def _tried(self) -> bool:
        """Do a task, if there is one."""
        has_begun = False

        def begun() -> None:
            nonlocal has_begun
            has_begun = True
            self._begun()

        try:
            return self._work(begun)
        except Exception as error:  # noqa: BLE001 - raised when the tasks of the other threads are done
            self._error = self._error or error
            return False
        finally:
            with self._changed:
                self._busy -= has_begun
                self._changed.notify_all()

    def _begun(self) -> None:
        with self._changed:
            self._busy += 1
            self._has_done = True
            if self._slots < self._most and self._busy == self._slots:
                self._slots += 1
                thread = threading.Thread(target=self._slot, name=f"facefusion task {self._slots}", daemon=True)
                self._threads.append(thread)
                thread.start()

    def _is_worth_waiting(self) -> bool:
        """Wait a moment; return whether others are still at work, so that it is worth while to look again."""
        with self._changed:
            self._changed.wait_for(lambda: not self._busy, self._look)
            return self._busy > 0
