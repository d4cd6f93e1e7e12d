"""Eyelids that slide over the eyes; their skin is that below the eyes, their edge has the colour of the lashes."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from talking_portrait.curves import smoothstep
from talking_portrait.indices import EYES
from talking_portrait.portrait import Image, Portrait

Array = npt.NDArray[np.float64]


class Eyelids:
    """Both eyes of one portrait."""

    def __init__(self, portrait: Portrait) -> None:
        self._eyes = tuple(_Eye(portrait, upper, lower) for upper, lower in EYES)

    def move(self, points: Array, blink: float) -> Array:
        """Move the 468 landmarks (468, 2) as the picture moves."""
        moved = points.copy()
        for eye in self._eyes:
            eye.move(moved, blink)
        return moved

    def draw(self, image: Image, blink: float) -> None:
        """Close the eyes in `image` by `blink`, 0 to 1."""
        if blink > 0.02:
            for eye in self._eyes:
                eye.draw(image, blink)


class _Eye:
    """One eye; the edges of its lids are curves y(x) over the columns of the canvas."""

    def __init__(self, portrait: Portrait, upper: Sequence[int], lower: Sequence[int]) -> None:
        mesh = portrait.mesh
        self._ids = list(upper[1:-1])
        xs, ys = mesh[list(upper), :2].T
        low_x, low_y = mesh[list(lower), :2].T
        self._curve_x, self._curve_y = low_x, low_y
        self._left, self._right = float(xs[0]), float(xs[-1])
        self._width = self._right - self._left
        margin = 0.12 * self._width
        self._x = np.arange(int(self._left - margin), int(self._right + margin) + 1)
        self._top = np.interp(self._x, xs, ys)
        self._bottom = np.interp(self._x, low_x, low_y)
        self._height = float((self._bottom - self._top).max())
        self._y = np.arange(int(ys.min() - 0.6 * self._height), int(low_y.max() + 2.2 * self._height) + 1)

    def move(self, points: Array, blink: float) -> None:
        x, y = points[self._ids].T
        bottom = np.interp(x, self._curve_x, self._curve_y)
        points[self._ids, 1] = y + blink * (self._closed(bottom) - y)

    def draw(self, image: Image, blink: float) -> None:
        part = np.s_[self._y[0] : self._y[-1] + 1, self._x[0] : self._x[-1] + 1]
        rest = np.ascontiguousarray(image[part])
        edge = self._top + blink * (self._closed(self._bottom) - self._top)
        y = self._y[:, None].astype(float)
        skin = self._skin(rest, y, edge)
        thick = 0.13 * self._height
        near_edge = 0.85 * (1 - smoothstep(0.3 * thick, 1.7 * thick, np.abs(y - edge)))
        lid = skin + near_edge[..., None] * (self._lashes(rest) - skin)
        ends = smoothstep(0, 0.12 * self._width, self._x - self._left + 0.1 * self._width)
        ends = ends * smoothstep(0, 0.12 * self._width, self._right + 0.1 * self._width - self._x)
        fold = self._top - 0.45 * self._height
        cover = smoothstep(fold, fold + 0.3 * self._height, y)
        cover = cover * (1 - smoothstep(edge + 0.3 * thick, edge + 1.3 * thick, y))
        alpha = (cover * ends * smoothstep(0.02, 0.35, blink))[..., None]
        image[part] = np.rint(np.clip(rest + alpha * (lid - rest), 0, 255)).astype(np.uint8)

    def _closed(self, bottom: Array) -> Array:
        """Return where the lids meet: on the lower lashes."""
        return np.asarray(bottom + 0.10 * self._height)

    def _skin(self, rest: Image, y: Array, edge: Array) -> Array:
        """Mirror the skin below the lower lashes up onto the lid and round it by shading."""
        above = np.maximum(edge - y, 0)
        soft = np.asarray(cv2.GaussianBlur(rest, (0, 0), 1.2), dtype=np.uint8)
        skin = self._sample(soft, self._bottom + 0.45 * self._height + 0.8 * above)
        up = above / (1.1 * self._height)
        rounded = 0.97 - 0.08 * (1 - smoothstep(0.0, 0.4, up)) - 0.15 * smoothstep(0.45, 1.05, up)
        return np.asarray(skin * rounded[..., None])

    def _lashes(self, rest: Image) -> Array:
        """Return the colour of the lashes, (1, columns, 3): the darkest along the edge of the upper lid."""
        rows = self._top + np.linspace(-0.25, 0.1, 5)[:, None] * self._height
        strip = self._sample(rest, rows)
        darkest = np.take_along_axis(strip, strip.sum(-1).argmin(0)[None, :, None], axis=0)
        return np.asarray(cv2.GaussianBlur(darkest, (0, 0), sigmaX=0.08 * self._width, sigmaY=0.1), dtype=np.float64)

    def _sample(self, rest: Image, y: Array) -> Array:
        columns = np.tile((self._x - self._x[0]).astype(np.float32), (len(y), 1))
        rows = (y - self._y[0]).astype(np.float32)
        found = cv2.remap(rest, columns, rows, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(found, dtype=np.float64)
