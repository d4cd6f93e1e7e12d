"""Clips made unrecognisable, and every face in them that was left as it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from benchmarks.anonymizer_faces import context_of
from benchmarks.common import Figures
from benchmarks.mobilefacenet import MobileFaceNet
from benchmarks.pairs import Portrait
from facefusion.faces.analyser import FaceAnalyser
from facefusion.faces.detectors.base import Detector, box_overlap
from facefusion.faces.landmarkers.face_mesh import region_of_mesh
from facefusion.faces.track import FaceTracker
from facefusion.faces.types import Face, Vector
from facefusion.media.frame import Frame, Image
from facefusion.media.open import open_reader
from facefusion.options import LimitOptions
from facefusion.processors.anonymizer import SPEC
from facefusion.processors.base import FaceFrame

COVERED: Final = 0.6
"""Share of the pixels in the oval within a face's box that must differ for it to count as covered."""
DISTANCE: Final = 0.63
"""Distance of identity vectors up to which the bundled recogniser takes two faces for one person's."""
COSINE: Final = 0.31
"""Cosine from which MobileFaceNet does."""
_EVERY: Final = 10
"""Frames, of which the faces of one are shown to the recognisers."""
_LEAST_WIDTH: Final = 40
"""Pixels that a face is wide, at least, that they are shown."""
_FOLLOWED: Final = 3
"""Looks in a row, of the other detector, in which a face is seen that counts."""


@dataclass(frozen=True, slots=True)
class Recognisers:
    """Two recognisers, asked in clips at the thresholds that labelled faces give at 1 % of false matches.

    Attributes:
        analyser: has the bundled one.
        second: MobileFaceNet.
    """

    analyser: FaceAnalyser
    second: MobileFaceNet

    def know(self, before: Image, after: Image, face: Face) -> tuple[bool, bool]:
        """Whether each takes a face of a result for what was there before."""
        fits = self.analyser.fit(after, [region_of_mesh(face.mesh)], refine=True)
        [old], [new] = self.analyser.embed(before, [face]), self.analyser.embed(after, [fits[0] or face])
        one, other = Portrait("before", before, old), Portrait("after", after, new)
        apart = float(np.linalg.norm(one.embedding - other.embedding))
        return apart <= DISTANCE, float(self.second.embed(one) @ self.second.embed(other)) >= COSINE


def clip_figures(asked: Recognisers, other: Detector | None, path: Path, method: str, most: int) -> Figures:
    """Return how many faces there are in a clip, and how many of them are left as they are.

    Args:
        asked: who is asked whether it is still the same person.
        other: a detector that the product does not use; None to do without.
        path: the clip.
        method: see the option.
        most: only so many frames.
    """
    with open_reader(path, limits=LimitOptions()) as reader:
        frames = list(islice(reader, most))
    tracker = FaceTracker(asked.analyser)
    items = [FaceFrame(frame, tuple(tracker.update(frame.image, float(frame.time)))) for frame in frames]
    processor = SPEC.create(context_of(method))
    done = [*processor.process(items), *processor.finish()]  # type: ignore[attr-defined]
    images = [(frame.image, item.frame.image) for frame, item in zip(frames, done, strict=True)]
    looks = [
        asked.know(*images[place], face)
        for place in range(0, len(images), _EVERY)
        for face in items[place].faces
        if face.box[2] - face.box[0] >= _LEAST_WIDTH
    ]
    tracked = [[face.box for face in item.faces] for item in items]
    seen = [] if other is None else _followed(frames, other)
    return {
        "clip": path.name,
        "frames": len(frames),
        "tracked": sum(map(len, tracked)),
        "left": _left(images, tracked),
        "seen": sum(map(len, seen)),
        "seen and left": _left(images, seen),
        "asked": len(looks),
        "known, bundled": sum(each for each, _ in looks),
        "known, second": sum(each for _, each in looks),
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
