"""Clips, swapped as a job does it, with what is to be known of each frame afterwards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from benchmarks.pairs import Portrait, Studio
from facefusion.engine.targets import TargetSelector
from facefusion.faces.track import FaceTracker
from facefusion.faces.types import Face
from facefusion.media.frame import Image
from facefusion.media.open import open_reader
from facefusion.options import FaceSelectionOptions, LimitOptions
from facefusion.processors.base import FaceFrame

MOST_FRAMES = 150
"""Frames of a clip that are looked at, from its first."""
_LEAST_FRAMES = 12
"""A face that is followed for fewer is judged no further."""


@dataclass(frozen=True, slots=True, eq=False)
class Take:
    """One frame.

    Attributes:
        before: the frame, RGB uint8 (H, W, 3).
        after: the frame with its new faces.
        faces: the faces that are followed, as the tracker smoothed them, by the number of their track.
        swapped: tracks whose face was replaced.
        seen: how many faces there are, by the tracker or the detector, whichever sees more.
    """

    before: Image
    after: Image
    faces: dict[int, Face]
    swapped: frozenset[int]
    seen: int


def swap_clip(studio: Studio, source: Portrait, path: Path) -> list[Take]:
    """Swap a clip with the tracker, the selection and the swapper of a job; nothing is encoded."""
    analyser, processor = studio.analyser, studio.processor(source)
    tracker, selector = FaceTracker(analyser), TargetSelector(analyser, FaceSelectionOptions())
    takes = []
    with open_reader(path, limits=LimitOptions()) as reader:
        for frame in islice(reader, MOST_FRAMES):
            found = tracker.update(frame.image, float(frame.time))
            chosen = selector.select(frame.image, found, time=float(frame.time), begins_scene=tracker.begins_scene)
            after = processor.process([FaceFrame(frame, chosen)])[0].frame.image
            faces = {face.track_id: face for face in found if face.track_id is not None}
            swapped = frozenset(number for number, face in faces.items() if _differs(frame.image, after, face))
            takes.append(Take(frame.image, after, faces, swapped, max(len(found), len(analyser.detect(frame.image)))))
    return takes


def followed(takes: Sequence[Take]) -> list[int]:
    """Return the tracks that last long enough to be judged, from left to right where they begin."""
    lengths = Counter(number for take in takes for number in take.faces)
    long = [number for number, frames in lengths.items() if frames >= _LEAST_FRAMES]
    return sorted(long, key=lambda number: _first(takes, number).box[0])


def swapped_share(takes: Sequence[Take]) -> float:
    """Return the share of all faces of all frames that were replaced."""
    seen = sum(take.seen for take in takes)
    return sum(len(take.swapped) for take in takes) / seen if seen else 0.0


def _first(takes: Sequence[Take], number: int) -> Face:
    return next(take.faces[number] for take in takes if number in take.faces)


def _differs(before: Image, after: Image, face: Face) -> bool:
    """Whether anything within the box of a face was changed."""
    left, top = np.maximum(face.box[:2], 0).astype(int)
    right, bottom = np.ceil(face.box[2:]).astype(int)
    part = np.s_[top:bottom, left:right]
    return not np.array_equal(before[part], after[part])
