"""Grain: the noise of a picture beside a hole, for a hole that would otherwise be too smooth."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.engine.post.diffuse import Field
from facefusion.media.frame import Image

_SCALE = 1.2
"""Smoothing above which detail counts as grain, in pixels."""
_LIMIT = 2.5
"""Standard deviations beyond which detail is no grain."""
_CALM = 1.5
"""Detail around a pixel, in medians, beyond which it is an edge or a pattern."""
_AROUND = (7, 7)
_LEAST = 4
"""Pixels that a strip must be wide."""


def grain_beside(view: Image, known: npt.NDArray[np.uint8]) -> Field:
    """Return grain for the hole, taken from the largest strip beside it, float32 (H, W, 3); 0 outside.

    It is this very frame's, so that it moves as grain does and is as strong as in the rest of the picture.

    Args:
        view: RGB uint8 (H, W, 3).
        known: 0 in the hole, uint8 (H, W).
    """
    grain = np.zeros(view.shape, np.float32)
    rows, columns = (np.flatnonzero((known == 0).any(axis)) for axis in (1, 0))
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    across, along = slice(top, bottom), slice(left, right)
    strips = [
        view[:top, along],
        view[bottom:, along],
        view[across, :left],
        view[across, right:],
    ]
    strip = max(strips, key=lambda each: each.shape[0] * each.shape[1])
    if min(strip.shape[:2]) < _LEAST:
        return grain
    detail: Field = strip.astype(np.float32) - cv2.GaussianBlur(strip, (0, 0), _SCALE)
    strength = np.abs(detail)
    usual = np.median(strength, axis=(0, 1))
    calm = (cv2.blur(strength, _AROUND) < _CALM * usual).all(2, keepdims=True)
    limit = _LIMIT * 1.4826 * usual
    grain[across, along] = _tiled(np.clip(detail, -limit, limit) * calm, bottom - top, right - left)
    return grain


def _tiled(strip: Field, height: int, width: int) -> Field:
    """Return the strip, mirrored again and again up to a size."""
    missing = ((0, max(0, height - strip.shape[0])), (0, max(0, width - strip.shape[1])), (0, 0))
    return np.pad(strip, missing, mode="symmetric")[:height, :width]
