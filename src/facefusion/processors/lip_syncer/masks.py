"""Which part of a crop is seen once its mouth has been drawn anew."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np

from facefusion.faces.crops import FaceCrop, Pixels, Share
from facefusion.faces.types import Points
from facefusion.processors.lip_syncer.base import Reach

JAW: Final = (127, 234, 93, 58, 172, 136, 149, 148, 152, 377, 378, 365, 397, 288, 323, 454, 356)
"""Vertices that lie where the usual landmarks 0 to 16 do: from ear to ear by the chin, beginning at the left."""
BROWS: Final = (70, 63, 105, 66, 107, 336, 296, 334, 293, 300)
"""Landmarks 17 to 26: both brows, from the left of the picture."""
_NOSE_BASE: Final = (75, 97, 2, 326, 305)
"""Landmarks 31 to 35: below the nose, from the left of the picture."""
_LOWER_FACE: Final = [*JAW[2:15], *_NOSE_BASE]
_SIGMA: Final = 5 / 512
"""Smoothing of an edge, as a share of the crop's side."""
_BORDER: Final = 0.075
"""Width of what a box leaves out on each side, as a share of the crop's side."""


class LipMasker:
    """Shows what the network draws anew, with a soft edge that lies within.

    Args:
        reach: how much of the crop that is.
    """

    def __init__(self, reach: Reach) -> None:
        self._reach = reach

    def masks(self, crops: Sequence[FaceCrop], edited: Sequence[Pixels]) -> list[Share]:
        """Return the share of each edited crop in the result, float32 (S, S), 0 to 1."""
        if self._reach == "box":
            return [box_mask(crop.size) for crop in crops]
        return [lower_face_mask(crop.inside(crop.face.mesh), crop.size) for crop in crops]


def lower_face_mask(points: Points, size: int) -> Share:
    """Return the face below the nose, float32 (size, size).

    Args:
        points: the mesh in pixels of the crop, float32 (468, 2).
        size: side of the crop in pixels.
    """
    hull = cv2.convexHull(np.ascontiguousarray(points[_LOWER_FACE], np.float32))
    mask = np.zeros((size, size), np.float32)
    cv2.fillPoly(mask, [np.rint(hull).astype(np.int32)], 1.0)
    smooth = np.clip(cv2.GaussianBlur(mask, (0, 0), size * _SIGMA), 0.5, 1)
    return np.asarray((smooth - 0.5) * 2, np.float32)


def box_mask(size: int) -> Share:
    """Return the crop but for a soft border, float32 (size, size)."""
    band = max(1, int(size * _BORDER))
    mask = np.zeros((size, size), np.float32)
    mask[band:-band, band:-band] = 1
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), band / 2), np.float32)
