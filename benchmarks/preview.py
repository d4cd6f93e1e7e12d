"""Measure how long a preview takes to show a frame: first, next, another option, any frame; at 720p and 1080p.

Clips have one face. Two kinds: a key frame every two seconds, as streams and cameras have them, and every ten, as x264
has them where nobody says otherwise: there, on average, five seconds have to be decoded on the way to a frame.
"""

from __future__ import annotations

import argparse
import os
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from fractions import Fraction
from functools import partial
from pathlib import Path

import av
import cv2
import numpy as np

from benchmarks.clips import SOURCE, talking_clip
from benchmarks.common import Figures, command, finish, parser, table
from facefusion.engine.preview.preview import Preview
from facefusion.engine.preview.shown import Shown
from facefusion.engine.run import run
from facefusion.media.finder import FrameFinder
from facefusion.options import LimitOptions, Options

CORES = 2
SIZES = {"720p": (1280, 720), "1080p": (1920, 1080)}
INTERVALS = {"2 s": 50, "10 s": 250}
CHANGES = (
    *({"blend_ratio": value} for value in (0.9, 0.7, 0.5, 0.3)),
    *({"shape": value} for value in (0.1, 0.4, 0.6, 1.0)),
    *({"face_mask_blur": value} for value in (0.1, 0.5, 0.7, 0.9)),
    *({"keep_expression": value} for value in (0.0, 0.3, 0.8, 1.0)),
)
COMPARED = (10, 20, 30, 45, 59)
HISTORIES = (0, 4, 12, 24)
"""Frames that are compared with those of a job, and how many before them are gone through."""
GOAL = 150.0
"""Milliseconds within which any frame after the first is to be there."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    options = _parse(arguments)
    cores = sorted(os.sched_getaffinity(0))[:CORES]
    os.sched_setaffinity(0, cores)
    talking = talking_clip(options.clips, options.seconds)
    rows = []
    for size in options.sizes:
        for interval, frames in INTERVALS.items():
            clip = recoded(talking, *SIZES[size], frames)
            rows.append({"size": size, "key frames every": interval} | measure(clip, options.times))
    with tempfile.TemporaryDirectory() as folder:
        differences = off(recoded(talking, *SIZES["720p"], INTERVALS["2 s"]), Path(folder))
    report(rows, differences, len(cores))
    return finish({"cores": len(cores), "goal_ms": GOAL, "rows": rows, "off": differences}, options.json)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    made = parser("preview", __doc__)
    made.add_argument("--sizes", nargs="+", choices=SIZES, default=[*SIZES], help="of the clips (default: all)")
    made.add_argument("--seconds", type=float, default=10, help="length of the clips (default: %(default)s)")
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
        count, middle = preview.count, preview.count // 2
        before = range(min(middle + times, count - 1), middle - 1, -1)
        anywhere = random.Random(1).choices(range(count), k=times)
        changes = (CHANGES * (times // len(CHANGES) + 1))[:times]
        looks = {
            "next frame": [partial(preview.show, number) for number in range(1, min(times, count - 1) + 1)],
            "frame before": [partial(preview.show, number) for number in before],
            "option changed": [partial(changed, preview, change) for change in changes],
            "any frame": [partial(preview.show, number) for number in anywhere],
            "the same frame": [partial(preview.show, middle)] * times,
        }
        return {"first_ms": first} | {name: figures(calls) for name, calls in looks.items()}


def changed(preview: Preview, change: dict[str, float]) -> Shown:
    """Change an option and look at the same frame again."""
    preview.change(change)
    return preview.show(preview.count // 3)


def off(clip: Path, folder: Path) -> Figures:
    """Return how far previews are off the frames of a job, mean over the face's luma, by the frames gone through."""
    options = {"source_paths": SOURCE, "target_path": clip, "trim_end": f"{COMPARED[-1] + 1}f"}
    given = folder / "job.mkv"
    run(Options.parse({**options, "output_path": given, "output_video_encoder": "ffv1"}))
    with Preview(Options.parse(options)) as preview, closing(FrameFinder(given, LimitOptions())) as result:
        wanted = [number for number in COMPARED if number < preview.count]
        seen = {number: [preview.show(number, history=frames) for frames in HISTORIES] for number in wanted}
        apart = [[_apart(each, each.after, result.frame(number).image) for each in seen[number]] for number in wanted]
        edit = [_apart(shown[0], shown[0].before, result.frame(number).image) for number, shown in seen.items()]
    by = dict(zip(map(str, HISTORIES), np.mean(apart, axis=0).tolist(), strict=True))
    return {"by_history": by, "edit": float(np.mean(edit))}


def _apart(seen: Shown, one: np.ndarray, other: np.ndarray) -> float:
    left, top, right, bottom = np.round(seen.faces[0].box).astype(int)
    lumas = [cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)[top:bottom, left:right].astype(int) for image in (one, other)]
    return float(np.abs(lumas[0] - lumas[1]).mean())


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


def report(rows: Sequence[Figures], differences: Figures, cores: int) -> None:
    """Print all clips, one to a column, and how far previews are off."""
    print(f"\nOne face, {cores} cores; milliseconds: median / 95 % of wall time, in brackets the median of CPU time\n")
    kinds = [name for name, value in rows[0].items() if isinstance(value, dict)]
    cells = [["first frame, with loading", *(f"{row['first_ms']:.0f}" for row in rows)]]
    cells += [[kind, *(_cell(row[kind]) for row in rows)] for kind in kinds]
    print(table(["", *(f"{row['size']}, key frames every {row['key frames every']}" for row in rows)], cells))
    print(f"\nThe goal for any frame after the first is {GOAL:.0f} ms\n")
    print("A preview against the job's frame, luma over the face, mean difference in grey levels; the swap itself")
    print(f"changes it by {differences['edit']:.1f}\n")
    by = differences["by_history"]
    print(table(["frames gone through before", *by], [["off by", *by.values()]]))


def _cell(value: Figures) -> str:
    return f"{value['median_ms']:.0f} / {value['p95_ms']:.0f} ({value['cpu_ms']:.0f})"


if __name__ == "__main__":
    command(main)
