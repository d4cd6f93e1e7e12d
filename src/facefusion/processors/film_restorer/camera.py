"""How a whole frame moved since the one before it: the camera, or the film in the gate.

A robust direct fit in several resolutions (Odobez and Bouthemy, 1995): the motion of a plane is found from all pixels
with detail at once, and those that do not go along, as people who move, count ever less. At first they count by where
they lie: what is near the frame's border is background more often than not.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.media.frame import Image

Values = npt.NDArray[np.float64]
Floats = npt.NDArray[np.float32]

_LINES: Final = 400
"""Lines of the picture in which motion is measured; larger ones are made smaller."""
_SMALLEST: Final = 24
"""Least side of the smallest picture."""
_LEAST_SIDE: Final = 8
"""Side below which there is too little to see to tell any motion."""
_STEPS: Final = 6
_SAMPLES: Final = 12_000
"""Pixels that count, at most, those with the most detail in their neighbourhood."""
_TUKEY: Final = 4.685
_CENTRE: Final = 0.05
"""What a pixel in the middle counts beside one at the border."""
_STILL: Final = 0.001
"""Pixels by which the corners move in the last step of a fit."""
_LEAST_RESIDUAL: Final = 0.5
"""Of 255: what rounding to whole numbers leaves."""
_ALONG: Final = 0.25
"""Share of what counts that has to go along."""
_ALIKE: Final = 12.0
"""Pixels of a smooth picture that know no more than one."""
_CERTAIN: Final = 0.1
"""Standard deviation of a shift, in pixels of the measured picture, above which nothing is known."""


@dataclass(frozen=True, slots=True)
class Similarity:
    """A similarity about the frame's middle, small: where the picture of the frame before went.

    Attributes:
        x: to the right, in widths of the frame.
        y: down, in widths of the frame.
        angle: clockwise as seen, in radians.
        zoom: natural logarithm of the scale.
    """

    x: float = 0.0
    y: float = 0.0
    angle: float = 0.0
    zoom: float = 0.0

    @property
    def values(self) -> Values:
        """All four, float64 (4,)."""
        return np.array([self.x, self.y, self.angle, self.zoom])

    def matrix(self, width: int, height: int) -> Values:
        """Return where it takes pixels of a frame of this size, float64 (2, 3)."""
        cos, sin = np.exp(self.zoom) * np.cos(self.angle), np.exp(self.zoom) * np.sin(self.angle)
        middle = np.array([(width - 1) / 2, (height - 1) / 2])
        turn = np.array([[cos, -sin], [sin, cos]])
        shift = middle - turn @ middle + np.array([self.x, self.y]) * width
        return np.hstack([turn, shift[:, None]])


def plain(image: Image) -> Floats:
    """Return what motion is measured in: luma, smooth and at most 400 lines high, float32 (H, W)."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    factor = min(1.0, _LINES / min(grey.shape))
    if factor < 1:
        size = (max(1, round(grey.shape[1] * factor)), max(1, round(grey.shape[0] * factor)))
        grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.GaussianBlur(grey.astype(np.float32), (0, 0), 1.0), np.float32)


def similarity_between(before: Floats, now: Floats) -> Similarity | None:
    """Return how the background moved from one frame to the next.

    Brightness may differ by a factor and an offset.

    Args:
        before: as `plain` returns it.
        now: the same of a frame of the same size.

    Returns:
        The motion; None where there is too little to see to tell, as in fog, or where hardly anything goes along.
    """
    if min(now.shape) < _LEAST_SIDE:
        return None
    pyramids = [_pyramid(picture) for picture in (before, now)]
    values = np.zeros(4)
    certain = False
    for level, (old, new) in enumerate(zip(*pyramids, strict=True)):
        starts = [values, _shifted(old, new)] if level == 0 else [values]
        fits = [_fitted(old, new, start) for start in starts]
        values, _, certain = min(fits, key=lambda fit: fit[1])
    return Similarity(*(float(value) for value in values)) if certain else None


def _pyramid(picture: Floats) -> list[Floats]:
    """Return a picture from small to large, each twice as large as the one before."""
    levels = [picture]
    while min(levels[0].shape) >= 2 * _SMALLEST:
        levels.insert(0, np.asarray(cv2.pyrDown(levels[0]), np.float32))
    return levels


def _shifted(old: Floats, new: Floats) -> Values:
    """Return the shift that most of two small pictures share, as the four values of a motion."""
    window = cv2.createHanningWindow(old.shape[::-1], cv2.CV_32F)
    (x, y), _ = cv2.phaseCorrelate(old, new, window)
    return np.array([x / old.shape[1], y / old.shape[1], 0, 0])


@lru_cache(maxsize=16)
def _places(shape: tuple[int, int]) -> tuple[Floats, Floats, Floats]:
    """Return x and y from the middle in widths of the picture, and what each pixel counts at first."""
    height, width = shape
    x = np.broadcast_to((np.arange(width, dtype=np.float32) - (width - 1) / 2) / width, shape)
    y = np.broadcast_to(((np.arange(height, dtype=np.float32) - (height - 1) / 2) / width)[:, None], shape)
    out = np.maximum(np.abs(x) * 2, np.abs(y) * 2 * width / height)
    prior = np.float32(_CENTRE) + np.float32(1 - _CENTRE) * np.clip((out - 0.4) / 0.4, 0, 1)
    return np.asarray(x, np.float32), np.asarray(y, np.float32), np.asarray(prior, np.float32)


def _fitted(old: Floats, new: Floats, start: Values) -> tuple[Values, float, bool]:
    """Return the values that fit from a start on, what is left of the difference, and whether they are certain."""
    width = old.shape[1]
    down, across = _slopes(old)
    chosen = _chosen(down, across)
    x, y, prior = (plane.ravel()[chosen] for plane in _places(old.shape))
    was, gx, gy = old.ravel()[chosen], across.ravel()[chosen], down.ravel()[chosen]
    slopes = np.stack([gx, gy, gy * x - gx * y, gx * x + gy * y]).astype(np.float32) * np.float32(width)
    design = np.vstack([slopes, -was[None] / 255, -np.ones_like(was)[None]])
    values, light, spread, weights = start.copy(), np.zeros(2), 1e9, prior
    for _ in range(_STEPS):
        seen, inside = _sampled(new, values, x, y)
        rest = seen - was - light[0] * was / 255 - light[1]
        base = prior * inside
        spread = max(_LEAST_RESIDUAL, 1.4826 * _weighted_median(np.abs(rest), base))
        weights = base * np.clip(1 - (rest / (_TUKEY * spread)) ** 2, 0, 1) ** 2
        weighted = design * weights
        step = -_solved(weighted @ design.T, weighted @ rest)
        values, light = values + step[:4], light + step[4:]
        if np.abs(step[:4]).max() * width < _STILL:
            break
    return values, spread, _is_certain(design * weights @ design.T, weights, base, spread, width)


def _slopes(picture: Floats) -> tuple[Floats, Floats]:
    """Return how a picture rises downwards and to the right, per pixel."""
    down = cv2.filter2D(picture, cv2.CV_32F, np.array([[-0.5], [0], [0.5]], np.float32))
    across = cv2.filter2D(picture, cv2.CV_32F, np.array([[-0.5, 0, 0.5]], np.float32))
    return np.asarray(down, np.float32), np.asarray(across, np.float32)


def _chosen(down: Floats, across: Floats) -> npt.NDArray[np.intp]:
    """Return the numbers of the pixels with the most detail, more evenly spread than detail is."""
    energy = down * down + across * across
    if energy.size <= _SAMPLES:
        return np.arange(energy.size)
    side = energy.shape[1] // 12 * 2 + 1
    around = cv2.blur(energy, (side, side))
    share = (energy / (around + 1e-3)).ravel()
    return np.sort(np.argpartition(-share, _SAMPLES)[:_SAMPLES])


def _sampled(new: Floats, values: Values, x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Return a picture where a motion takes places, and 1 where that is inside, else 0."""
    height, width = new.shape
    dx, dy, angle, zoom = (np.float32(value) for value in values)
    across = (x + dx + zoom * x - angle * y) * width + np.float32((width - 1) / 2)
    down = (y + dy + zoom * y + angle * x) * width + np.float32((height - 1) / 2)
    inside = (across >= 0) & (across <= width - 1) & (down >= 0) & (down <= height - 1)
    seen = cv2.remap(new, across[None], down[None], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(seen, np.float32).ravel(), inside.astype(np.float32)


def _weighted_median(values: Floats, weights: Floats) -> float:
    order = np.argsort(values)
    total = np.cumsum(weights[order])
    return float(values[order[np.searchsorted(total, total[-1] / 2)]]) if total[-1] > 0 else 1e9


def _solved(left: Floats, right: Floats) -> Values:
    """Return the solution of normal equations; what cannot be told stays 0."""
    return np.asarray(np.linalg.lstsq(left.astype(np.float64), right.astype(np.float64), rcond=1e-9)[0])


def _is_certain(left: Floats, weights: Floats, base: Floats, spread: float, width: int) -> bool:
    """Whether shifts are known well enough, and enough of the picture goes along."""
    if weights.sum() < _ALONG * base.sum():
        return False
    doubt = np.linalg.pinv(left.astype(np.float64))[:2, :2].trace() / 2 * _ALIKE
    return bool(0 < doubt < (_CERTAIN / (spread * width)) ** 2)
