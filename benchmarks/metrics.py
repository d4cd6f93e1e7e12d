"""What figures cost: `python -m benchmarks.metrics` prints CPU time of counting, of an answer, and its size.

Processor time of a process, so that other programs of the machine change little. Counting is measured in a process of a
group, as services and workers are, and the answer with the files of those that ended.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import event

from facefusion.jobs.migrations import upgrade
from facefusion.jobs.monitoring.queue_figures import QueueFigures
from facefusion.telemetry.devices import MachineFigures
from facefusion.telemetry.exposition import Shown
from facefusion.telemetry.gathering import gathered_in
from facefusion.trust.database import open_database

_TIMES = 100_000
_COUNTING = f"""
import time
from facefusion.telemetry import catalogue
from facefusion.telemetry.recording import Recorded, Unrecorded
for recorder in (Unrecorded(), Recorded()):
    begin = time.process_time()
    for _ in range({_TIMES}):
        recorder.add(catalogue.REQUESTS, "GET", "/v1/jobs", "200")
        recorder.observe(catalogue.REQUEST_SECONDS, 0.02, "GET", "/v1/jobs")
    print((time.process_time() - begin) / {_TIMES} * 1e6)
"""


def _counted() -> list[float]:
    done = subprocess.run([sys.executable, "-c", _COUNTING], capture_output=True, text=True, check=True, env=os.environ)
    return [float(line) for line in done.stdout.split()]


def _cpu(call: Callable[[], object], times: int = 20) -> float:
    begin = time.process_time()
    for _ in range(times):
        call()
    return (time.process_time() - begin) / times * 1e3


def main() -> None:
    """Measure and print."""
    from prometheus_client import CollectorRegistry, generate_latest  # noqa: PLC0415 - looks for its folder when imported

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "figures").mkdir()
        engine, asked = open_database(folder / "jobs.db"), list[str]()
        upgrade(engine)
        event.listen(engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
        registry = CollectorRegistry()
        registry.register(Shown(folder / "figures", [QueueFigures(engine), MachineFigures({"scratch": folder})]))
        with gathered_in(folder / "figures"):
            off, on = _counted()
            print(f"a request that is counted, in µs of CPU: {on:.1f}; where nobody asks for figures: {off:.2f}")
            asked.clear()
            size = len(generate_latest(registry))
            print(f"an answer: {len(asked)} statements, {size / 1024:.0f} KiB, ms of CPU: {_one(registry):.0f}")
        engine.dispose()


def _one(registry: object) -> float:
    from prometheus_client import generate_latest  # noqa: PLC0415

    return _cpu(lambda: generate_latest(registry))  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
