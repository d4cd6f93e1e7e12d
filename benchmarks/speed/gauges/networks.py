"""The gauge of a job's networks: what was run, how often, with what, and how long it took."""

from __future__ import annotations

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.speed.gauges.stages import PREPARE, StageGauge
from facefusion.inference.runner import Runner, Wish
from facefusion.inference.runtime import onnxruntime


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
            if _has_threads(given, named):  # else those that are new are a codec's
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


def _has_threads(given: Sequence[Any], named: Mapping[str, Any]) -> bool:
    """Whether a session is to compute in more threads than the one that calls it."""
    options = [each for each in (*given, *named.values()) if isinstance(each, onnxruntime.SessionOptions)]
    return not options or options[0].intra_op_num_threads != 1


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
