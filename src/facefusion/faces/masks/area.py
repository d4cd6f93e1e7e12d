"""Areas of the face: its upper half, its lower half, the mouth.

They are those that the public tools cut out of the usual 68 landmarks, carried over to the vertices of the mesh that
lie where these landmarks do. The lower face begins a landmark of the jaw earlier, so that no gap is left between it and
the upper one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np

from facefusion.faces.crops import Share
from facefusion.faces.masks.soften import filled, soft_step
from facefusion.faces.mesh import OUTER_LIPS
from facefusion.faces.types import Points
from facefusion.options.masks import MaskArea

JAW: Final = (127, 234, 93, 58, 172, 136, 149, 148, 152, 377, 378, 365, 397, 288, 323, 454, 356)
"""Landmarks 0 to 16: from the ear at the left of the picture by the chin to the other ear."""
BROWS: Final = (70, 63, 105, 66, 107, 336, 296, 334, 293, 300)
"""Landmarks 17 to 26: both brows, from the left of the picture."""
NOSE_BASE: Final = (75, 97, 2, 326, 305)
"""Landmarks 31 to 35: below the nose, from the left of the picture."""
AREAS: Final[dict[MaskArea, tuple[int, ...]]] = {
    "upper-face": (*JAW[:3], *NOSE_BASE, *JAW[14:], *BROWS),
    "lower-face": (*JAW[2:15], *NOSE_BASE),
    "mouth": OUTER_LIPS,
}
"""The vertices that each area is the convex hull of."""


def area_mask(points: Points, size: int, areas: Sequence[MaskArea]) -> Share:
    """Return the areas of a face, with a soft edge, float32 (size, size).

    Args:
        points: the mesh in pixels of the crop, float32 (468, 2 or 3).
        size: side of the crop in pixels.
        areas: those to be seen.
    """
    return soft_step(_union(points, size, areas))


def _union(points: Points, size: int, areas: Sequence[MaskArea]) -> Share:
    hulls = [cv2.convexHull(np.ascontiguousarray(points[list(AREAS[area]), :2], np.float32)) for area in areas]
    return np.asarray(np.maximum.reduce([filled(hull, size) for hull in hulls]), np.float32)
