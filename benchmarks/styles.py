"""Draw clips in each look: what a frame costs, and how much strokes boil, steadied and frame by frame."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

from benchmarks.common import Figures, MissingAssetsError, assets, command, finish, parser, table
from facefusion.media.frame import Image
from facefusion.media.open import open_reader
from facefusion.options import LimitOptions, Options
from facefusion.processors.stylizer.canvas import on_canvas
from facefusion.processors.stylizer.cube import CubeTable
from facefusion.processors.stylizer.flow import places
from facefusion.processors.stylizer.grading import Grading
from facefusion.processors.stylizer.painters import Painter, painter_for
from facefusion.processors.stylizer.steady import motion_between

CLIPS = ("speaker_frontal_obama.mp4", "head_motion_male.mp4", "two_people_head_motion.mp4")
LOOKS = ("cartoon", "oil", "sketch")
LINES = 720
_FOLLOWED = 8.0
"""Difference from the frame before, 0 to 255, up to which the motion that was found is believed."""
_HEADS = ("clip", "look", "CPU ms a frame", "boiling", "frame by frame", "the clip's own")

Painting = Callable[[Image], Image]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what looks cost and how they boil; return the exit code."""
    options = parser("styles", __doc__)
    options.add_argument("--frames", type=int, default=16, help="of each clip; 16 when nothing is said")
    options.add_argument("--clips", nargs="+", default=CLIPS, help="files of the test material's `video`")
    given = options.parse_args(arguments)
    rows, figures = [], Figures()
    for name in given.clips:
        frames = _frames(assets("video", name), given.frames)
        own = boiling(frames, frames)
        for look in LOOKS:
            painter = painter_for(Options.parse({"stylizer_look": look}).stylizer)
            cost, steadied = _painted(frames, partial(_steadied, painter))
            _, alone = _painted(frames, partial(_alone, painter))
            found = {"ms": cost, "boiling": boiling(steadied, frames), "alone": boiling(alone, frames), "own": own}
            figures[f"{Path(name).stem} {look}"] = found
            rows.append((Path(name).stem, look, *found.values()))
    print(table(_HEADS, rows))
    grading = Grading(_identity(33))
    cost, _ = _painted(frames, grading.graded)
    print(f"\nA table of 33 points a side: {cost:.0f} CPU ms a frame of {frames[0].shape[1]}x{frames[0].shape[0]}")
    return finish(figures | {"lut ms": cost}, given.json)


def boiling(drawn: Sequence[Image], frames: Sequence[Image]) -> float:
    """Return how much pixels change from frame to frame beyond what moves or stands still, in % of the contrast.

    What lies still on the paper stands still, and what is drawn on a thing moves with it; all else boils. Only places
    count where the motion that was found explains the frames themselves.

    Args:
        drawn: the frames as they were drawn.
        frames: as they were.
    """
    found = []
    for number in range(1, len(frames)):
        motion = motion_between(frames[number], frames[number - 1], 2)
        x, y = places(frames[number].shape)
        to = (x + motion[:, :, 0], y + motion[:, :, 1])

        def change(pictures: Sequence[Image], at: int, to: tuple[np.ndarray, np.ndarray] = to) -> np.ndarray:
            moved = cv2.remap(pictures[at - 1], *to, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            along, still = cv2.absdiff(pictures[at], moved), cv2.absdiff(pictures[at], pictures[at - 1])
            return np.asarray(np.minimum(along.mean(2), still.mean(2)))

        followed = cv2.blur(change(frames, number), (9, 9)) < _FOLLOWED
        found.append(float(change(drawn, number)[followed].mean()))
    return 100 * float(np.mean(found)) / float(np.mean([picture.std() for picture in drawn]))


def _steadied(painter: Painter, image: Image) -> Image:
    return painter.paint(painter.see(image), image)


def _alone(painter: Painter, image: Image) -> Image:
    return painter.paint(on_canvas(image), image)


def _painted(frames: Sequence[Image], painting: Painting) -> tuple[float, list[Image]]:
    """Return the CPU time that a frame takes, in ms, and the frames."""
    painting(frames[0])  # paper is made once
    began = time.process_time()
    painted = [painting(image) for image in frames]
    return 1000 * (time.process_time() - began) / len(frames), painted


def _frames(path: Path, most: int) -> list[Image]:
    """Return the first frames of a clip, enlarged or made smaller to `LINES` lines."""
    with open_reader(path, limits=LimitOptions()) as reader:
        images = [frame.image for frame in islice(reader, most)]
    if len(images) < 2:
        raise MissingAssetsError(f"{path} holds fewer than two frames")
    width = round(images[0].shape[1] * LINES / images[0].shape[0])
    return [np.asarray(cv2.resize(image, (width, LINES), interpolation=cv2.INTER_CUBIC), np.uint8) for image in images]


def _identity(points: int) -> CubeTable:
    side = np.linspace(0, 1, points, dtype=np.float32)
    blue, green, red = np.meshgrid(side, side, side, indexing="ij")
    return CubeTable(np.stack([red, green, blue], -1), np.zeros(3, np.float32), np.ones(3, np.float32))


if __name__ == "__main__":
    command(main)
