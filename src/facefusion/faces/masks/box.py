"""The box: the whole crop but for a soft border."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from facefusion.faces.crops import Share


def box_mask(size: int, blur: float, padding: Sequence[int] = (0, 0, 0, 0)) -> Share:
    """Return the mask of a crop, float32 (size, size).

    Args:
        size: side of the crop in pixels.
        blur: softness of the border, 0 to 1; at 1 it takes half of the crop's half side.
        padding: what is left out at the top, right, bottom and left, in percent of the side.
    """
    width = int(size * 0.5 * blur)
    band = max(width // 2, 1)
    top, right, bottom, left = (max(band, int(size * share / 100)) for share in padding)
    mask = np.zeros((size, size), np.float32)
    mask[top : max(size - bottom, 0), left : max(size - right, 0)] = 1
    return mask if width == 0 else np.asarray(cv2.GaussianBlur(mask, (0, 0), width * 0.25), np.float32)
