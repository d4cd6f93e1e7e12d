"""Measure how long a preview takes to show a frame: first, next, another option, any frame; at 720p and 1080p.

Clips have one face. Two kinds: a key frame every two seconds, as streams and cameras have them, and every ten, as x264
has them where nobody says otherwise: there, on average, five seconds have to be decoded on the way to a frame.
"""

from __future__ import annotations

import argparse
import os
import random
import time
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from benchmarks.clips import SOURCE, talking_clip
from benchmarks.common import Figures, command, finish, parser, table
from facefusion.engine.preview.preview import Preview
from facefusion.engine.preview.shown import Shown
from facefusion.options import Options

SECONDS = 10
CORES = 2
SIZES = {"720p": (1280, 720), "1080p": (1920, 1080)}
INTERVALS = {"2 s": 50, "10 s": 250}
CHANGES = (
    *({"blend_ratio": value} for value in (0.9, 0.7, 0.5, 0.3)),
    *({"shape": value} for value in (0.1, 0.4, 0.6, 1.0)),
    *({"face_mask_blur": value} for value in (0.1, 0.5, 0.7, 0.9)),
    *({"keep_expression": value} for value in (0.0, 0.3, 0.8, 1.0)),
)
GOAL = 150.0
"""Milliseconds within which any frame after the first is to be there."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    options = _parse(arguments)
    cores = sorted(os.sched_getaffinity(0))[:CORES]
    os.sched_setaffinity(0, cores)
    talking = talking_clip(options.clips, SECONDS)
    rows = []
    for size, shape in SIZES.items():
        for interval, frames in INTERVALS.items():
            clip = recoded(talking, *shape, frames)
            rows.append({"size": size, "key frames every": interval} | measure(clip, options.times))
    report(rows, len(cores))
    return finish({"cores": len(cores), "goal_ms": GOAL, "rows": rows}, options.json)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    made = parser("preview", __doc__)
    made.add_argument("--times", type=int, default=24, help="measurements of each kind (default: %(default)s)")
    made.add_argument(
        "--clips", type=Path, default=Path("out/benchmarks/clips"), help="where clips are kept (default: %(default)s)"
    )
    return made.parse_args(arguments)


def recoded(clip: Path, width: int, height: int, interval: int) -> Path:
    """Return the pictures of a clip in a size, with a key frame every so many frames, made once and kept beside it."""
    path = clip.with_stem(f"{clip.stem}_{height}p_{interval}")
    if path.is_file():
        return path
    part = path.with_stem(f"{path.stem}.part")
    settings = {"crf": "18", "preset": "veryfast", "g": str(interval), "x264-params": "scenecut=0"}
    with av.open(str(clip)) as source, av.open(str(part), "w") as output:
        stream = output.add_stream("libx264", rate=25, options=settings)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for number, frame in enumerate(source.decode(video=0)):
            picture = frame.reformat(width, height, "yuv420p")
            picture.pts, picture.time_base, picture.pict_type = number, Fraction(1, 25), 0
            output.mux(stream.encode(picture))
        output.mux(stream.encode(None))
    return part.rename(path)


def measure(clip: Path, times: int) -> Figures:
    """Return the figures of one clip; each kind of look at frames, wall time and CPU time of the process."""
    began = time.perf_counter()
    with Preview(Options.parse({"source_paths": SOURCE, "target_path": clip})) as preview:
        preview.show(0)
        first = 1e3 * (time.perf_counter() - began)
        anywhere = random.Random(1).choices(range(preview.count), k=times)
        looks = {
            "next frame": [lambda number=number: preview.show(number) for number in range(1, times + 1)],
            "frame before": [lambda number=number: preview.show(number + 60) for number in range(times, 0, -1)],
            "option changed": [lambda change=change: changed(preview, change) for change in (CHANGES * 9)[:times]],
            "any frame": [lambda number=number: preview.show(number) for number in anywhere],
            "the same frame": [lambda: preview.show(100) for _ in range(times)],
        }
        preview.show(60 + times + 1)
        return {"first_ms": first} | {name: figures(calls) for name, calls in looks.items()}


def changed(preview: Preview, change: dict[str, float]) -> Shown:
    """Change an option and look at the same frame again."""
    preview.change(change)
    return preview.show(90)


def figures(calls: Sequence[Callable[[], Shown]]) -> Figures:
    """Return median and 95th percentile of what calls take, in milliseconds; the first, which warms up, not counted."""
    calls[0]()
    walls, cpus = [], []
    for call in calls[1:]:
        wall, cpu = time.perf_counter(), time.process_time()
        call()
        walls.append(1e3 * (time.perf_counter() - wall))
        cpus.append(1e3 * (time.process_time() - cpu))
    return {
        "median_ms": float(np.median(walls)),
        "p95_ms": float(np.percentile(walls, 95)),
        "cpu_ms": float(np.median(cpus)),
    }


def report(rows: Sequence[Figures], cores: int) -> None:
    """Print all clips, one to a column."""
    print(f"\nOne face, {cores} cores; milliseconds: median / 95 % of wall time, in brackets the median of CPU time\n")
    kinds = [name for name, value in rows[0].items() if isinstance(value, dict)]
    cells = [["first frame, with loading", *(f"{row['first_ms']:.0f}" for row in rows)]]
    cells += [[kind, *(_cell(row[kind]) for row in rows)] for kind in kinds]
    print(table(["", *(f"{row['size']}, key frames every {row['key frames every']}" for row in rows)], cells))
    print(f"\nThe goal for any frame after the first is {GOAL:.0f} ms")


def _cell(value: Figures) -> str:
    return f"{value['median_ms']:.0f} / {value['p95_ms']:.0f} ({value['cpu_ms']:.0f})"


if __name__ == "__main__":
    command(main)
