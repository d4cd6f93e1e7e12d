"""Lines on a face: how strong they are in each direction, beside what is usual on faces without glasses.

Lids, brows, bags and wrinkles make lines as well. How strong they are was measured on portraits without glasses, pixel
by pixel and direction by direction (`models/usual_lines.py`); what exceeds that is unusual.
"""

from __future__ import annotations

from functools import cache
from importlib import resources

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.processors.face_swapper.mesh.filters import Field, dilate, enlarge, median
from facefusion.processors.face_swapper.mesh.glasses.plane import HEIGHT, WIDTH

DIRECTIONS = 16
"""Directions across lines, evenly over half a turn; direction k lies k / DIRECTIONS of that from x towards y."""
USUAL_SIZE = (28, 24)
"""Height and width at which the usual strength of lines is kept, for the left half of the plane."""
USUAL_UNIT = 64
"""Whole numbers for 1 in that table."""
_SCALES = (1.1, 1.8, 2.8)
"""Smoothing of the plane, in its pixels, by which thin and thick lines are found."""
_NOISE = 0.6
"""What is added to the usual strength of lines in the picture, so that a smooth one does not exaggerate them."""
_SOME = 3
"""One in so many rows and columns tells how strong lines are all over the picture."""
_STRONGEST = 15.0
"""Strength beside the usual above which lines are all alike."""
_LEAST, _MOST = -1.0, 2.5
"""Limits of how unusual a line is, in standard deviations."""


def line_strengths(lightness: Field) -> Field:
    """Return how strong lines across each direction are, float32 (DIRECTIONS, H, W): positive dark, negative light.

    Source: Lindeberg, "Edge detection and ridge detection with automatic scale selection", 1998.

    Args:
        lightness: 0 to 255, float32 (H, W).
    """
    strongest = np.zeros((DIRECTIONS, *lightness.shape), np.float32)
    for sigma in _SCALES:
        smooth = cv2.GaussianBlur(lightness, (0, 0), sigma)
        xx, yy, xy = (cv2.Sobel(smooth, cv2.CV_32F, *order, ksize=3) / 4 for order in ((2, 0), (0, 2), (1, 1)))
        for kept, angle in zip(strongest, np.pi * np.arange(DIRECTIONS) / DIRECTIONS, strict=True):
            c, s = np.float32(np.cos(angle)), np.float32(np.sin(angle))
            across, along = c * c * xx + s * s * yy, s * s * xx + c * c * yy
            # A spot is no line: what is as strong along it counts for nothing.
            strength = (across + 2 * c * s * xy - np.maximum(along - 2 * c * s * xy, 0)) * np.float32(sigma**1.5)
            np.copyto(kept, strength, where=np.abs(strength) > np.abs(kept))
    return strongest


def relative(strengths: Field) -> Field:
    """Return the strength of lines beside what the picture shows everywhere, on a logarithmic scale, from 0."""
    strong = np.log1p(np.minimum(np.abs(strengths) / np.float32(usual_strength(strengths)), _STRONGEST))
    return np.stack([dilate(plane, 1) for plane in strong]).astype(np.float32)


def usual_strength(strengths: Field) -> float:
    """Return how strong lines are all over the picture, and a little more."""
    some = np.abs(strengths[:, ::_SOME, ::_SOME]).ravel()
    return float(median(some)) + _NOISE


def unusual(strengths: Field) -> Field:
    """Return by how many standard deviations lines are stronger than usual, float32 (DIRECTIONS, HEIGHT, WIDTH)."""
    mean, deviation = usual_lines()
    return np.asarray(np.clip((relative(strengths) - mean) / deviation, _LEAST, _MOST), np.float32)


@cache
def usual_lines() -> tuple[Field, Field]:
    """Return mean and deviation of `relative` on faces without glasses, float32 (DIRECTIONS, HEIGHT, WIDTH) each."""
    text = (resources.files("facefusion.faces") / "data" / "usual_lines.csv").read_text("utf-8")
    numbers = np.loadtxt(text.splitlines(), delimiter=",", comments="#", dtype=np.float32)
    mean, deviation = (_both_halves(half) for half in numbers.reshape(2, DIRECTIONS, *USUAL_SIZE) / USUAL_UNIT)
    return mean, deviation


def _both_halves(half: npt.NDArray[np.float32]) -> Field:
    """Return both halves of the plane from its left one, (DIRECTIONS, h, w); mirrored directions change places."""
    mirrored = half[[-k % DIRECTIONS for k in range(DIRECTIONS)], :, ::-1]
    return np.stack([enlarge(plane, (HEIGHT, WIDTH)) for plane in np.concatenate([half, mirrored], axis=2)])
