"""One swap in a process of its own, which reports what it took: what `benchmarks.throughput` starts.

    python -m benchmarks.job SOURCE TARGET OUTPUT [PRESET]

Prints one line of JSON.
"""

from __future__ import annotations

import json
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

from facefusion import process_video
from facefusion.cli.allocator import keep_memory_level
from facefusion.engine.clock import StageClock


class CpuClock(StageClock):
    """Adds up beside the time also the CPU time of the thread that a stage runs in.

    Work that a stage hands on, to the codecs' threads above all, is not in it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.cpu: defaultdict[str, float] = defaultdict(float)

    @contextmanager
    def measure(self, stage: str) -> Iterator[None]:
        """Count the block's time and its thread's CPU time for a stage."""
        start = time.thread_time()
        try:
            with super().measure(stage):
                yield
        finally:
            self.cpu[stage] += time.thread_time() - start


def main(source: str, target: str, output: str, preset: str = "veryfast") -> int:
    """Do the job and report."""
    keep_memory_level()  # as the program has it
    clock, imports = CpuClock(), time.process_time()
    with mock.patch("facefusion.engine.run.StageClock", lambda: clock):
        result = process_video(target, output, source_paths=source, output_video_preset=preset)
    report = {
        "frames": result.frames,
        "faces": result.faces,
        "seconds": result.seconds,
        "work": dict(result.stage_seconds),
        "cpu": dict(clock.cpu),
        "cpu_imports": imports,
        "cpu_total": time.process_time(),
        "peak_kib": _field("/proc/self/status", "VmHWM"),
        "written": _field("/proc/self/io", "wchar"),
    }
    print(json.dumps(report))
    return 0


def _field(path: str, name: str) -> int:
    """Return a number of a file of the system's, such as the process's peak resident memory in KiB."""
    lines = Path(path).read_text("utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
