"""Detail: the new face is made as sharp as the picture it is put into, no more and no less."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.processors.face_swapper.mesh.filters import Field, at_least, blur, double, halve, median, within

_SIGMAS = (1.0, 2.2)
_HALF_SIGMA = 0.85
"""What is wanting of the second at half the size: halving and doubling each smooth by about 1."""
_GAIN_LIMITS = (0.3, 1.2)
_NOISE_FLOOR = 0.15
_LEAST_GRAIN = 0.05
"""Root mean square, 0 to 255, below which there is no grain to speak of."""
_GRAIN_LIMIT = 2.0
"""Greatest grain in medians of it: what is stronger is a wrinkle or an edge."""


def match_detail(lightness: Field, target: npt.NDArray[np.uint8], inside: npt.NDArray[np.uint8]) -> Field:
    """Scale the two finest bands of the new face to the energy that they have in the target.

    Args:
        lightness: of the new face, 0 to 255, float32 (H, W).
        target: RGB uint8 (H, W, 3), the same region of the frame.
        inside: where energies are compared, uint8 (H, W), not 0.
    """
    new, old = _bands(lightness), _bands(np.asarray(cv2.cvtColor(target, cv2.COLOR_RGB2GRAY), np.float32))
    had, wanted = _energies(new, inside), _energies(old, inside)
    gains = np.clip((wanted + _NOISE_FLOOR) / (had + _NOISE_FLOOR), *_GAIN_LIMITS)
    matched = lightness.copy()
    for band, gain in zip(new, gains, strict=True):
        matched += band * np.float32(gain - 1)
    missing = np.sqrt(np.maximum(wanted**2 - (had * gains) ** 2, 0))
    matched += _grain(old[0], float(missing[0]), inside)
    return matched


def _grain(fine: Field, missing: float, inside: npt.NDArray[np.uint8]) -> Field | np.float32:
    """Return the target's own grain and pores, as much as is missing; its lines and edges are left out.

    Args:
        fine: the target's finest band, float32 (H, W).
        missing: root mean square that the new face lacks.
        inside: where energies are compared, uint8 (H, W), not 0.
    """
    sparse = np.abs(fine[::3, ::3])[inside[::3, ::3] > 0]
    usual = float(median(sparse)) if sparse.size else 0.0
    if missing < _LEAST_GRAIN or usual < _LEAST_GRAIN:
        return np.float32(0)
    limit = np.float32(_GRAIN_LIMIT * usual)
    grain = within(fine, -float(limit), float(limit))
    # What stands out far is a line of the target's face.
    grain *= at_least(1 - np.abs(fine) * np.float32(1 / (3 * limit)), 0.0)
    return np.asarray(grain, np.float32) * np.float32(
        min(missing / max(float(np.sqrt(np.mean(sparse**2))) * 0.6, _LEAST_GRAIN), 1.0)
    )


def _bands(lightness: Field) -> tuple[Field, Field]:
    fine = blur(lightness, _SIGMAS[0])
    return lightness - fine, fine - _coarse(lightness)


def _coarse(lightness: Field) -> Field:
    """Return lightness smoothed by the second of `_SIGMAS`; at half the size that is no different, and much faster."""
    return double(blur(halve(lightness), _HALF_SIGMA), (lightness.shape[0], lightness.shape[1]))


def _energies(bands: tuple[Field, Field], inside: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """Return the root mean square of each band inside a mask, float64 (2,)."""
    count = max(int(np.count_nonzero(inside)), 1)
    return np.array([cv2.norm(band, cv2.NORM_L2, inside) / np.sqrt(count) for band in bands])
