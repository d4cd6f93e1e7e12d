"""Performances: what a driving face does at some time, and a picture's face that does the same."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from facefusion.faces.irises import CORNERS
from facefusion.faces.mesh import INNER_LIPS
from facefusion.faces.types import Face, Points
from facefusion.options.expression_restorer import ExpressionArea
from facefusion.processors.face_motion.level import Doubles, Stand
from facefusion.processors.face_motion.render import Gaze, OpenMouth, Pixels, rendered, skin_light
from facefusion.processors.face_motion.transfer import transferred
from facefusion.state import State

_PATCH: Final = 0.12
"""Margin around the mouth that is kept, in eye distances."""


@dataclass(frozen=True, slots=True, eq=False)
class Performance:
    """What a face does in one frame.

    Attributes:
        level: its mesh, turned straight into the camera, float64 (468, 3); see `Stand.level`.
        rotation: of its head, float64 (3, 3).
        gaze: where its irises lie in its eyes, across and down, in widths of the eye, float64 (2, 2);
            NaN where unknown.
        mouth: what is seen between its lips.
    """

    level: Doubles
    rotation: Doubles
    gaze: Doubles
    mouth: OpenMouth

    @classmethod
    def of(cls, image: Pixels, face: Face) -> Self:
        """Look at a face of a picture, RGB uint8 (H, W, 3)."""
        stand = Stand.of(face.mesh)
        return cls(stand.level(face.mesh), stand.rotation, gaze_of(face), _mouth(image, face, stand.scale))

    def state(self) -> State:
        """Return all of it; see `facefusion.state`."""
        mouth = {"image": self.mouth.image.copy(), "rim": self.mouth.rim.copy(), "light": self.mouth.light.copy()}
        return {"level": self.level.copy(), "rotation": self.rotation.copy(), "gaze": self.gaze.copy(), "mouth": mouth}

    @classmethod
    def of_state(cls, state: State) -> Self:
        """Return what was saved."""
        mouth = OpenMouth(*(state["mouth"][name].copy() for name in ("image", "rim", "light")))
        return cls(state["level"].copy(), state["rotation"].copy(), state["gaze"].copy(), mouth)


def performed(
    image: Pixels, face: Face, now: Performance, rest: Performance, *, factor: float, areas: Collection[ExpressionArea]
) -> Pixels:
    """Return a picture whose face does what a driving face does beyond its rest; the same where that is nothing.

    Args:
        image: RGB uint8 (H, W, 3).
        face: the face in it that moves.
        now: what the driving face does.
        rest: what it did at rest.
        factor: how far the face goes there: 0 not at all, 1 all the way.
        areas: of the face that move.
    """
    stand = Stand.of(face.mesh)
    level = transferred(stand.level(face.mesh), now.level, rest.level, factor=factor, areas=areas)
    gaze = _gaze(face, (now.gaze - rest.gaze) * factor) if "upper-face" in areas else None
    return rendered(image, face.mesh, stand.placed(level), stand.scale, gaze=gaze, mouth=now.mouth)


def gaze_of(face: Face) -> Doubles:
    """Return where the irises of a face lie in its eyes, in widths of the eye, float64 (2, 2); NaN where unknown."""
    gaze = np.full((2, 2), np.nan)
    for eye, corners in enumerate(CORNERS):
        if face.irises is not None and face.irises[eye, 2] > 0:
            middle, along, across = _eye(face.mesh, corners)
            offset = face.irises[eye, :2] - middle
            gaze[eye] = offset @ along / (along @ along), offset @ across / (along @ along)
    return gaze


def _gaze(face: Face, by: Doubles) -> Gaze | None:
    """Return how irises move, from how far they do in widths of the eye; both eyes look the same way."""
    if face.irises is None or np.isnan(by).all():
        return None
    shared = np.nanmean(by, axis=0)
    axes = [_eye(face.mesh, corners)[1:] for corners in CORNERS]
    return Gaze(face.irises, np.array([shared[0] * along + shared[1] * across for along, across in axes]))


def _eye(mesh: Points, corners: tuple[int, int]) -> tuple[Doubles, Doubles, Doubles]:
    """Return the middle of an eye, its way from corner to corner, and as long a way down."""
    left, right = mesh[list(corners), :2].astype(np.float64)
    along = right - left
    return (left + right) / 2, along, np.array([-along[1], along[0]])


def _mouth(image: Pixels, face: Face, eyes: float) -> OpenMouth:
    """Return what is seen between the lips of a face; no more than that is kept of the picture."""
    rim = face.mesh[list(INNER_LIPS), :2]
    size = np.array(image.shape[1::-1])
    low = np.clip(np.floor(rim.min(0) - _PATCH * eyes).astype(int), 0, size - 1)
    high = np.clip(np.ceil(rim.max(0) + _PATCH * eyes).astype(int) + 1, low + 1, size)
    patch = np.ascontiguousarray(image[low[1] : high[1], low[0] : high[0]])
    return OpenMouth(patch, (rim - low).astype(np.float32), skin_light(image, face.mesh))
