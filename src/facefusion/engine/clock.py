"""Stage clocks: where the time of a job goes."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")


class StageClock:
    """Adds up the seconds that each stage is at work, waiting not counted. Several threads may be at one stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._lock = threading.Lock()

    @contextmanager
    def measure(self, stage: str) -> Iterator[None]:
        """Count the block's time for a stage."""
        start = time.perf_counter()
        try:
            yield
        finally:
            with self._lock:
                self.seconds[stage] = self.seconds.get(stage, 0.0) + time.perf_counter() - start

    def each(self, stage: str, values: Iterable[T]) -> Iterator[T]:
        """Yield the values, counting for a stage the time that each takes to come."""
        iterator = iter(values)
        while True:
            with self.measure(stage):
                try:
                    value = next(iterator)
                except StopIteration:
                    return
            yield value
