"""Clips made unrecognisable, and every face in them that was left as it is."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from benchmarks.anonymizer_faces import context_of
from benchmarks.common import Figures
from facefusion.faces.analyser import FaceAnalyser
from facefusion.faces.detectors.base import Detector, box_overlap
from facefusion.faces.track import FaceTracker
from facefusion.faces.types import Vector
from facefusion.media.frame import Frame, Image
from facefusion.media.open import open_reader
from facefusion.options import LimitOptions
from facefusion.processors.anonymizer import SPEC
from facefusion.processors.base import FaceFrame

COVERED: Final = 0.6
"""Share of the pixels in the oval within a face's box that must differ for it to count as covered."""
_FOLLOWED: Final = 3
"""Looks in a row, of the other detector, in which a face is seen that counts."""


def clip_figures(analyser: FaceAnalyser, other: Detector | None, path: Path, method: str, most: int) -> Figures:
    """Return how many faces there are in a clip, and how many of them are left as they are.

    Args:
        analyser: finds faces.
        other: a detector that the product does not use; None to do without.
        path: the clip.
        method: see the option.
        most: only so many frames.
    """
    with open_reader(path, limits=LimitOptions()) as reader:
        frames = list(islice(reader, most))
    tracker = FaceTracker(analyser)
    items = [FaceFrame(frame, tuple(tracker.update(frame.image, float(frame.time)))) for frame in frames]
    processor = SPEC.create(context_of(method))
    done = [*processor.process(items), *processor.finish()]  # type: ignore[attr-defined]
    images = [(frame.image, item.frame.image) for frame, item in zip(frames, done, strict=True)]
    tracked = [[face.box for face in item.faces] for item in items]
    seen = [] if other is None else _followed(frames, other)
    return {
        "clip": path.name,
        "frames": len(frames),
        "tracked": sum(map(len, tracked)),
        "left": _left(images, tracked),
        "seen": sum(map(len, seen)),
        "seen and left": _left(images, seen),
        "notes": processor.notes(),  # type: ignore[attr-defined]
    }


def _left(images: Sequence[tuple[Image, Image]], boxes: Sequence[Sequence[Vector]]) -> int:
    """Return how many faces are not covered."""
    return sum(not is_covered(*pair, box) for pair, found in zip(images, boxes, strict=False) for box in found)


def is_covered(before: Image, after: Image, box: Vector) -> bool:
    """Whether a face was changed: most pixels of the oval within its box, as far as that lies in the picture."""
    inside = np.zeros(before.shape[:2], np.uint8)
    middle, half = (box[:2] + box[2:]) / 2, (box[2:] - box[:2]) / 2
    cv2.ellipse(inside, (tuple(map(float, middle)), tuple(map(float, half * 2)), 0.0), 1, -1)
    count = int(inside.sum())
    changed = int(((before != after).any(2) & (inside > 0)).sum())
    return count == 0 or changed >= COVERED * count


def _followed(frames: Sequence[Frame], detector: Detector) -> list[list[Vector]]:
    """Return the boxes that a detector sees in several frames in a row."""
    looks = [[found.box for found in detector.detect([frame.image])[0]] for frame in frames]
    return [[box for box in looks[place] if _run(looks, place, box) >= _FOLLOWED] for place in range(len(looks))]


def _run(looks: Sequence[Sequence[Vector]], place: int, box: Vector) -> int:
    """Return for how many frames in a row a box is seen."""
    count = 1
    for step in (-1, 1):
        last, at = box, place + step
        while 0 <= at < len(looks) and count < _FOLLOWED:
            after = next((each for each in looks[at] if box_overlap(each, last) > 0.4), None)
            if after is None:
                break
            last, at, count = after, at + step, count + 1
    return count
