"""How far eyes and lips are open, told from the mesh.

The retargeting networks are told ratios of the 68-point scheme: height by width. Its points are vertices of the mesh.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from facefusion.faces.types import Face, Points
from facefusion.processors.live_portrait.geometry import Floats

_Point = npt.NDArray[np.float64]
_LEFT_EYE, _RIGHT_EYE = (33, 160, 158, 133, 153, 144), (362, 385, 387, 263, 373, 380)
VERTICES: Final = {
    **dict(zip(range(36, 48), _LEFT_EYE + _RIGHT_EYE, strict=True)),
    **dict(zip((48, 54, 62, 66), (61, 291, 13, 14), strict=True)),  # corners of the mouth, inner rims of the lips
}
"""Vertices of the 468-point mesh by their numbers in the 68-point scheme."""


def eye_ratios(faces: Sequence[Face]) -> Floats:
    """Return how far both eyes are open, the image-left one first, float32 (N, 2).

    The height is that between the middles of both lids, so that a closed eye has none.
    """
    return np.array([(_eye(face.mesh, 36), _eye(face.mesh, 42)) for face in faces], np.float32)


def lip_ratios(faces: Sequence[Face]) -> Floats:
    """Return how far lips are open, float32 (N, 1)."""
    return np.array([(_ratio(*(_point(face.mesh, at) for at in (62, 66, 48, 54))),) for face in faces], np.float32)


def _eye(mesh: Points, first: int) -> float:
    corner, upper1, upper2, other, lower1, lower2 = (_point(mesh, first + place) for place in range(6))
    return _ratio((upper1 + upper2) / 2, (lower1 + lower2) / 2, corner, other)


def _ratio(top: _Point, bottom: _Point, left: _Point, right: _Point) -> float:
    return float(np.linalg.norm(top - bottom)) / max(float(np.linalg.norm(left - right)), 1e-6)


def _point(mesh: Points, number: int) -> _Point:
    return np.asarray(mesh[VERTICES[number], :2], np.float64)
