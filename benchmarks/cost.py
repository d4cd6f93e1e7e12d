"""Measure the CPU time that finding and swapping one face take in a frame, networks apart, and building a source."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar
from unittest.mock import patch

import cv2
import numpy as np

from benchmarks.clips import SOURCE, talking_clip
from benchmarks.common import ROOT, Figures, command, finish, parser, table
from benchmarks.pairs import Studio
from facefusion.cli.allocator import keep_memory_level
from facefusion.faces.track import FaceTracker
from facefusion.inference.session import Session
from facefusion.media.frame import Frame
from facefusion.media.open import open_reader
from facefusion.options import LimitOptions
from facefusion.processors.base import FaceFrame
from facefusion.processors.face_swapper.mesh.source import SourceModel

HEIGHTS = {720: 12.0, 1080: 25.0}
"""Lines of the frame, and the CPU time in milliseconds that all but networks is held against."""
BUILD = 1.5
"""Seconds that a source is held against, for each picture."""
_WARM_UP = 15
"""Frames that do not count: face memories settle, caches fill."""
_Result = TypeVar("_Result")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    options = _parse(arguments)
    cv2.setNumThreads(1)  # as the program has it, and the heap
    keep_memory_level()
    studio = Studio()
    with open_reader(talking_clip(options.clips, options.seconds), limits=LimitOptions()) as reader:
        frames = list(islice(reader, _WARM_UP + options.frames))
    sizes = [_cost(studio, frames, height) for height in HEIGHTS]
    columns = (
        "lines",
        "face, px",
        "analyse, CPU ms",
        "in networks",
        "swap, CPU ms",
        "all but networks",
        "held against",
    )
    print(table(columns, _rows(sizes)))
    portraits = sorted((ROOT / "examples" / "portraits").glob("*.[jp]*g"))
    built = [_build(Studio(), path) for path in portraits]
    heads = ("source", "pixels", "find the face, s", "build the model, s", "both", "held against")
    rows = [[*each.values(), each["find"] + each["build"], f"≤ {BUILD:g} s"] for each in built]
    print("", table(heads, rows), sep="\n")
    return finish({"frames": sizes, "sources": built}, options.json)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    made = parser("cost", __doc__)
    made.add_argument("--frames", type=int, default=120, help="frames of each size (default: %(default)s)")
    made.add_argument("--seconds", type=float, default=6, help="length of the clip (default: %(default)s)")
    made.add_argument(
        "--clips", type=Path, default=Path("out/benchmarks/clips"), help="where clips are kept (default: %(default)s)"
    )
    return made.parse_args(arguments)


def _rows(sizes: Sequence[Figures]) -> list[list[object]]:
    return [
        [
            size["lines"],
            f"{size['width']:.0f}",
            *(size[name] for name in ("analyse", "networks", "swap", "rest")),
            f"≤ {limit:g}",
        ]
        for size, limit in zip(sizes, HEIGHTS.values(), strict=True)
    ]


def _cost(studio: Studio, frames: Sequence[Frame], height: int) -> Figures:
    """Return medians over the frames, in milliseconds of all threads of the process.

    `networks` is what analysis spends in them, and `rest` all that neither analysis nor swap do.
    """
    source = studio.portrait(SOURCE)
    if source is None:
        raise RuntimeError(f"no face was found in {SOURCE}")
    tracker, processor = FaceTracker(studio.analyser), studio.processor(source)
    times, width = [], 0.0
    with _network_time() as spent:
        for frame in frames:
            scaled = _scaled(frame, height)
            spent.clear()
            faces, analyse = _timed(lambda now=scaled: tracker.update(now.image, float(now.time)))
            networks = sum(spent)
            _, swap = _timed(lambda now=scaled, found=tuple(faces): processor.process([FaceFrame(now, found)]))
            times.append((analyse, networks, swap, analyse + swap - sum(spent)))
            width = faces[0].width if faces else 0.0
    names = ("analyse", "networks", "swap", "rest")
    medians = (1e3 * np.median(times[_WARM_UP:], axis=0)).tolist()
    return {"lines": height, "width": width, **dict(zip(names, medians, strict=True))}


@contextmanager
def _network_time() -> Iterator[list[float]]:
    """Give a list to which each run of a network adds the CPU time that it took, in seconds."""
    spent: list[float] = []
    run = Session.run

    def timed(*arguments: Any, **named: Any) -> Any:
        answer, seconds = _timed(lambda: run(*arguments, **named))
        spent.append(seconds)
        return answer

    with patch.object(Session, "run", timed):
        yield spent


def _scaled(frame: Frame, height: int) -> Frame:
    if frame.image.shape[0] == height:
        return frame
    size = (round(frame.image.shape[1] * height / frame.image.shape[0]), height)
    return replace(frame, image=np.asarray(cv2.resize(frame.image, size, interpolation=cv2.INTER_CUBIC), np.uint8))


def _timed(call: Callable[[], _Result]) -> tuple[_Result, float]:
    start = time.process_time()
    result = call()
    return result, time.process_time() - start


def _build(studio: Studio, path: Path) -> Figures:
    """Return how long it takes to find the face of a picture and to build the model from it, in CPU seconds."""
    studio.analyser.find(np.zeros((64, 64, 3), np.uint8))  # so that the models are there
    portrait, find = _timed(lambda: studio.portrait(path))
    if portrait is None:
        raise RuntimeError(f"no face was found in {path}")
    _, build = _timed(lambda: SourceModel.build(portrait.image, portrait.face))
    height, width = portrait.image.shape[:2]
    return {"source": path.name, "pixels": f"{width}x{height}", "find": find, "build": build}


if __name__ == "__main__":
    command(main)
