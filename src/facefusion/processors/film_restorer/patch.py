"""What is put in place of damage."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.media.frame import Image
from facefusion.processors.film_restorer.spots import Spot
from facefusion.processors.film_restorer.step import Window

Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

_SOFT: Final = 0.0028
"""How far the soft edge of a spot reaches beyond what is plainly damage, in heights of the frame."""
_SAME: Final = 3
"""Levels by which a pixel of the edge has to differ from the patch to belong to the damage."""
_FITS: Final = 14.0
"""Levels by which a neighbour may differ around a spot to be used there."""


def repaired(window: Window, spots: Iterable[Spot]) -> Image:
    """Return a frame with spots replaced by what the neighbours show there, or else by what lies around them.

    Every pixel that belongs to none of them stays as it is.
    """
    result = window.image.copy()
    for spot in spots:
        _repair(result, window, spot)
    return result


def _repair(result: Image, window: Window, spot: Spot) -> None:
    image, soft = window.image[spot.box], _softened(spot.mask, window.image.shape[0])
    around = _around(soft)
    found = [_levelled(window.brought(offset)[spot.box], image, around) for offset in (-1, 1) if window.has(offset)]
    fitting = [(error, patch) for error, patch in found if error < _FITS]
    if fitting:
        patch = np.average([each for _, each in fitting], 0, [1 / (1 + error) for error, _ in fitting])
    else:
        patch = cv2.inpaint(image, soft.astype(np.uint8), 3, cv2.INPAINT_TELEA).astype(np.float32)
    plain = np.clip(np.rint(patch), 0, 255).astype(np.uint8)
    differs = cv2.absdiff(plain, np.ascontiguousarray(image)).max(2) > _SAME
    replaced = spot.mask | (soft & differs)
    result[spot.box][replaced] = plain[replaced]


def _softened(mask: Mask, height: int) -> Mask:
    side = max(1, round(_SOFT * height)) * 2 + 1
    return np.asarray(cv2.dilate(mask.astype(np.uint8), np.ones((side, side), np.uint8)) > 0, np.bool_)


def _around(soft: Mask) -> Mask:
    """Return what lies near a spot, by which neighbours are judged; all but the spot where it fills the box."""
    near = cv2.dilate(soft.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    ring = near & ~soft
    return np.asarray(ring if ring.any() else ~soft, np.bool_)


def _levelled(patch: Image, image: Image, around: Mask) -> tuple[float, Floats]:
    """Return how far a neighbour is off around a spot, and the neighbour with the frame's brightness there."""
    if not around.any():
        return 0.0, patch.astype(np.float32)
    apart = image[around].astype(np.float32) - patch[around]
    shift = np.median(apart, 0)
    return float(np.abs(apart - shift).mean()), (patch + shift).astype(np.float32)
