"""Measure what one warm process gains: a batch of short clips against a run of its own for each."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.clips import SOURCE, TARGET, scaled_clip, talking_clip
from benchmarks.common import ROOT, Figures, command, finish, parser, table
from benchmarks.watch import busy_seconds

CORES = 2
SECONDS = 2
PICTURE = "picture"
SIZES = (PICTURE, "320x180", "640x360", "1280x720")
BAR = 8.0
"""How many times the rate of single runs a batch should have."""


@dataclass(frozen=True, slots=True)
class Run:
    """What one process took.

    Attributes:
        seconds: from its start to its end.
        cpu: CPU seconds.
        peak: most resident memory, in MiB.
        others: cores that other processes kept busy on average.
    """

    seconds: float
    cpu: float
    peak: float
    others: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    options = _parse(arguments)
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    rows = []
    with tempfile.TemporaryDirectory() as name:
        bench = _Bench(Path(name), options.count, options.singles, tuple(options.further))
        for size in options.sizes:
            rows.append({"size": size} | bench.measure(_target(size, options.clips), options.jobs))
            report(rows[-1:], options.count)
    print(f"\nAll sizes; a batch should have {BAR:g} times the rate of single runs\n")
    report(rows, options.count)
    return finish({"clips": options.count, "seconds": SECONDS, "cores": CORES, "sizes": rows}, options.json)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    made = parser("batch", __doc__)
    made.add_argument("--sizes", nargs="+", default=SIZES, metavar="WxH", help=f"of clips, or {PICTURE} (default: all)")
    made.add_argument("--count", type=int, default=100, help="clips in the batch (default: %(default)s)")
    made.add_argument("--singles", type=int, default=10, help="single runs, a sample (default: %(default)s)")
    made.add_argument("--jobs", nargs="+", default=("1", "2"), help="jobs at once, one batch each (default: 1 2)")
    made.add_argument(
        "--clips", type=Path, default=Path("out/benchmarks/clips"), help="where clips are kept (default: %(default)s)"
    )
    made.add_argument("--further", nargs="*", default=(), metavar="FLAG", help="given to facefusion, as name=value")
    return made.parse_args(arguments)


def _target(size: str, folder: Path) -> Path:
    """Return the picture, or the clip of a size."""
    return TARGET if size == PICTURE else scaled_clip(talking_clip(folder, SECONDS), *map(int, size.split("x")))


class _Bench:
    """Single runs and batches in a home of their own, where what is cached once is there for all of them."""

    def __init__(self, place: Path, count: int, singles: int, further: Sequence[str]) -> None:
        self._place = place
        self._count = count
        self._singles = singles
        self._further = [f"--{flag}" for flag in further]
        (place / "home").mkdir()

    def measure(self, clip: Path, jobs: Sequence[str]) -> Figures:
        """Return the figures of one size: half of the single runs come before the batches, half after."""
        self._single(clip)
        runs = [self._single(clip) for _ in range((self._singles + 1) // 2)]
        batches = {number: self._batch(clip, number) for number in jobs}
        runs += [self._single(clip) for _ in range(self._singles - len(runs))]
        single = Run(*(median(getattr(run, name) for run in runs) for name in ("seconds", "cpu", "peak", "others")))
        return {
            "single": {
                "seconds": single.seconds,
                "cpu": single.cpu,
                "peak_mib": single.peak,
                "others_busy": single.others,
            },
            "batches": {number: self._figures(run, single) for number, run in batches.items()},
        }

    def _figures(self, batch: Run, single: Run) -> Figures:
        seconds, cpu = batch.seconds / self._count, batch.cpu / self._count
        return {
            "seconds_a_clip": seconds,
            "cpu_a_clip": cpu,
            "peak_mib": batch.peak,
            "others_busy": batch.others,
            "ratio": single.seconds / seconds,
            "ratio_of_cpu": single.cpu / cpu,
            # What all cores do in the time of a single run, were they never idle and had nothing else to do; where they
            # have, a single run would take about its CPU time without.
            "ratio_at_most": CORES * min(single.seconds, single.cpu) / cpu,
        }

    def _single(self, clip: Path) -> Run:
        output = self._place / f"single{clip.suffix}"
        return self._run("process", "--target", str(clip.resolve()), "--output", str(output))

    def _batch(self, clip: Path, jobs: str) -> Run:
        with tempfile.TemporaryDirectory(dir=self._place) as name:
            folder = Path(name, "clips")
            folder.mkdir()
            for number in range(self._count):
                (folder / f"{number:04}{clip.suffix}").symlink_to(clip.resolve())
            return self._run("batch", str(folder), "--output-dir", str(Path(name, "out")), "--jobs", jobs)

    def _run(self, *arguments: str) -> Run:
        """Run the program and return what it took.

        Raises:
            subprocess.CalledProcessError: it failed.
        """
        line = [sys.executable, "-m", "facefusion", *arguments, "--source", str(SOURCE), "--quiet", *self._further]
        with tempfile.TemporaryFile() as said:
            start, busy = time.perf_counter(), busy_seconds()
            process = subprocess.Popen(line, stdout=said, stderr=said, env=self._environment(), cwd=self._place)
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            seconds = time.perf_counter() - start
            if process.returncode:
                said.seek(0)
                print(said.read().decode(errors="replace")[-2000:], file=sys.stderr)
                raise subprocess.CalledProcessError(process.returncode, line)
        cpu = used.ru_utime + used.ru_stime
        others = max(0.0, busy_seconds() - busy - cpu) / seconds
        return Run(seconds, cpu, used.ru_maxrss / 1024, others)

    def _environment(self) -> Mapping[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("FACEFUSION_", "XDG_"))}
        kept |= {"FACEFUSION_POLICY": os.environ["FACEFUSION_POLICY"]}
        paths = [str(ROOT / "src"), *filter(None, [os.environ.get("PYTHONPATH")])]
        return kept | {"HOME": str(self._place / "home"), "PYTHONPATH": os.pathsep.join(paths)}


def report(rows: Sequence[Figures], count: int) -> None:
    """Print one line for each size and number of jobs at once."""
    heads = ["clips", "at once", "single s", "batch s/clip", "ratio", "CPU s, single", "CPU s/clip", "ratio of CPU"]
    heads += ["ratio at most", "peak MiB, single", "peak MiB, batch", "cores busy with others"]
    lines = []
    for row in rows:
        single = row["single"]
        for number, batch in row["batches"].items():
            lines.append(
                [
                    *(f"{count} x {row['size']}", number, single["seconds"], batch["seconds_a_clip"], batch["ratio"]),
                    *(single["cpu"], batch["cpu_a_clip"], batch["ratio_of_cpu"], batch["ratio_at_most"]),
                    *(f"{single['peak_mib']:.0f}", f"{batch['peak_mib']:.0f}", batch["others_busy"]),
                ]
            )
    print(table(heads, lines), flush=True)


if __name__ == "__main__":
    command(main)
