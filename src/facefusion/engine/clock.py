"""Stage clocks: where the time of a job goes."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from facefusion.inference.model_time import ModelTime

T = TypeVar("T")


class StageClock:
    """Adds up the seconds that each stage is at work, waiting not counted.

    While several threads of a stage are at work, time counts once, but for that of networks.

    Attributes:
        times: by stage, when it first began and when it last ended, in seconds since 1970.
        seconds: by stage; `models` is the part of all stages together that networks ran, from when `models` is set.
        models: tells how long networks run.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.times: dict[str, tuple[float, float]] = {}
        self._epoch = time.time() - time.perf_counter()
        self.models: ModelTime | None = None
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
            with self._counting_models():
                yield
        finally:
            with self._lock:
                self._at_work[stage] -= 1
                if not self._at_work[stage]:
                    began, now = self._since[stage], time.perf_counter()
                    self.seconds[stage] = self.seconds.get(stage, 0.0) + now - began
                    first, _ = self.times.get(stage, (self._epoch + began, 0.0))
                    self.times[stage] = first, self._epoch + now

    @contextmanager
    def _counting_models(self) -> Iterator[None]:
        models = self.models
        before = models.here if models else 0.0
        try:
            yield
        finally:
            if models:
                with self._lock:
                    self.seconds["models"] = self.seconds.get("models", 0.0) + models.here - before

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
