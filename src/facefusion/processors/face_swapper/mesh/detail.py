"""Detail: the new face is made as sharp as the picture it is put into, no more and no less."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.processors.face_swapper.mesh.filters import Field, blur

_SIGMAS = (1.0, 2.2)
_GAIN_LIMITS = (0.3, 1.2)
_NOISE_FLOOR = 0.15


def match_detail(lightness: Field, target: npt.NDArray[np.uint8], inside: npt.NDArray[np.uint8]) -> Field:
    """Scale the two finest bands of the new face to the energy that they have in the target.

    Args:
        lightness: of the new face, 0 to 255, float32 (H, W).
        target: RGB uint8 (H, W, 3), the same region of the frame.
        inside: where energies are compared, uint8 (H, W), not 0.
    """
    new = _bands(lightness)
    wanted = _energies(_bands(np.asarray(cv2.cvtColor(target, cv2.COLOR_RGB2GRAY), np.float32)), inside)
    gains = np.clip((wanted + _NOISE_FLOOR) / (_energies(new, inside) + _NOISE_FLOOR), *_GAIN_LIMITS)
    return np.asarray(lightness + new[0] * np.float32(gains[0] - 1) + new[1] * np.float32(gains[1] - 1), np.float32)


def _bands(lightness: Field) -> tuple[Field, Field]:
    fine, coarse = (blur(lightness, sigma) for sigma in _SIGMAS)
    return lightness - fine, fine - coarse


def _energies(bands: tuple[Field, Field], inside: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """Return the root mean square of each band inside a mask, float64 (2,)."""
    count = max(int(np.count_nonzero(inside)), 1)
    return np.array([cv2.norm(band, cv2.NORM_L2, inside) / np.sqrt(count) for band in bands])
