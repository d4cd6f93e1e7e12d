"""Diffusion: values known around a hole, carried smoothly into it.

Source: Gortler et al., "The lumigraph", 1996 (pull-push).
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

Field = npt.NDArray[np.float32]
"""Float32, (H, W) or (H, W, channels)."""
_SATURATION = 4.0
"""Known pixels under one of the next level from which that one counts as known."""


def diffuse(values: Field, known: Field) -> Field:
    """Return values everywhere: those that are known, and between them a smooth surface.

    Args:
        values: float32 (H, W, channels); whatever lies where nothing is known is not looked at.
        known: how surely each pixel is known, 0 to 1, float32 (H, W); at least one above 0.

    Returns:
        float32 (H, W, channels).
    """
    weighted = np.dstack([values * known[..., None], known])
    return np.ascontiguousarray(_pull_push(weighted)[..., :-1])


def _pull_push(weighted: Field) -> Field:
    """Return the values of one level, divided by their weight, with what is missing taken from the level above."""
    height, width = weighted.shape[:2]
    weight = weighted[..., -1:]
    own = weighted / np.maximum(weight, 1e-6)
    if min(height, width) <= 2 and max(height, width) <= 2:
        mean = weighted.sum((0, 1)) / max(float(weight.sum()), 1e-6)
        return np.where(weight > 0, own, mean).astype(np.float32)
    half = ((width + 1) // 2, (height + 1) // 2)
    pulled = cv2.pyrDown(weighted, dstsize=half) * np.float32(_SATURATION)
    pulled /= np.maximum(pulled[..., -1:], 1)
    above = cv2.pyrUp(_pull_push(pulled), dstsize=(width, height))
    share = np.minimum(weight, 1)
    return np.asarray(own * share + above * (1 - share), np.float32)
