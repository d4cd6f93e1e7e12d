"""How far eyes and lips are open, told from the mesh.

The retargeting networks are told ratios of the 68 landmarks: height by width.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from facefusion.faces.landmarks import landmarks68_of_mesh
from facefusion.faces.types import Face, Points
from facefusion.processors.live_portrait.geometry import Floats

_LEFT_EYE, _RIGHT_EYE = slice(36, 42), slice(42, 48)
_CORNERS, _INNER_RIMS = (48, 54), (62, 66)


def eye_ratios(faces: Sequence[Face]) -> Floats:
    """Return how far both eyes are open, the image-left one first, float32 (N, 2).

    The height is that between the middles of both lids, so that a closed eye has none.
    """
    points = [landmarks68_of_mesh(face.mesh) for face in faces]
    return np.array([(_eye(each[_LEFT_EYE]), _eye(each[_RIGHT_EYE])) for each in points], np.float32)


def lip_ratios(faces: Sequence[Face]) -> Floats:
    """Return how far lips are open, float32 (N, 1)."""
    points = [landmarks68_of_mesh(face.mesh) for face in faces]
    return np.array([(_ratio(each[list(_INNER_RIMS)], each[list(_CORNERS)]),) for each in points], np.float32)


def _eye(points: Points) -> float:
    """Return the ratio of an eye's six landmarks, clockwise from its image-left corner."""
    lids = np.stack([points[1:3].mean(0), points[4:6].mean(0)])
    return _ratio(lids, points[[0, 3]])


def _ratio(across: Points, along: Points) -> float:
    return float(np.linalg.norm(across[0] - across[1])) / max(float(np.linalg.norm(along[0] - along[1])), 1e-6)
