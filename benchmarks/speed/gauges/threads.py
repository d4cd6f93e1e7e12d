"""The gauge of Python's own threads."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class ThreadGauge:
    """Adds up the CPU time of threads of Python's own, when they end."""

    def __init__(self) -> None:
        self._ended: list[float] = []

    @property
    def cpu(self) -> float:
        """Seconds of all threads that ended, and of the calling one."""
        return sum(self._ended) + time.thread_time()

    def run(self, original: Callable[..., None]) -> Callable[..., None]:
        """Return `Thread.run` with the gauge around it."""

        def ran(thread: threading.Thread) -> None:
            try:
                original(thread)
            finally:
                self._ended.append(time.thread_time())

        return ran
