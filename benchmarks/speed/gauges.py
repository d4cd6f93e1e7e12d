"""Gauges within a job: its stages, its networks, its channels and its threads.

They are put on from outside, so that the product carries none of them but its own clock.
"""

from __future__ import annotations

import os
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from facefusion.engine.channel import Channel
from facefusion.engine.clock import StageClock
from facefusion.inference import session
from facefusion.inference.model_time import ModelTime
from facefusion.inference.runner import Runner, Wish
from facefusion.inference.runtime import onnxruntime

PREPARE = "prepare"
INTERVAL = 0.02
"""Seconds between two looks at the channels."""


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


class NetworkGauge:
    """Counts runs of networks, by model and shapes of inputs, and the seconds that they and their loading took.

    Args:
        stages: tells what is preparation, whose runs are not counted.
    """

    def __init__(self, stages: StageGauge) -> None:
        self.runs: Counter[tuple[str, tuple[tuple[str, tuple[int, ...]], ...]]] = Counter()
        self.seconds: defaultdict[Any, float] = defaultdict(float)
        self.threads: set[int] = set()
        self.loads: list[tuple[float, float]] = []
        self._stages = stages
        self._names: dict[int, tuple[Runner, str]] = {}
        self._lock = threading.Lock()

    def open(self, original: Callable[..., Runner]) -> Callable[..., Runner]:
        """Return `open_runner` with the gauge around it."""

        def opened(*given: Any, **named: Any) -> Runner:
            wish = next(each for each in (*given, *named.values()) if isinstance(each, Wish))
            runner = original(*given, **named)
            self._names[id(runner)] = (runner, wish.name)  # the runner too: its number must not be another's later
            return runner

        return opened

    def load(self, original: Callable[..., Any]) -> Callable[..., Any]:
        """Return the runtime's own session with the gauge around it."""

        def loaded(*given: Any, **named: Any) -> Any:
            before, start = _own_threads(), time.perf_counter()
            made = original(*given, **named)
            self.loads.append((start, time.perf_counter()))
            self.threads |= _own_threads() - before
            return made

        return loaded

    def run(self, original: Callable[..., Any]) -> Callable[..., Any]:
        """Return `Runner.run` with the gauge around it."""

        def ran(runner: Runner, outputs: Sequence[str], feeds: Mapping[str, Any]) -> Any:
            if self._stages.stage == PREPARE:
                return original(runner, outputs, feeds)
            start = time.perf_counter()
            result = original(runner, outputs, feeds)
            shapes = tuple((name, tuple(value.shape)) for name, value in feeds.items())
            key = (self._names.get(id(runner), (runner, "?"))[1], shapes)
            with self._lock:
                self.runs[key] += 1
                self.seconds[key] += time.perf_counter() - start
            return result

        return ran


class ChannelGauge:
    """Looks how full channels are, fifty times a second, for as long as the target's frames go through, and at memory.

    Args:
        stages: tells by which stage a channel is filled.
    """

    def __init__(self, stages: StageGauge) -> None:
        self.fill: defaultdict[str, list[float]] = defaultdict(list)
        self.places: dict[str, int] = {}
        self.cpu = 0.0
        self.memory = 0
        self._stages = stages
        self._channels: dict[int, tuple[Channel[Any], str]] = {}
        self._ended = threading.Event()

    def put(self, original: Callable[..., bool]) -> Callable[..., bool]:
        """Return `Channel.put` with the gauge around it."""

        def put(channel: Channel[Any], value: Any) -> bool:
            if id(channel) not in self._channels:
                self._channels[id(channel)] = (channel, self._stages.stage)
            return original(channel, value)

        return put

    @contextmanager
    def looking(self) -> Iterator[None]:
        """Look while the block runs."""
        thread = threading.Thread(target=self._look, name="gauge")
        thread.start()
        try:
            yield
        finally:
            self._ended.set()
            thread.join()

    def _look(self) -> None:
        while not self._ended.wait(INTERVAL):
            open_ones = [each for each in list(self._channels.values()) if not each[0]._finished]
            if open_ones:
                self.memory = max(self.memory, _resident())
            for channel, stage in open_ones:
                self.places[stage] = channel._capacity
                self.fill[stage].append(len(channel._values) / channel._capacity)
        self.cpu = time.thread_time()

    def means(self) -> dict[str, dict[str, float]]:
        """Return of each channel, named by the stage that fills it, its places and the share that was filled."""
        return {
            stage: {"places": self.places[stage], "fill": sum(seen) / len(seen)} for stage, seen in self.fill.items()
        }


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


@contextmanager
def gauged() -> Iterator[tuple[StageGauge, NetworkGauge, ChannelGauge, ThreadGauge]]:
    """Put the gauges on while the block runs."""
    stages, threads = StageGauge(), ThreadGauge()
    networks, channels = NetworkGauge(stages), ChannelGauge(stages)
    with ExitStack() as stack:
        for owner, name, gauge in (
            (StageClock, "measure", stages.wrap),
            (ModelTime, "measure", stages.wrap_model),
            (threading.Thread, "run", threads.run),
            (onnxruntime, "InferenceSession", networks.load),
            (Runner, "run", networks.run),
            (Channel, "put", channels.put),
            (session, "open_runner", networks.open),
        ):
            stack.enter_context(mock.patch.object(owner, name, gauge(getattr(owner, name))))
        stack.enter_context(channels.looking())
        yield stages, networks, channels, threads


def _resident() -> int:
    """Return the bytes of memory that this process has in use."""
    return int(Path("/proc/self/statm").read_text("utf-8").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _own_threads() -> set[int]:
    """Return the numbers of this process's threads that are neither Python's nor the codecs'."""
    python = {thread.native_id for thread in threading.enumerate()}
    found = set()
    for task in Path("/proc/self/task").iterdir():
        try:
            name = (task / "comm").read_text("utf-8")
        except OSError:
            continue  # it ended meanwhile
        if int(task.name) not in python and not name.startswith("av:"):
            found.add(int(task.name))
    return found
