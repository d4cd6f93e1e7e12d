"""Grading: colours looked up in a table, in between by tetrahedra.

Of the eight points around a colour the four that span its tetrahedron count (Kasson, Nin, Plouffe and Hafner, 1995):
greys stay on the line of greys, as they do not between all eight. What depends on one channel alone is tabled once.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.media.frame import Image
from facefusion.processors.stylizer.cube import CubeTable

_LEVELS = 256
_LINES = 48
"""Of a frame that are worked on at a time, so that what lies between stays near the processor."""


class _Channel(NamedTuple):
    """What is known of each value of one channel.

    Attributes:
        below: number of the point below, times how far points lie apart in the table, int32 (256,).
        share: how far it lies beyond that point, 0 to 1, float32 (256,).
    """

    below: npt.NDArray[np.int32]
    share: npt.NDArray[np.float32]


class Grading:
    """Looks colours up in a table.

    Args:
        table: of colours; what lies outside its domain is taken for its border.
    """

    def __init__(self, table: CubeTable) -> None:
        points = len(table.values)
        channels = [_places(points, float(low), float(high)) for low, high in zip(table.low, table.high, strict=True)]
        self._curves: npt.NDArray[np.uint8] | None = None
        if not table.is_3d:
            self._curves = _curves(np.clip(table.values, 0, 1) * np.float32(255), channels)
            return
        apart = (1, points, points * points)
        self._apart = apart
        self._channels = [
            _Channel(places.below * np.int32(step), places.share) for places, step in zip(channels, apart, strict=True)
        ]
        self._values = np.zeros((points**3, 4), np.float32)
        np.clip(table.values.reshape(-1, 3), 0, 1, out=self._values[:, :3])
        self._values *= np.float32(255)

    def graded(self, image: Image) -> Image:
        """Return a picture, RGB uint8 (H, W, 3), in the colours of the table."""
        if self._curves is not None:
            return np.asarray(cv2.LUT(image, self._curves), np.uint8)
        result = np.empty_like(image)
        for top in range(0, len(image), _LINES):
            rows = slice(top, top + _LINES)
            result[rows] = self._looked_up(image[rows])
        return result

    def _looked_up(self, image: Image) -> Image:
        planes = [np.ascontiguousarray(image[:, :, k]) for k in range(3)]
        shares = [channel.share.take(plane) for channel, plane in zip(self._channels, planes, strict=True)]
        red, green, blue = (channel.below.take(plane) for channel, plane in zip(self._channels, planes, strict=True))
        base, whole = red + green + blue, np.int32(sum(self._apart))
        less, more = np.minimum(shares[0], shares[1]), np.maximum(shares[0], shares[1])
        high, low = np.maximum(more, shares[2]), np.minimum(less, shares[2])
        middle = np.maximum(less, np.minimum(more, shares[2]))  # exactly one of them: greys have but one share
        first, last = self._step(shares, high), self._step(shares, low)
        total = np.zeros((*base.shape, 4), np.float32)
        for corner, weight in (
            (base, 1 - high),
            (base + first, high - middle),
            (base + (whole - last), middle - low),
            (base + whole, low),
        ):
            total += self._values.take(corner, axis=0) * weight[:, :, None]
        return np.asarray(cv2.convertScaleAbs(total)[:, :, :3], np.uint8)

    def _step(self, shares: list[npt.NDArray[np.float32]], extreme: npt.NDArray[np.float32]) -> npt.NDArray[np.int32]:
        """Return the step to the next point along the channel whose share is the extreme one; of equals any will do."""
        red, green, blue = (np.int32(step) for step in self._apart)
        return np.where(shares[0] == extreme, red, np.where(shares[1] == extreme, green, blue))


def _places(points: int, low: float, high: float) -> _Channel:
    """Return where each value of 8 bits lies between the points of a table's side."""
    values = np.arange(_LEVELS) / (_LEVELS - 1)
    along = np.clip((values - low) / (high - low), 0, 1) * (points - 1)
    below = np.minimum(np.floor(along), points - 2)
    return _Channel(below.astype(np.int32), (along - below).astype(np.float32))


def _curves(values: npt.NDArray[np.float32], channels: list[_Channel]) -> npt.NDArray[np.uint8]:
    """Return the curves of a table of one dimension, uint8 (1, 256, 3)."""
    curves = [
        values[places.below, k] * (1 - places.share) + values[places.below + 1, k] * places.share
        for k, places in enumerate(channels)
    ]
    return np.asarray(np.rint(np.stack(curves, axis=1))[None], np.uint8)
