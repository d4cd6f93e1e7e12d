"""Noise that is left in a single picture: taken away where there is less detail than noise.

Detail of each size is held against the noise of that size in its surroundings and keeps the share that is not noise
(Wiener's rule with local variances, Mihçak et al., 1999, on undecimated wavelets, Starck et al., 2007).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.processors.film_restorer.noise import Floats, Grain, spectrum

LEVELS: Final = 3
_LUMA, _COLOUR = 1.8, 2.5
"""Times the variance of noise that is taken for noise: eyes miss detail of brightness sooner than that of colour."""
_AROUND: Final = (7, 9, 13)
"""Side of the square over which the variance of a detail is taken, for each size of detail."""
REACH: Final = 20
"""Pixels beyond which nothing counts for a pixel."""


@dataclass(frozen=True, slots=True, eq=False)
class Fineness:
    """How the variance of noise is spread over sizes of detail.

    Attributes:
        luma: share of each size, from the finest.
        colour: the same of Cr and Cb.
    """

    luma: tuple[float, ...]
    colour: tuple[float, ...]

    @classmethod
    def of(cls, grain: Grain) -> Fineness:
        """Return that of measured grain."""
        return cls(*(_shares(alike) for alike in grain.alike))


def _shares(alike: npt.NDArray[np.float64]) -> tuple[float, ...]:
    power = spectrum(alike)
    whole = max(float(power.sum()), 1e-9)
    return tuple(float((band * power).sum()) / whole for band in _bands())


@lru_cache(maxsize=1)
def _bands() -> tuple[npt.NDArray[np.float64], ...]:
    """Return what each size of detail lets through of the power of each frequency, float64 (64, 64)."""
    waves = 2 * np.pi * np.fft.fftfreq(64)
    passed, bands = np.ones((64, 64)), []
    for level in range(LEVELS):
        one = (6 + 8 * np.cos(waves * 2**level) + 2 * np.cos(waves * 2 ** (level + 1))) / 16
        coarser = passed * np.outer(one, one)
        bands.append((passed - coarser) ** 2)
        passed = coarser
    return tuple(bands)


def shrunk(planes: Floats, noise: Floats, fineness: Fineness) -> Floats:
    """Return a picture without the noise that is in it.

    Args:
        planes: Y, Cr and Cb, float32 (H, W, 3).
        noise: standard deviation of the noise in each, of the same shape.
        fineness: of the noise.
    """
    parts = [
        _shrunk(planes[:, :, channel], noise[:, :, channel] ** 2 * np.float32(most), sizes)
        for channel, most, sizes in (
            (0, _LUMA, fineness.luma),
            (1, _COLOUR, fineness.colour),
            (2, _COLOUR, fineness.colour),
        )
    ]
    return np.stack(parts, 2)


def _shrunk(plane: Floats, variance: Floats, shares: tuple[float, ...]) -> Floats:
    """Return one plane without noise of that variance, float32 (H, W)."""
    made = np.zeros_like(plane)
    for level, share in enumerate(shares):
        coarser = _smoothed(plane, level)
        detail = plane - coarser
        side = _AROUND[level]
        power = np.maximum(cv2.blur(detail * detail, (side, side)), 1e-6)
        made += detail * np.maximum(1 - variance * np.float32(share) / power, 0)
        plane = coarser
    return made + plane


def _smoothed(plane: Floats, level: int) -> Floats:
    kernel = np.zeros(4 * 2**level + 1, np.float32)
    kernel[:: 2**level] = (1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16)
    return np.asarray(cv2.sepFilter2D(plane, cv2.CV_32F, kernel, kernel, borderType=cv2.BORDER_REFLECT_101), np.float32)
