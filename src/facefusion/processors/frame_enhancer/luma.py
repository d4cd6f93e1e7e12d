"""Luma apart from colour: what is fine in a picture is in its luma."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


def luma_chroma(picture: npt.NDArray[np.uint8]) -> Floats:
    """Return Y, Cr and Cb (ITU-R BT.601, full range), float32 (H, W, 3), 0 to 1, of RGB uint8 (H, W, 3)."""
    return np.asarray(cv2.cvtColor(picture * np.float32(1 / 255), cv2.COLOR_RGB2YCrCb), np.float32)


def joined(luma: Floats, before: Floats) -> Floats:
    """Put new luma over the colours of the picture before, enlarged; RGB float32 (H, W, 3), 0 to 255."""
    both = np.asarray(cv2.resize(before, luma.shape[::-1], interpolation=cv2.INTER_CUBIC), np.float32)
    both[:, :, 0] = luma
    return np.asarray(cv2.cvtColor(both, cv2.COLOR_YCrCb2RGB), np.float32).clip(0, 1) * np.float32(255)
