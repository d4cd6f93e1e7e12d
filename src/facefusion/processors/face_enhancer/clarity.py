"""Faces made clearer without weights: fine bands of lightness are raised where they are more than noise.

Guided filters part a face's luma into bands that hold no strong edge (He et al., "Guided Image Filtering", 2013), so
that raising them makes no halo beside edges. Edges are made steeper by an unsharp mask that hardly leaves the range of
the pixels around. Noise and the blocks of compression are measured first; what is not clearly above them is not raised.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.faces.crops import FaceCrop, Share
from facefusion.faces.mesh import INNER_LIPS, LEFT_EYE, RIGHT_EYE
from facefusion.faces.quality import sharpness

Plane = npt.NDArray[np.float32]

_LEVELS: Final = (0.016, 0.045, 0.12)
"""Radii of the bands, fine to broad, in distances of the eyes."""
_GAINS: Final = (0.5, 0.2, 0.05)
"""How far each is raised, beyond 1."""
_EDGE: Final = 14.0
"""Contrast, in levels, from which on something is an edge and stays out of the bands."""
_STEEPER: Final = 0.7
"""How far edges are made steeper."""
_OVER: Final = np.float32(0.06)
"""How far a pixel may leave the range of those around, in parts of that range."""
_ABOVE_NOISE: Final = 1.6
"""Noise counts so many times where it is told from detail."""
_KEPT_GRAIN: Final = 0.5
"""Share of the noise that stays, for skin without any looks like wax."""
_BLOCK: Final = 8
"""Side of the blocks of JPEG and MPEG, in pixels."""
_BLOCK_LEAST: Final = 0.15
"""Mean step at the borders of blocks, beyond that of other places, in levels, below which it is chance."""
_BLOCK_STEP: Final = np.float32(6)
"""Levels from which a step is an edge of the picture, not of a block."""
_BLOCK_REACH: Final = 3.0
"""Steps within blocks and at their borders, in those mean steps."""
_LESS_BLOCKS: Final = 6.0
"""How much less is raised where there are blocks: what they have taken is not there to be raised."""
_CRISP: Final = ((0.5, 0.65), (1.0, 0.5))
"""Sharpness of a face, see `facefusion.faces.quality`, and how far it is made clearer."""
_OPEN: Final = (0.6, 8.0, 4.0)
"""How far eyeballs and teeth are made clearer, and levels by which they may grow darker and lighter at most."""
_STEP: Final = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
_STEP_SPREAD: Final = 6.0
"""What that filter makes of noise of 1: Immerkær, "Fast Noise Variance Estimation", 1996."""
_MEDIAN: Final = 0.6745
"""Median of what is absolute in noise of 1."""


@dataclass(frozen=True, slots=True)
class Grade:
    """How poor a face is.

    Attributes:
        noise: standard deviation, in levels.
        blocks: mean step at the borders of blocks beyond that of other places, in levels; 0 where there are none.
    """

    noise: float
    blocks: float

    @classmethod
    def of(cls, luma: Plane, inside: npt.NDArray[np.bool_]) -> Grade:
        """Measure a face.

        Args:
            luma: float32 (H, W), 0 to 255.
            inside: what is of the face, (H, W).
        """
        if np.count_nonzero(inside) < _BLOCK * _BLOCK:
            return cls(0.0, 0.0)
        steps = np.abs(np.asarray(cv2.filter2D(luma, cv2.CV_32F, _STEP), np.float32)[inside])
        return cls(float(np.median(steps)) / (_MEDIAN * _STEP_SPREAD), min(_blocks(luma), _blocks(luma.T)))

    @property
    def clutter(self) -> float:
        """Levels below which nothing is told from noise and blocks."""
        return float(np.hypot(self.noise, _BLOCK_REACH * self.blocks))


def clarified(crop: FaceCrop, inside: Share) -> npt.NDArray[np.float32]:
    """Return a face made clearer, RGB float32 (S, S, 3), 0 to 255.

    Args:
        crop: the face at the size that it has in its picture.
        inside: what is of the face, 0 to 1, (S, S).
    """
    colours = np.asarray(cv2.cvtColor(crop.image, cv2.COLOR_RGB2YCrCb), np.float32)
    luma = np.ascontiguousarray(colours[:, :, 0])
    grade = Grade.of(luma, inside > 0.5)
    eyes = crop.inside(crop.face.landmarks5)[:2]
    unit = max(float(np.linalg.norm(eyes[1] - eyes[0])), 1.0)
    amount = float(np.interp(sharpness(crop.image, crop.face.moved(*crop.affine[:, 2])), *_CRISP))
    amount /= 1 + _LESS_BLOCKS * grade.blocks
    calm = _calmed(luma, grade, unit)
    raised = _steeper(_raised(calm, grade, unit, amount), calm, grade, unit, amount)
    colours[:, :, 0] = luma + _held_back(raised - luma, crop)
    share, reach = np.float32(np.clip(grade.clutter - 0.5, 0, 1)), _radius(unit, _LEVELS[1])
    for channel in (1, 2) if share > 0 else ():
        colour = np.ascontiguousarray(colours[:, :, channel])
        colours[:, :, channel] += share * (guided(luma, colour, reach, (2 * grade.clutter) ** 2) - colour)
    colours *= np.float32(1 / 255)
    return np.asarray(cv2.cvtColor(colours, cv2.COLOR_YCrCb2RGB), np.float32).clip(0, 1) * np.float32(255)


def guided(guide: Plane, values: Plane, radius: int, least: float) -> Plane:
    """Return values smoothed, but not across the edges of a guide, float32 (H, W).

    Args:
        guide: float32 (H, W).
        values: float32 (H, W); perhaps the guide itself.
        radius: in pixels.
        least: variance of the guide that is an edge.
    """

    def mean(plane: Plane) -> Plane:
        side = (2 * radius + 1, 2 * radius + 1)
        return np.asarray(cv2.blur(plane, side, borderType=cv2.BORDER_REFLECT_101), np.float32)

    middle, value = mean(guide), mean(values)
    slope = np.asarray(mean(guide * values) - middle * value, np.float32)
    slope /= mean(guide * guide) - middle * middle + np.float32(least)
    return mean(slope) * guide + mean(value - slope * middle)


def _blocks(luma: Plane) -> float:
    """Return by how much columns at the borders of blocks differ more than others, wherever the blocks begin."""
    steps = np.minimum(np.abs(np.diff(luma, axis=1)), _BLOCK_STEP).mean(0)
    count = len(steps) // _BLOCK
    if count < 3:
        return 0.0
    *_, second, most = np.sort(steps[: count * _BLOCK].reshape(count, _BLOCK).mean(0))
    return max(0.0, float(most - second) - _BLOCK_LEAST)


def _calmed(luma: Plane, grade: Grade, unit: float) -> Plane:
    """Return luma with less of its noise and its blocks."""
    if grade.clutter < 0.5:
        return luma
    reach = max(2 if grade.blocks == 0 else _BLOCK // 2, _radius(unit, _LEVELS[1]))
    smooth = guided(luma, luma, reach, (_ABOVE_NOISE * grade.clutter) ** 2)
    kept = _KEPT_GRAIN / (1 + grade.blocks)
    return smooth + np.float32(kept) * (luma - smooth)


def _raised(luma: Plane, grade: Grade, unit: float, amount: float) -> Plane:
    """Return luma with its bands raised, as far as they are above noise."""
    result, above = luma.copy(), luma
    for level, gain in zip(_LEVELS, _GAINS, strict=True):
        radius = _radius(unit, level)
        below = guided(luma, luma, radius, _EDGE**2)
        band = above - below
        result += np.float32(gain * amount) * band * _certain(band, grade, radius)
        above = below
    return result


def _certain(band: Plane, grade: Grade, radius: int) -> Plane:
    """Return how far a band is more than noise, 0 to 1: what a Wiener filter would leave of it."""
    noise = (_ABOVE_NOISE * _KEPT_GRAIN * grade.clutter) ** 2
    side = (4 * radius + 1, 4 * radius + 1)
    energy = np.asarray(cv2.blur(band * band, side, borderType=cv2.BORDER_REFLECT_101), np.float32)
    return np.asarray(np.maximum(energy - np.float32(noise), 0) / (energy + np.float32(noise) + 1), np.float32)


def _steeper(luma: Plane, calm: Plane, grade: Grade, unit: float, amount: float) -> Plane:
    """Return luma with steeper edges, within the range of the pixels that are around each."""
    sigma = max(1.0, unit * _LEVELS[0])
    smooth = np.asarray(cv2.GaussianBlur(luma, (0, 0), sigma, borderType=cv2.BORDER_REFLECT_101), np.float32)
    edges = luma - smooth
    sharp = luma + np.float32(_STEEPER * amount) * edges * _certain(edges, grade, max(1, round(sigma)))
    side = 2 * max(1, round(sigma * 1.5)) + 1
    around = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    low, high = (np.asarray(find(calm, around), np.float32) for find in (cv2.erode, cv2.dilate))
    more = _OVER * (high - low) + 1
    return np.clip(sharp, low - more, high + more)


def _held_back(change: Plane, crop: FaceCrop) -> Plane:
    """Return a change of luma with less of it in the eyes and in the mouth, which must not turn white."""
    mesh, openings = crop.inside(crop.face.mesh), np.zeros(change.shape, np.uint8)
    for outline in (LEFT_EYE, RIGHT_EYE, INNER_LIPS):
        cv2.fillPoly(openings, [np.rint(mesh[list(outline)]).astype(np.int32)], 1)
    share, darker, lighter = _OPEN
    return np.where(openings > 0, np.clip(np.float32(share) * change, -darker, lighter), change)


def _radius(unit: float, level: float) -> int:
    return max(1, round(unit * level))
