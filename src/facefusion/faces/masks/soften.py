"""Soft edges."""

from __future__ import annotations

from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.faces.crops import Share

_SIGMA: Final = 5 / 512
"""Smoothing of an edge, as a share of the crop's side."""


def soft_step(mask: Share, sigma: float | None = None) -> Share:
    """Return a mask with a soft edge that lies within it: 0 where it was a half or less once smoothed.

    Args:
        mask: float32 (S, S), 0 to 1.
        sigma: of the smoothing, in pixels; 5 for a crop of 512 pixels when None.
    """
    sigma = mask.shape[0] * _SIGMA if sigma is None else sigma
    smooth = np.clip(cv2.GaussianBlur(np.asarray(mask, np.float32), (0, 0), sigma), 0.5, 1)
    return np.asarray((smooth - 0.5) * 2, np.float32)


def filled(points: npt.NDArray[Any], size: int) -> Share:
    """Return 1 within an outline (N, 1, 2), in pixels of a crop of `size` × `size`, else 0."""
    mask = np.zeros((size, size), np.float32)
    if len(points) >= 3:
        cv2.fillPoly(mask, [np.rint(points).astype(np.int32)], 1.0)
    return mask


def resized(mask: Share, size: int) -> Share:
    """Return a mask at another size, clipped to 0 to 1."""
    if mask.shape[0] != size:
        mask = np.asarray(cv2.resize(mask, (size, size), interpolation=cv2.INTER_LINEAR), np.float32)
    return np.clip(mask, 0, 1)
