"""Where each pixel of a frame was in the frame before, told by the frames before any edit.

Source of the flow: Kroeger et al., "Fast optical flow using dense inverse search", 2016.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.media.frame import Image
from facefusion.media.region import Rectangle

Floats = npt.NDArray[np.float32]

_SIDE: Final = 448
"""Longer side, in pixels, at which motion is looked for."""
_LEAST: Final = 32
"""Sides below which nothing moves: of less DIS makes nothing."""
_STILL: Final = 0.35
"""Motion, in pixels, below which a pixel is where it was, unless moving it explains the frame clearly better."""
_BETTER: Final = 0.75
"""How much better, as a share of what staying leaves unexplained."""
_WINDOW: Final = 5
_EXPLAINED: Final = (4.0, 14.0)
"""What is left unexplained, in levels beyond the usual: up to the first motion is trusted, from the second on not."""


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """Where the pixels of a part of a frame come from.

    Attributes:
        x: column in the frame before, float32 (h, w).
        y: row there.
        trust: how surely, 0 to 1, float32 (h, w).
    """

    x: Floats
    y: Floats
    trust: Floats

    @classmethod
    def between(cls, before: Image, now: Image, part: Rectangle) -> Self:
        """Find the motion of a part of a frame.

        Args:
            before: the frame before, RGB uint8 (H, W, 3), before any edit.
            now: this frame, likewise, of the same size.
            part: which part.
        """
        there, here = (_grey(image[part.slices]) for image in (before, now))
        flow = _flow(there, here)
        columns, rows = np.meshgrid(np.arange(part.width, dtype=np.float32), np.arange(part.height, dtype=np.float32))
        stays, moves = (_left(there, here, columns + each[..., 0], rows + each[..., 1]) for each in (0 * flow, flow))
        is_still = (np.hypot(flow[..., 0], flow[..., 1]) < _STILL) | (moves > _BETTER * stays)
        flow[is_still] = 0
        left = np.asarray(np.where(is_still, stays, moves), np.float32)
        trust = 1 - _step(left - np.float32(np.median(left)), *_EXPLAINED)
        x, y = columns + flow[..., 0] + np.float32(part.x), rows + flow[..., 1] + np.float32(part.y)
        height, width = now.shape[:2]
        trust *= (x >= 0) & (y >= 0) & (x <= width - 1) & (y <= height - 1)
        return cls(x, y, np.asarray(trust, np.float32))

    def carried(self, values: Floats) -> Floats:
        """Return what lies in a frame before, float32 (H, W, 3), where it is now, float32 (h, w, 3)."""
        return np.asarray(cv2.remap(values, self.x, self.y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE))


def _flow(there: npt.NDArray[np.uint8], here: npt.NDArray[np.uint8]) -> Floats:
    """Return how far to go from each pixel to where it was, float32 (h, w, 2)."""
    height, width = here.shape
    if min(height, width) < _LEAST:
        return np.zeros((height, width, 2), np.float32)
    scale = min(1.0, _SIDE / max(height, width))
    size = (max(_LEAST, round(width * scale)), max(_LEAST, round(height * scale)))
    small = [np.asarray(cv2.resize(each, size, interpolation=cv2.INTER_AREA), np.uint8) for each in (here, there)]
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    search.setFinestScale(1 if min(size) >= 2 * _LEAST else 0)
    found = search.calc(small[0], small[1], np.zeros((size[1], size[0], 2), np.float32))
    flow = np.asarray(cv2.resize(found, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
    return flow * np.array([width / size[0], height / size[1]], np.float32)


def _left(there: npt.NDArray[np.uint8], here: npt.NDArray[np.uint8], x: Floats, y: Floats) -> Floats:
    """Return how much of a frame the one before leaves unexplained, in levels, float32 (h, w)."""
    moved = cv2.remap(there.astype(np.float32), x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(cv2.blur(np.abs(moved - here), (_WINDOW, _WINDOW)), np.float32)


def _grey(image: Image) -> npt.NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2GRAY), np.uint8)


def _step(values: Floats, low: float, high: float) -> Floats:
    """Return a soft step, 0 up to `low` and 1 from `high` on."""
    place = np.clip((values - np.float32(low)) / np.float32(high - low), 0, 1)
    return np.asarray(place * place * (3 - 2 * place), np.float32)
