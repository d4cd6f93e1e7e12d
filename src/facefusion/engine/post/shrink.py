"""Pictures made small."""

from __future__ import annotations

import cv2
import numpy as np

from facefusion.media.frame import Image


def shrunk(image: Image, longest: int) -> Image:
    """Return a copy whose longer side has at most so many pixels, RGB uint8."""
    height, width = image.shape[:2]
    scale = longest / max(height, width)
    if scale >= 1:
        return image.copy()
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
