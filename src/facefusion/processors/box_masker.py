"""The mask of processors that edit a whole crop: all of it but for a soft border."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from facefusion.faces.crops import FaceCrop, Pixels, Share


class BoxMasker:
    """Shows the whole crop but for a soft border.

    Args:
        softness: of the border, 0 to 1; at 1 it takes half of the crop's half side.
    """

    def __init__(self, softness: float) -> None:
        self._softness = softness

    def masks(self, crops: Sequence[FaceCrop], edited: Sequence[Pixels]) -> list[Share]:
        """Return the share of each edited crop in the result, float32 (S, S), S the side of the crop before."""
        return [self._mask(crop.size) for crop in crops]

    def _mask(self, size: int) -> Share:
        width = int(size * 0.5 * self._softness)
        band = max(width // 2, 1)
        mask = np.zeros((size, size), np.float32)
        mask[band : size - band, band : size - band] = 1
        return mask if width == 0 else np.asarray(cv2.GaussianBlur(mask, (0, 0), width * 0.25), np.float32)
