"""Models that stay loaded between previews, for a while."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from facefusion.engine.warm.parts import WarmParts


class WarmEngine:
    """Keeps the models of the previews that were made last. Safe to use from several threads.

    Networks alone stay, of one way to run them: nothing that was made of anybody's picture is kept from one preview to
    the next.

    Args:
        seconds: after the last preview, for which they stay.
        clock: tells seconds.
    """

    def __init__(self, seconds: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._clock = seconds, clock
        self._parts = WarmParts(most_kept=0, ways=1)
        self._lock = threading.Lock()
        self._users, self._used = 0, clock()

    @contextmanager
    def used(self) -> Iterator[WarmParts]:
        """Give what is warm, for one preview."""
        with self._lock:
            self._users += 1
        try:
            yield self._parts
        finally:
            with self._lock:
                self._users -= 1
                self._used = self._clock()

    def cool(self) -> None:
        """Let models go that nobody needed for long."""
        with self._lock:
            if not self._users and self._clock() - self._used >= self._seconds:
                self._parts.clear()
