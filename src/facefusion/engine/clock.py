"""Stage clocks: where the time of a job goes."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")


class StageClock:
    """Adds up the seconds that each stage is at work, waiting not counted.

    While several threads of a stage are at work, time counts once.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._at_work: Counter[str] = Counter()
        self._since: dict[str, float] = {}
        self._lock = threading.Lock()

    @contextmanager
    def measure(self, stage: str) -> Iterator[None]:
        """Count the block's time for a stage."""
        with self._lock:
            if not self._at_work[stage]:
                self._since[stage] = time.perf_counter()
            self._at_work[stage] += 1
        try:
            yield
        finally:
            with self._lock:
                self._at_work[stage] -= 1
                if not self._at_work[stage]:
                    seconds = time.perf_counter() - self._since[stage]
                    self.seconds[stage] = self.seconds.get(stage, 0.0) + seconds

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
            del value
