"""Two results of `benchmarks.throughput` side by side."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.common import Figures, table

FIGURES = {
    "frames/s without start-up": "rate_warm",
    "first frame after, s": "first_frame_s",
    "CPU ms/frame, all": "cpu_all_ms",
    "CPU ms/frame, ours alone": "cpu_own_ms",
    "wall ms/frame with a network at work": "model_wall_ms",
    "peak memory, MiB": "peak_mib",
    "peak memory once prepared, MiB": "work_peak_mib",
    "written by the process, bytes": "written_bytes",
}


def compare(old: Figures, new: Figures) -> str:
    """Return a table of what changed in the settings that both results have, or a sentence that they have none."""
    before = {run["title"]: run for run in old["runs"]}
    lines = [line for run in new["runs"] if run["title"] in before for line in _lines(before[run["title"]], run)]
    if not lines:
        return "The two results have no setting in common"
    return table(("setting", "figure", "before", "now", "change"), lines)


def _lines(old: Figures, new: Figures) -> Iterator[list[object]]:
    stages = {
        f"CPU ms/frame, {stage}": (old["cpu_ms"].get(stage, 0.0), value) for stage, value in new["cpu_ms"].items()
    }
    for title, (before, now) in ({title: (old[key], new[key]) for title, key in FIGURES.items()} | stages).items():
        change = f"{now / before - 1:+.1%}" if before else ""
        yield [new["title"], title, before, now, change]
