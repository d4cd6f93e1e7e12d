"""The gauge of a job's stages, and of the networks within them."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from facefusion.engine.clock import StageClock
from facefusion.inference.model_time import ModelTime

PREPARE = "prepare"


class StageGauge:
    """Adds up the CPU time of the threads that stages run in, and tells networks within a stage from the stage.

    Attributes:
        cpu: seconds by stage, what networks took of them left out.
        models: CPU seconds of the threads that called networks, by the stage in which they did; the runtime's own
            threads are not in it.
        any_model: seconds in which at least one network ran, the preparation left out.
        firsts: when a stage ended its first block, by `time.perf_counter`.
        lasts: when it ended its last.
        cpu_prepared: CPU seconds of the calling thread at the end of the preparation, from the start of the process.
    """

    def __init__(self) -> None:
        self.cpu: defaultdict[str, float] = defaultdict(float)
        self.models: defaultdict[str, float] = defaultdict(float)
        self.any_model = 0.0
        self.firsts: dict[str, float] = {}
        self.lasts: dict[str, float] = {}
        self.cpu_prepared = 0.0
        self._here = threading.local()
        self._lock = threading.Lock()
        self._running, self._since = 0, 0.0

    @property
    def stage(self) -> str:
        """The stage that this thread is at, or was at last."""
        return getattr(self._here, "stage", "start")

    def wrap(self, measure: Callable[..., Any]) -> Callable[..., Any]:
        """Return `StageClock.measure` with the gauge around it."""

        @contextmanager
        def measured(clock: StageClock, stage: str) -> Iterator[None]:
            with measure(clock, stage), self._stage(stage):
                yield

        return measured

    def wrap_model(self, measure: Callable[..., Any]) -> Callable[..., Any]:
        """Return `ModelTime.measure` with the gauge around it."""

        @contextmanager
        def measured(clock: ModelTime) -> Iterator[None]:
            with measure(clock), self._model():
                yield

        return measured

    @contextmanager
    def _stage(self, stage: str) -> Iterator[None]:
        self._here.stage, self._here.inner = stage, 0.0
        start = time.thread_time()
        try:
            yield
        finally:
            used, now = time.thread_time(), time.perf_counter()
            with self._lock:
                self.cpu[stage] += used - start - self._here.inner
                self.firsts.setdefault(stage, now)
                self.lasts[stage] = now
            if stage == PREPARE:
                self.cpu_prepared = used

    @contextmanager
    def _model(self) -> Iterator[None]:
        counts = self.stage != PREPARE
        if counts:
            self._change(1)
        start = time.thread_time()
        try:
            yield
        finally:
            used = time.thread_time() - start
            self._here.inner = getattr(self._here, "inner", 0.0) + used
            with self._lock:
                self.models[self.stage] += used
            if counts:
                self._change(-1)

    def _change(self, by: int) -> None:
        with self._lock:
            now = time.perf_counter()
            if self._running:
                self.any_model += now - self._since
            self._running, self._since = self._running + by, now
