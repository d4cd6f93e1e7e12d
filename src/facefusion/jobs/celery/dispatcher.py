"""Waking workers through the broker, beside whatever the caller does."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Final

from facefusion.errors import JobsUnavailableError
from facefusion.jobs.celery.broker import Broker
from facefusion.jobs.celery.link import Link

_LOG: Final = logging.getLogger(__name__)
_PAUSE: Final = 5.0


class CeleryDispatcher:
    """Wakes workers through the broker; a caller never waits for it, and never hears of its troubles.

    A thread sends what was asked for, and ends when there is no more. While the broker is away nothing is tried for
    some seconds at a time, and nothing is kept: the beat sends again whatever the database has ready.

    Args:
        broker: the broker.
        clock: tells the time in seconds.
        pause: seconds for which a broker that was away is left alone.
    """

    def __init__(self, broker: Broker, *, clock: Callable[[], float] = time.monotonic, pause: float = _PAUSE) -> None:
        self._most, self._patience = broker.most, broker.patience
        self._link = Link(broker)
        self._clock, self._pause = clock, pause
        self._lock = threading.Lock()
        self._wanted = self._kept = 0
        self._not_before = 0.0
        self._thread: threading.Thread | None = None

    def wake(self, count: int = 1) -> None:
        """Say that so many tasks have become ready; returns at once, and never fails."""
        self._ask(more=count)

    def keep(self, count: int) -> None:
        """Have at least so many messages waiting; returns at once, and never fails.

        This is for workers, which look for the next task by themselves: nobody needs a message for each of theirs.
        """
        self._ask(least=count)

    def close(self) -> None:
        """Send what is still to be sent, for as long as a broker may take to answer, and let go of the connection."""
        with self._lock:
            thread, self._not_before = self._thread, float("inf")
        if thread is not None:
            thread.join(2 * self._patience)
        if thread is None or not thread.is_alive():
            self._link.close()

    def _ask(self, *, more: int = 0, least: int = 0) -> None:
        with self._lock:
            if max(more, least) < 1 or self._clock() < self._not_before:
                return
            self._wanted, self._kept = min(self._wanted + more, self._most), max(self._kept, least)
            if self._thread is None:
                self._thread = threading.Thread(target=self._send, name="waking workers")
                self._thread.start()

    def _send(self) -> None:
        while any(asked := self._next()):
            more, least = asked
            try:
                if more:
                    self._link.send(more)
                if least:
                    self._link.keep(least)
            except JobsUnavailableError as error:
                _LOG.warning("Workers are woken later: %s", error.what)
                self._leave_alone()
            except Exception:  # noqa: BLE001 - told with its traceback; who hands in jobs never hears of it
                _LOG.exception("An unexpected error while waking workers")
                self._link.close()
                self._leave_alone()

    def _leave_alone(self) -> None:
        with self._lock:
            self._wanted = self._kept = 0
            self._not_before = max(self._not_before, self._clock() + self._pause)

    def _next(self) -> tuple[int, int]:
        with self._lock:
            asked, self._wanted, self._kept = (self._wanted, self._kept), 0, 0
            if not any(asked):
                self._thread = None
            return asked
