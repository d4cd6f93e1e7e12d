"""What accountability costs: CPU time of a 720p job with its doors, held against the same job without any.

    python -m benchmarks.trust --pairs 3

A talking clip is swapped with the bundled models and encoded at `veryfast`, under the policy `personal`, in a process
of its own with one thread for each network; its twin has no content check, mark, label, metadata, manifest or record.
The two take turns; medians are told.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.clips import SOURCE, repeated_clip, talking_clip
from benchmarks.common import Figures, JobFailedError, command, finish, last_words, parser, table
from benchmarks.trusting.job import PARTS

BOUND = 15.0
"""Percent of the job's CPU time that the doors are held against."""
_LONG = 3


def main() -> int:
    """Measure and print; 1 where the doors cost more than they may."""
    made = parser("trust", __doc__)
    made.add_argument(
        "--pairs", type=int, default=3, help="of the shorter clip; of the longer half as many (default: %(default)s)"
    )
    made.add_argument("--seconds", type=float, default=10, help="of the shorter clip (default: %(default)s)")
    made.add_argument("--short", action="store_true", help="leave out the clip three times as long")
    made.add_argument(
        "--clips", type=Path, default=Path("out/benchmarks/clips"), help="where clips are kept (default: %(default)s)"
    )
    options = made.parse_args()
    clip = talking_clip(options.clips, options.seconds)
    lengths = {options.seconds: clip}
    if not options.short:
        lengths[_LONG * options.seconds] = repeated_clip(clip, _LONG)
    pairs = {seconds: options.pairs if path == clip else -(-options.pairs // 2) for seconds, path in lengths.items()}
    found = {seconds: _pairs(path, pairs[seconds]) for seconds, path in lengths.items()}
    print(_told(found))
    costs = [figures["cost"] for figures in found.values()]
    return finish({f"{seconds:g} s": each for seconds, each in found.items()}, options.json) or int(max(costs) > BOUND)


def _pairs(clip: Path, pairs: int) -> Figures:
    """Return the medians of a clip's jobs, in seconds of CPU time."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        _job(clip, place, doors=True, warm=True)  # keys and records are made once for a place, caches fill
        runs = [(_job(clip, place, doors=True), _job(clip, place, doors=False)) for _ in range(pairs)]
    with_doors, without = ([run[side] for run in runs] for side in (0, 1))
    parts = {part: statistics.median(run["parts"].get(part, 0.0) for run in with_doors) for part in PARTS}
    figures = {
        "with": statistics.median(run["cpu"] for run in with_doors),
        "without": statistics.median(run["cpu"] for run in without),
        "cost": statistics.median(100 * (one["cpu"] / other["cpu"] - 1) for one, other in runs),
        "imports": statistics.median(one["imports"] - other["imports"] for one, other in runs),
        "first_frame": statistics.median(one["first_frame"] for one, _ in runs),
        "first_frame_without": statistics.median(other["first_frame"] for _, other in runs),
    }
    return figures | {"parts": parts, "has": without[0]["has"]}


def _job(clip: Path, place: Path, *, doors: bool, warm: bool = False) -> Figures:
    """Do one job; return what it took."""
    options = {
        "policy": "personal",
        "acknowledge": True,
        "trust_dir": str(place / "trust"),
        "execution_thread_count": 1,
        "output_video_preset": "veryfast",
    }
    if warm:
        options["trim_end"] = "0.4"
    task = {"doors": doors, "source": str(SOURCE), "target": str(clip), "output": str(place / "out.mp4")}
    clean = {name: value for name, value in os.environ.items() if not name.startswith("FACEFUSION_")}
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.trusting.job", json.dumps(task | {"options": options})],
        env=clean | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise JobFailedError(last_words(done.stderr))
    figures: Figures = json.loads(done.stdout.splitlines()[-1])
    return figures


def _told(found: dict[float, Figures]) -> str:
    """Return a table of all lengths."""
    heads = ["CPU seconds", *(f"{seconds:g}-s clip" for seconds in found)]
    each = list(found.values())
    rows: list[Sequence[object]] = [
        ["job without doors", *(figures["without"] for figures in each)],
        ["job with them", *(figures["with"] for figures in each)],
        ["**cost, % (at most 15)**", *(figures["cost"] for figures in each)],
        ["imports", *(figures["imports"] for figures in each)],
        *([part, *(figures["parts"][part] for figures in each)] for part in PARTS),
        ["until the first frame, without", *(figures["first_frame_without"] for figures in each)],
        ["until the first frame, with", *(figures["first_frame"] for figures in each)],
    ]
    return table(heads, rows)


if __name__ == "__main__":
    command(main)
