"""One swap in a process of its own, which reports what it took: what `benchmarks.throughput` starts.

    python -m benchmarks.job '{"source": "a.png", "target": "b.mp4", "output": "c.mp4", "options": {}, "encodes": true}'

Prints one line of JSON. Where nothing is to be encoded, frames are thrown away where the encoder would take them.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from benchmarks.common import Figures
from benchmarks.speed.gauges import PREPARE, ChannelGauge, NetworkGauge, StageGauge, ThreadGauge, gauged
from facefusion import process_video
from facefusion.cli.allocator import keep_memory_level
from facefusion.engine import video
from facefusion.engine.doors.record import Record
from facefusion.engine.segments.sink import JobSink
from facefusion.media.frame import Frame


def main(text: str) -> int:
    """Do the job and report."""
    task = json.loads(text)
    keep_memory_level()  # as the program has it
    with gauged() as gauges, _counted(encodes=task.get("encodes", True)) as count:
        process_video(task["target"], task["output"], source_paths=task["source"], **task.get("options", {}))
        ended = time.perf_counter()
    print(json.dumps({"frames": count[0]} | _report(*gauges, ended) | _of_process()))
    return 0


@contextmanager
def _counted(*, encodes: bool) -> Iterator[list[int]]:
    """Count the frames that reach the encoder; let none into it unless it encodes."""
    count, take = [0], JobSink.take

    def counting(sink: JobSink, item: Any) -> None:
        count[0] += isinstance(item, Frame)
        if encodes:
            take(sink, item)

    with mock.patch.object(JobSink, "take", counting):
        if encodes:
            yield count
            return
        nothing_leaves = mock.patch.object(Record, "published", lambda *_given, **_more: None)
        with mock.patch.object(video, "join_outputs", lambda *_given: {}), nothing_leaves:
            yield count


def _report(
    stages: StageGauge, networks: NetworkGauge, channels: ChannelGauge, threads: ThreadGauge, ended: float
) -> Figures:
    """Return all that the gauges say; times in seconds, moments counted from the start of the process."""
    start = time.perf_counter() - _age()
    prepared = stages.lasts[PREPARE]
    first = stages.firsts.get("encode", ended)
    loading = sum(end - begin for begin, end in networks.loads if begin < first)
    return {
        "prepared": prepared - start,
        "ended": ended - start,
        "first_frame": first - start,
        "loading": loading,
        "any_model": stages.any_model,
        "cpu": {stage: seconds for stage, seconds in stages.cpu.items() if stage != PREPARE},
        "cpu_models": sum(seconds for stage, seconds in stages.models.items() if stage != PREPARE),
        "cpu_prepared": stages.cpu_prepared,
        "cpu_python": threads.cpu - channels.cpu,
        "cpu_gauge": channels.cpu,
        "model_threads": sorted(networks.threads),
        "channels": channels.means(),
        "memory_at_work": channels.memory,
        "runs": [
            {"model": model, "shapes": dict(shapes), "runs": runs, "seconds": networks.seconds[model, shapes]}
            for (model, shapes), runs in networks.runs.items()
        ],
    }


def _of_process() -> Figures:
    return {
        "cpu_total": time.process_time(),
        "peak_kib": _field("/proc/self/status", "VmHWM"),
        "written": _field("/proc/self/io", "wchar"),
    }


def _age() -> float:
    """Return the seconds since this process was started."""
    started = int(Path("/proc/self/stat").read_text("utf-8").rpartition(")")[2].split()[19])
    return time.clock_gettime(time.CLOCK_BOOTTIME) - started / os.sysconf("SC_CLK_TCK")


def _field(path: str, name: str) -> int:
    """Return a number of a file of the system's, such as the process's peak resident memory in KiB."""
    lines = Path(path).read_text("utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
