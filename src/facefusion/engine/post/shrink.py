"""Pictures made small."""

from __future__ import annotations

from fractions import Fraction

import cv2
import numpy as np

from facefusion.media.frame import Image


def shrunk(image: Image, longest: int, pixel_aspect: Fraction = Fraction(1)) -> Image:
    """Return a copy with square pixels whose longer side has at most so many of them, RGB uint8.

    Args:
        image: RGB uint8 (height, width, 3).
        longest: of its sides then, in pixels.
        pixel_aspect: width of its pixels over their height; they are squared by the width.
    """
    height, wide = image.shape[0], float(image.shape[1] * pixel_aspect)
    scale = min(1.0, longest / max(height, wide))
    size = (max(1, round(wide * scale)), max(1, round(height * scale)))
    if size == image.shape[1::-1]:
        return image.copy()
    method = cv2.INTER_AREA if size[0] <= image.shape[1] else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, size, interpolation=method), np.uint8)
