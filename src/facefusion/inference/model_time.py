"""How long networks run, told thread by thread: whoever runs them can tell their time from its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


class ModelTime:
    """Adds up the time that networks run. What one thread reads is what ran in it, whoever else uses the networks."""

    def __init__(self) -> None:
        self._here = threading.local()

    @property
    def here(self) -> float:
        """Seconds that networks have run in the calling thread so far."""
        return float(getattr(self._here, "seconds", 0.0))

    def add(self, seconds: float) -> None:
        """Count seconds for the calling thread, less than none where they were those of others."""
        self._here.seconds = self.here + seconds

    @contextmanager
    def measure(self) -> Iterator[None]:
        """Count the block."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.add(time.perf_counter() - start)
