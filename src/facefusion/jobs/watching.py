"""Watching over attempts: keeping their leases, and stopping those that are lost or do not move."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, Final

from facefusion.errors import FaceFusionError, JobsUnavailableError, LeaseLostError
from facefusion.jobs.queue import JobQueue
from facefusion.jobs.values import Failure
from facefusion.jobs.work.attempt import Attempt

_LOG = logging.getLogger(__name__)
_BEATS: Final = 3
"""Times that a lease is extended before it would be over."""
_MOST_WAIT: Final = 4.0
"""Seconds after which leases are extended at the latest: so soon a worker hears that a job was cancelled."""
_PROBE: Final = 1.0
"""Seconds between two looks at a database that was away."""
_SETTLE: Final = 4.0
"""Seconds for which a database that was away must be back before tasks are taken from workers that were silent."""
_GRACE: Final = 120.0
"""Seconds that work which was stopped has to come to its end."""


class Watch:
    """Extends the leases of a worker's attempts, in a thread of its own, for as long as a block lasts.

    Args:
        queue: gave the leases.
        worker: name of the worker.
        facts: of the worker, as JSON values.
        seconds: for which leases are given.
        stall_seconds: after which an attempt without progress is given up.
        grace: seconds after which one that does not come to its end is stuck.

    Attributes:
        stuck: set when an attempt that was stopped did not end: its thread never will.
    """

    def __init__(
        self,
        queue: JobQueue,
        worker: str,
        facts: Mapping[str, Any],
        *,
        seconds: float,
        stall_seconds: float,
        grace: float = _GRACE,
    ) -> None:
        self._queue, self._worker, self._facts = queue, worker, facts
        self._slow = seconds / _BEATS
        self._wait = min(self._slow, _MOST_WAIT)
        self._stall, self._grace = stall_seconds, grace
        self._attempts: dict[int, Attempt] = {}
        self._lock = threading.RLock()  # a handler of signals may ask while its own thread holds it
        self._over = threading.Event()
        self._at: dict[int, float] = {}
        self._away_at = float("-inf")
        self.stuck = threading.Event()

    @contextmanager
    def over(self, attempt: Attempt) -> Iterator[None]:
        """Watch over an attempt."""
        key = id(attempt)
        with self._lock:
            self._attempts[key] = attempt
        try:
            yield
        finally:
            with self._lock:
                del self._attempts[key]
                self._at.pop(key, None)

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """Those that are being made."""
        with self._lock:
            return tuple(self._attempts.values())

    @property
    def is_settling(self) -> bool:
        """Whether the database was away just now: then all workers first say that they are still there."""
        return time.monotonic() - self._away_at < _SETTLE

    def was_away(self) -> None:
        """Hear that the database could not be used."""
        self._away_at = time.monotonic()

    @contextmanager
    def beating(self) -> Iterator[None]:
        """Beat until the block ends, and say then that the worker is gone."""
        thread = threading.Thread(target=self._beat, name="facefusion heartbeat", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join(self._wait)
            with suppress(FaceFusionError):
                self._queue.gone(self._worker)

    def _beat(self) -> None:
        following = 0.0
        while True:
            for attempt in self.attempts:
                self._tried(partial(self._extend, attempt))
                self._look(attempt)
            if self.is_settling:
                self._tried(partial(self._queue.seen, self._worker, self._facts))
            elif time.monotonic() >= following:
                following = time.monotonic() + self._slow
                self._tried(lambda: self._queue.seen(self._worker, self._facts))
                self._tried(self._queue.sweep)
            if self._over.wait(min(_PROBE, self._wait) if self.is_settling else self._wait):
                return

    def _extend(self, attempt: Attempt) -> None:
        if attempt.reason == "stalled":
            return
        try:
            self._queue.extend(attempt.lease, frames=attempt.frames, total=attempt.total)
        except LeaseLostError:
            attempt.stop("lost")

    def _look(self, attempt: Attempt) -> None:
        """Stop an attempt that does not move, and notice one that does not stop."""
        if attempt.silence > self._stall and not attempt.cancel.is_set():
            failure = Failure("StalledError", 1, f"The work made no progress for {self._stall:g} seconds")
            attempt.stop("stalled")
            version = {"version": self._facts.get("version")}
            self._tried(lambda: self._queue.failed(attempt.lease, failure, facts=version))
        if attempt.cancel.is_set():
            began = self._at.setdefault(id(attempt), time.monotonic())
            if time.monotonic() - began > self._grace:
                self.stuck.set()

    def _tried(self, call: Callable[[], object]) -> None:
        """Do something that is done again at the next beat, whatever becomes of it."""
        try:
            call()
        except JobsUnavailableError as error:
            self.was_away()
            _LOG.warning("%s", error.what)
        except LeaseLostError as error:
            _LOG.warning("%s", error.what)
        except Exception:  # noqa: BLE001 - told with its traceback; leases must be kept whatever happens
            _LOG.exception("An unexpected error while watching over tasks")
