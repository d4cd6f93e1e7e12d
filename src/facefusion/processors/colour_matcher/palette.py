"""Palettes: how the colours of a picture are spread in CIE Lab, and what brings one to another.

Sources: Reinhard et al., "Color Transfer between Images", 2001; Pitié and Kokaram, "The Linear Monge-Kantorovitch
Linear Colour Mapping for Example-Based Colour Transfer", 2007.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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
_SHOWN: Final = (2.0, 98.0)
"""Lightness of what counts: bars of black, and what is burnt out, say nothing of colour."""
_LEAST_SHARE: Final = 0.05
"""Share of a picture that has to count; where less is left all of it does."""
_GRAIN: Final = 2.0
"""Spread in each direction that every picture is taken to have: less is noise, which must not be blown up."""
_GAINS: Final = (0.5, 2.0)
"""Least and largest factor for what departs from the mean."""
_LINES: Final = 256
"""Of a frame that are worked on at a time, as float32."""


@dataclass(frozen=True, slots=True, eq=False)
class Palette:
    """How colours are spread.

    Attributes:
        mean: L, a and b, float64 (3,).
        second: mean of their products, float64 (3, 3).
    """

    mean: Values
    second: Values

    @classmethod
    def of(cls, image: Image, counted: Floats | None = None) -> Self:
        """Look at a picture.

        Args:
            image: RGB uint8 (H, W, 3).
            counted: how much each pixel has a say, float32 (H, W), 0 to 1; all the same when None.
        """
        scale = min(1.0, _SIDE / max(image.shape[:2]))
        size = tuple(max(1, round(side * scale)) for side in image.shape[1::-1])
        small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        lab = to_lab(np.asarray(small, np.uint8)).reshape(-1, 3).astype(np.float64)
        shares = np.ones(len(lab)) if counted is None else cv2.resize(counted, size, interpolation=cv2.INTER_AREA)
        shares = _fair(np.asarray(shares, np.float64).ravel(), (lab[:, 0] > _SHOWN[0]) & (lab[:, 0] < _SHOWN[1]))
        return cls(shares @ lab, (lab * shares[:, None]).T @ lab)

    @property
    def spread(self) -> Values:
        """Covariance, with the least spread that there is, float64 (3, 3)."""
        return self.second - np.outer(self.mean, self.mean) + np.eye(3) * _GRAIN**2

    def towards(self, other: Palette, share: float) -> Palette:
        """Return what lies between this and another: 0 is this, 1 the other."""
        return Palette(self.mean + share * (other.mean - self.mean), self.second + share * (other.second - self.second))


@dataclass(frozen=True, slots=True, eq=False)
class Grade:
    """What is done to colours: L, a and b times a matrix, and something added.

    Attributes:
        matrix: float32 (3, 3).
        offset: float32 (3,).
    """

    matrix: Floats
    offset: Floats

    @classmethod
    def between(cls, palette: Palette, wanted: Palette, method: Method, strength: float) -> Self:
        """Return what brings a palette to another.

        Args:
            palette: of the frames.
            wanted: of the reference.
            method: see the options.
            strength: how far, 0 to 1.
        """
        full = _transport(palette.spread, wanted.spread) if method == "transport" else _scaling(palette, wanted)
        matrix = np.eye(3) + strength * (full - np.eye(3))
        offset = palette.mean + strength * (wanted.mean - palette.mean) - matrix @ palette.mean
        return cls(matrix.astype(np.float32), offset.astype(np.float32))

    def applied(self, image: Image, share: Floats | None = None) -> Image:
        """Return a picture with other colours.

        Args:
            image: RGB uint8 (H, W, 3).
            share: of them in the result, float32 (H, W), 0 to 1; all of them when None.
        """
        result = np.empty_like(image)
        for top in range(0, len(image), _LINES):
            rows = slice(top, top + _LINES)
            lab = cv2.transform(to_lab(image[rows]), np.column_stack([self.matrix, self.offset]))
            new = np.asarray(cv2.cvtColor(np.asarray(lab, np.float32), cv2.COLOR_Lab2RGB), np.float32) * 255
            if share is not None:
                new = image[rows] + share[rows, :, None] * (new - image[rows])
            result[rows] = np.clip(np.rint(new), 0, 255)
        return result


def to_lab(image: Image) -> Floats:
    """Return CIE Lab of RGB uint8 (H, W, 3), float32; L is 0 to 100."""
    return np.asarray(cv2.cvtColor(image * np.float32(1 / 255), cv2.COLOR_RGB2Lab), np.float32)


def _fair(shares: Values, shown: npt.NDArray[np.bool_]) -> Values:
    """Return shares that add up to 1: of what is shown well, unless that is next to nothing."""
    for counted in (shares * shown, shares * 1.0):
        if counted.sum() > _LEAST_SHARE * len(shares):
            return counted / counted.sum()
    return np.full(len(shares), 1 / len(shares))


def _transport(spread: Values, wanted: Values) -> Values:
    """Return the matrix that makes one spread of the other and moves colours the least (Monge-Kantorovich)."""
    root, inverse = _power(spread, 0.5), _power(spread, -0.5)
    return _within_gains(inverse @ _power(root @ wanted @ root, 0.5) @ inverse)


def _scaling(palette: Palette, wanted: Palette) -> Values:
    return _within_gains(np.diag(np.sqrt(np.diag(wanted.spread) / np.diag(palette.spread))))


def _within_gains(matrix: Values) -> Values:
    values, directions = np.linalg.eigh((matrix + matrix.T) / 2)
    return _joined(np.clip(values, *_GAINS), directions)


def _power(matrix: Values, exponent: float) -> Values:
    values, directions = np.linalg.eigh((matrix + matrix.T) / 2)
    return _joined(np.maximum(values, 1e-9) ** exponent, directions)


def _joined(values: Sequence[float] | Values, directions: Values) -> Values:
    return np.asarray((directions * values) @ directions.T)
