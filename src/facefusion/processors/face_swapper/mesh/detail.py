"""Detail: the new face is made as sharp as the picture it is put into, no more and no less."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.processors.face_swapper.mesh.raster import Field

_SIGMAS = (1.0, 2.2)
_GAIN_LIMITS = (0.3, 1.2)
_NOISE_FLOOR = 0.15


def match_detail(new: npt.NDArray[np.uint8], target: npt.NDArray[np.uint8], mask: Field) -> npt.NDArray[np.uint8]:
    """Scale the two finest bands of the new face to the energy that they have in the target.

    Args:
        new: RGB uint8 (H, W, 3).
        target: RGB uint8 (H, W, 3), the same region of the frame.
        mask: where energies are compared, float32 (H, W), 0 to 1.
    """
    inside = (mask > 0.6).astype(np.uint8)
    if not inside.any():
        return new
    wanted, there = _band_energies(target, inside), _band_energies(new, inside)
    finest, second = np.clip((wanted + _NOISE_FLOOR) / (there + _NOISE_FLOOR), *_GAIN_LIMITS).tolist()
    fine, coarse = (cv2.GaussianBlur(new, (0, 0), sigma) for sigma in _SIGMAS)
    # coarse + second·(fine − coarse) + finest·(new − fine), in two saturating steps of 8 bits.
    upper = cv2.addWeighted(new, finest, fine, second - finest, 0)
    return np.asarray(cv2.addWeighted(upper, 1, coarse, 1 - second, 0), np.uint8)


def _band_energies(image: npt.NDArray[np.uint8], inside: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """Return the mean absolute value of the two finest bands of the lightness inside a mask, float64 (2,)."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    fine, coarse = (cv2.GaussianBlur(grey, (0, 0), sigma) for sigma in _SIGMAS)
    bands = cv2.absdiff(grey, fine), cv2.absdiff(fine, coarse)
    return np.array([cv2.mean(band, inside)[0] for band in bands])
