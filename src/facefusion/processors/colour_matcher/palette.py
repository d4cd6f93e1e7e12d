"""Palettes: how the colours of a picture are spread, and what brings one to another.

Means and spreads of single axes are those of CIE Lab, whose axes are those of sight. Colours are moved together in RGB,
where most of what cameras and graders do to a picture is a matrix.

Sources: Reinhard et al., "Color Transfer between Images", 2001; Pitié and Kokaram, "The Linear Monge-Kantorovitch
Linear Colour Mapping for Example-Based Colour Transfer", 2007.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal, Self

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.media.frame import Image

Method = Literal["transport", "statistics"]
Values = npt.NDArray[np.float64]
Floats = npt.NDArray[np.float32]

_SIDE: Final = 160
"""Longer side, in pixels, at which a picture's colours are looked at."""
_BAR: Final = 20
"""Brightest value, 0 to 255, in rows and columns at the border that are bars, which say nothing of colour."""
_LEAST_SHARE: Final = 0.05
"""Share of a picture that has to count; where less is left all of it does."""
_GRAIN: Final[Mapping[Method, float]] = MappingProxyType({"statistics": 2.0, "transport": 4.0})
"""Spread in each direction that every picture is taken to have: less is noise, which must not be blown up."""
_GAINS: Final = (0.5, 2.0)
"""Least and largest factor for what departs from the mean."""
_LINES: Final = 256
"""Of a frame that are worked on at a time, as float32."""


@dataclass(frozen=True, slots=True, eq=False)
class Palette:
    """How colours are spread.

    Attributes:
        method: for which: L, a and b for `statistics`, red, green and blue of 255 for `transport`.
        mean: of these, float64 (3,).
        second: mean of their products, float64 (3, 3).
    """

    method: Method
    mean: Values
    second: Values

    @classmethod
    def of(cls, image: Image, method: Method, counted: Floats | None = None) -> Self:
        """Look at a picture.

        Args:
            image: RGB uint8 (H, W, 3).
            method: what the palette is for.
            counted: how much each pixel has a say, float32 (H, W), 0 to 1; all the same when None.
        """
        scale = min(1.0, _SIDE / max(image.shape[:2]))
        size = tuple(max(1, round(side * scale)) for side in image.shape[1::-1])
        small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        inner = _without_bars(np.asarray(small, np.uint8))
        colours = _to_axes(np.ascontiguousarray(small[inner], np.uint8), method).reshape(-1, 3).astype(np.float64)
        shares = np.ones(size[::-1]) if counted is None else cv2.resize(counted, size, interpolation=cv2.INTER_AREA)
        shares = _fair(np.asarray(shares, np.float64)[inner].ravel())
        return cls(method, shares @ colours, (colours * shares[:, None]).T @ colours)

    @property
    def spread(self) -> Values:
        """Covariance, with the least spread that there is, float64 (3, 3)."""
        return self.second - np.outer(self.mean, self.mean) + np.eye(3) * _GRAIN[self.method] ** 2

    def towards(self, other: Palette, share: float) -> Palette:
        """Return what lies between this and another: 0 is this, 1 the other."""
        mean, second = self.mean + share * (other.mean - self.mean), self.second + share * (other.second - self.second)
        return Palette(self.method, mean, second)


@dataclass(frozen=True, slots=True, eq=False)
class Grade:
    """What is done to colours: the three axes times a matrix, and something added.

    Attributes:
        method: tells which axes; see `Palette`.
        matrix: float32 (3, 3).
        offset: float32 (3,).
    """

    method: Method
    matrix: Floats
    offset: Floats

    @classmethod
    def between(cls, palette: Palette, wanted: Palette, strength: float) -> Self:
        """Return what brings a palette to another.

        Args:
            palette: of the frames.
            wanted: of the reference, for the same method.
            strength: how far, 0 to 1.
        """
        is_joint = palette.method == "transport"
        full = _transport(palette.spread, wanted.spread) if is_joint else _scaling(palette.spread, wanted.spread)
        matrix = np.eye(3) + strength * (full - np.eye(3))
        offset = palette.mean + strength * (wanted.mean - palette.mean) - matrix @ palette.mean
        return cls(palette.method, matrix.astype(np.float32), offset.astype(np.float32))

    def applied(self, image: Image, share: Floats | None = None) -> Image:
        """Return a picture with other colours.

        Args:
            image: RGB uint8 (H, W, 3).
            share: of them in the result, float32 (H, W), 0 to 1; all of them when None.
        """
        result = np.empty_like(image)
        for top in range(0, len(image), _LINES):
            rows = slice(top, top + _LINES)
            moved = cv2.transform(_to_axes(image[rows], self.method), np.column_stack([self.matrix, self.offset]))
            new = _from_axes(np.asarray(moved, np.float32), self.method)
            if share is not None:
                new = np.asarray(image[rows] + share[rows, :, None] * (new - image[rows]), np.float32)
            result[rows] = np.clip(np.rint(new), 0, 255)
        return result


def _to_axes(image: Image, method: Method) -> Floats:
    return to_lab(image) if method == "statistics" else image.astype(np.float32)


def _from_axes(values: Floats, method: Method) -> Floats:
    """Return RGB, 0 to 255, some of it perhaps beyond."""
    if method == "transport":
        return values
    return np.asarray(cv2.cvtColor(values, cv2.COLOR_Lab2RGB), np.float32) * np.float32(255)


def to_lab(image: Image) -> Floats:
    """Return CIE Lab of RGB uint8 (H, W, 3), float32; L is 0 to 100."""
    return np.asarray(cv2.cvtColor(image * np.float32(1 / 255), cv2.COLOR_RGB2Lab), np.float32)


def _without_bars(image: Image) -> tuple[slice, slice]:
    """Return the rows and columns of a picture within bars of black; all of them where it is black all over."""
    bright = image.max(2)
    rows, columns = (np.flatnonzero(bright.max(axis) > _BAR) for axis in (1, 0))
    if not len(rows):
        return slice(None), slice(None)
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def _fair(shares: Values) -> Values:
    """Return shares that add up to 1; all the same where next to nothing is counted."""
    if shares.sum() > _LEAST_SHARE * len(shares):
        return np.asarray(shares / shares.sum())
    return np.full(len(shares), 1 / len(shares))


def _transport(spread: Values, wanted: Values) -> Values:
    """Return the matrix that makes one spread of the other and moves colours the least (Monge-Kantorovich)."""
    root, inverse = _power(spread, 0.5), _power(spread, -0.5)
    return _within_gains(inverse @ _power(root @ wanted @ root, 0.5) @ inverse)


def _scaling(spread: Values, wanted: Values) -> Values:
    """Return the matrix that brings each axis by itself to the other spread."""
    return _within_gains(np.diag(np.sqrt(np.diag(wanted) / np.diag(spread))))


def _within_gains(matrix: Values) -> Values:
    values, directions = np.linalg.eigh((matrix + matrix.T) / 2)
    return _joined(np.clip(values, *_GAINS), directions)


def _power(matrix: Values, exponent: float) -> Values:
    values, directions = np.linalg.eigh((matrix + matrix.T) / 2)
    return _joined(np.maximum(values, 1e-9) ** exponent, directions)


def _joined(values: Sequence[float] | Values, directions: Values) -> Values:
    return np.asarray((directions * values) @ directions.T)
