"""The seam: what the eye would follow along the edge of a new face.

The edge is where the new face ends and the target's own head goes on. Where the mask thins out within the face, around
eyes and mouth and beside the nose, there is no skin of the target on the other side, and what lies there is no seam.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from benchmarks.judging.parsing import Flags
from facefusion.media.frame import Image

Field = npt.NDArray[np.float32]

_SMOOTH = 2.0
"""Blur before gradients are taken, in pixels of a head of 384: below it lies texture, not an edge."""
_BAND = (0.05, 0.95)
"""Share of the new face within which the seam lies."""
_BESIDE = (4, 20)
"""Pixels from the seam between which its surroundings lie."""
_SECTORS = 24
_LEAST_PIXELS = 40
_ACROSS = 2 / np.pi
"""Mean of the share of a gradient along one direction, over all directions."""


@dataclass(frozen=True, slots=True)
class Seam:
    """What is to be seen of the seam, on skin alone.

    Attributes:
        gradient: mean gradient of lightness across the seam over that of the skin beside it; 1 is no seam.
        own_gradient: the same of the target, which has no seam there.
        colour: how much farther apart the skin on both sides is than in the target, CIE76, the mean over all directions
            from the middle of the face. (In the target a side may lie in the shadow, or be a neck.)
    """

    gradient: float
    own_gradient: float
    colour: float


def judge_seam(result: Image, target: Image, mask: Field, skin: Flags) -> Seam:
    """Look at the seam.

    Args:
        result: the head with its new face, RGB uint8 (S, S, 3).
        target: the same head before.
        mask: the new face's share, float32 (S, S), 0 to 1.
        skin: what is skin in both.
    """
    band = _edge_band(mask)
    near, far = (_grown(band, reach) for reach in _BESIDE)
    beside = far & ~near & skin
    normal = _gradient(cv2.GaussianBlur(mask, (0, 0), _SMOOTH))
    length = np.maximum(np.hypot(*normal), 1e-6)
    across = normal[0] / length, normal[1] / length
    images = [_lab(image) for image in (result, target)]
    gradients = [_edge(lab[:, :, 0], across, band & skin, beside) for lab in images]
    inside = (mask >= _BAND[1]) & far & skin
    return Seam(*gradients, _difference(*images, inside, mask))


def _edge_band(mask: Field) -> Flags:
    """Return the pieces of the band between new and old that lie along the outer edge of the new face."""
    outlines, _ = cv2.findContours((mask > _BAND[0]).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    rim = np.zeros(mask.shape, np.uint8)
    cv2.drawContours(rim, outlines, -1, 1, 3)
    band = (mask > _BAND[0]) & (mask < _BAND[1])
    _, pieces = cv2.connectedComponents(band.astype(np.uint8))
    return np.asarray(band & np.isin(pieces, np.unique(pieces[(rim > 0) & band])))


def _lab(image: Image) -> Field:
    return np.asarray(cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2Lab), np.float32)


def _grown(flags: Flags, reach: int) -> Flags:
    size = 2 * reach + 1
    return np.asarray(
        cv2.dilate(flags.astype(np.uint8), cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))) > 0
    )


def _gradient(field: Field) -> tuple[Field, Field]:
    down, right = np.gradient(field)
    return np.asarray(right, np.float32), np.asarray(down, np.float32)


def _edge(lightness: Field, across: tuple[Field, Field], band: Flags, beside: Flags) -> float:
    """Return the gradient across a band over that beside it; 0 where there is too little of either."""
    if min(band.sum(), beside.sum()) < _LEAST_PIXELS:
        return 0.0
    right, down = _gradient(cv2.GaussianBlur(lightness, (0, 0), _SMOOTH))
    in_band = np.abs(right * across[0] + down * across[1])[band].mean()
    return float(in_band / max(float(np.hypot(right, down)[beside].mean()) * _ACROSS, 0.05))


def _difference(result: Field, target: Field, inside: Flags, mask: Field) -> float:
    """Return the mean change of colour just inside the seam, sector by sector; 0 where there is too little skin.

    Outside nothing changes, so this is by how much the step across the seam does.
    """
    y, x = np.mgrid[: mask.shape[0], : mask.shape[1]]
    total = float(mask.sum()) or 1.0
    angle = np.arctan2(y - (mask * y).sum() / total, x - (mask * x).sum() / total)
    sector = ((angle + np.pi) / (2 * np.pi) * _SECTORS).astype(int) % _SECTORS
    parts = (inside & (sector == number) for number in range(_SECTORS))
    found = [result[part].mean(0) - target[part].mean(0) for part in parts if part.sum() >= _LEAST_PIXELS]
    return float(np.mean(np.linalg.norm(found, axis=1))) if found else 0.0
