"""Faces of a pair of frames: which of the result is which of the target, and how they differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from facefusion.engine.judged.pairs import Pair
from facefusion.faces.align import apply_affine, crop, similarity_transform
from facefusion.faces.analyser import FaceAnalyser
from facefusion.faces.detectors.base import box_overlap
from facefusion.faces.landmarkers.face_mesh import region_of_mesh
from facefusion.faces.mesh import INNER_LIPS, LEFT_EYE, OUTER_LIPS, RIGHT_EYE, rotation_of
from facefusion.faces.quality import sharpness
from facefusion.faces.recognisers.dlib_resnet import identity_distance
from facefusion.faces.types import Face, Vector
from facefusion.media.frame import Image

LEAST_WIDTH: Final = 48.0
"""Width in pixels of the smallest faces that count: less tells too little of a person."""
CHANGED: Final = 3.0
"""Mean difference of a face's pixels, of 255, from which it counts as changed; encoders alone make about 1 of it."""
_SAME: Final = 0.3
_SIZE: Final = 160
_FEATURES: Final = (LEFT_EYE, RIGHT_EYE, (*OUTER_LIPS, *INNER_LIPS))


@dataclass(frozen=True, slots=True)
class Likeness:
    """How a face of the result differs from the one that was there.

    Attributes:
        change: mean difference of its pixels, of 255.
        to_target: identity distance to the face that was there; about 0.4 for one person, 0.8 for two.
        to_source: to the nearest source; None where there are no sources.
        expression: how far the rims of eyes and mouth are bent otherwise, in distances of the eyes.
        pose: by how many degrees the head is turned otherwise.
        sharpness: that of the face over that of the one that was there.
    """

    change: float
    to_target: float
    to_source: float | None
    expression: float
    pose: float
    sharpness: float

    @property
    def is_changed(self) -> bool:
        """Whether anything was done to the face."""
        return self.change >= CHANGED


def likenesses(analyser: FaceAnalyser, pair: Pair, sources: Sequence[Vector]) -> list[Likeness | None]:
    """Return for each face of the target what became of it; None where the result shows no face there.

    Args:
        analyser: finds and recognises faces.
        pair: the frame before and after.
        sources: identity vectors of the new faces.
    """
    wide = [face for face in analyser.find(pair.before) if face.width >= LEAST_WIDTH]
    there = analyser.find(pair.after) if wide else []
    return [_likeness(analyser, pair, face, _same(face, there), sources) for face in wide]


def expression_error(one: Face, other: Face) -> float:
    """Return how far the rims of eyes and mouth of two faces are bent otherwise, in distances of the eyes.

    Each feature is laid over the other's as well as turning, moving and scaling can: where it lies and how large it is
    makes a face somebody's; how it is bent is expression.
    """
    eyes = float(np.linalg.norm(other.mesh[263, :2] - other.mesh[33, :2]))
    errors = []
    for feature in _FEATURES:
        mine, theirs = (face.mesh[list(feature), :2] for face in (one, other))
        laid = apply_affine(similarity_transform(mine, theirs), mine)
        errors.append(float(np.linalg.norm(laid - theirs, axis=1).mean()))
    return sum(errors) / len(errors) / max(eyes, 1e-3)


def pose_error(one: Face, other: Face) -> float:
    """Return by how many degrees two heads are turned otherwise."""
    difference = rotation_of(one.mesh).T @ rotation_of(other.mesh)
    return float(np.degrees(np.arccos(np.clip((np.trace(difference) - 1) / 2, -1, 1))))


def _same(face: Face, others: Sequence[Face]) -> Face | None:
    """Return the face that lies where another lay."""
    overlap, found = max(((box_overlap(face.box, each.box), each) for each in others), key=_first, default=(0.0, None))
    return found if overlap >= _SAME else None


def _first(pair: tuple[float, Face | None]) -> float:
    return pair[0]


def _likeness(
    analyser: FaceAnalyser, pair: Pair, before: Face, after: Face | None, sources: Sequence[Vector]
) -> Likeness | None:
    if after is None:
        return None
    own = analyser.recogniser.embed(pair.before, [before.mesh])[0]
    new = analyser.recogniser.embed(pair.after, [after.mesh])[0]
    return Likeness(
        change=_change(pair, before),
        to_target=identity_distance(new, own),
        to_source=min((identity_distance(new, each) for each in sources), default=None),
        expression=expression_error(after, before),
        pose=pose_error(after, before),
        sharpness=sharpness(pair.after, after) / max(sharpness(pair.before, before), 1e-3),
    )


def _change(pair: Pair, face: Face) -> float:
    """Return how much the pixels of a face differ, within its box."""
    left, top, right, bottom = (round(float(value)) for value in face.box)
    views: list[Image] = [image[max(top, 0) : bottom, max(left, 0) : right] for image in (pair.before, pair.after)]
    if not views[0].size:  # a box may lie beside the picture
        to_crop = region_of_mesh(face.mesh).to_crop(_SIZE)
        views = [crop(image, to_crop, _SIZE) for image in (pair.before, pair.after)]
    return float(np.abs(views[0].astype(np.int16) - views[1]).mean())
