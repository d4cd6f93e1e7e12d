"""Finding glasses: two rims of one shape around the eyes, a bridge over the nose, and temples.

Each cue is also found on faces without glasses (bags, sockets, wrinkles of the nose), all of them together hardly ever.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import product

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.processors.face_swapper.mesh.filters import Field
from facefusion.processors.face_swapper.mesh.glasses.lines import DIRECTIONS, relative, unusual
from facefusion.processors.face_swapper.mesh.glasses.plane import HEIGHT, ORIGIN, UNIT, WIDTH

POINTS = 32
"""Points of a rim that are looked at."""
_ANGLES = 2 * np.pi * (np.arange(POINTS) + 0.5) / POINTS
"""Of the points of a rim: 0 away from the nose, a quarter turn down."""
_MIDDLES, _HEIGHTS = (0.33, 0.36, 0.39, 0.42), (-0.02, 0.02, 0.06, 0.1, 0.14, 0.18)
"""Of rims, in eye distances: how far their middles are to the side and down."""
_HALF_WIDTHS, _HALF_HEIGHTS = (0.25, 0.28, 0.31, 0.34), (0.11, 0.14, 0.17, 0.2, 0.23, 0.26, 0.29)
_SQUARENESS = (2.0, 3.0, 5.0)
"""Exponents of the superellipse, from an ellipse to a rounded box."""
_TO_NOSE = (0.03, 0.17)
"""Least and greatest distance of a rim from the middle of the nose."""
_LEAST_RIMS = 0.85
"""How unusual both rims must be, in standard deviations: a bridge and temples alone are wrinkles."""
_STRONG = 0.6
"""What the plain strength of lines counts beside how unusual they are."""
_SECTOR = 0.7
"""Cosine of the angle up to which points count as belonging to a side of the rim."""
_WEIGHTS = np.array([0.59, 1.01, 0.31, 0.92, 1.74, 1.0, 1.27])
_OFFSET = -9.28
"""Of `_cues`, in the log-odds of glasses, by logistic regression on 265 pictures, 43 of them with glasses."""
_BRIDGE, _TEMPLE = (-1.0, 0.5), (-1.0, 0.4)
"""Where bridge and temples begin: from there to there below the middle of the rims, in half heights."""
_TEMPLE_PIECE = (0.02, 0.12)
"""Piece of the temple that is looked at, in eye distances from the rim."""
_SLACK = np.ones((5, 1), np.uint8)
"""How far a bridge or a temple may wander up and down, in pixels of the plane."""


@dataclass(frozen=True, slots=True)
class Rims:
    """The shape of both rims, mirrored at the middle of the face, in eye distances.

    Attributes:
        middle: of a rim, away from the middle of the face.
        height: of its middle below the eyes.
        half_width: half its width.
        half_height: half its height.
        squareness: exponent of the superellipse.
    """

    middle: float
    height: float
    half_width: float
    half_height: float
    squareness: float

    def points(self, angles: npt.NDArray[np.float64], side: int) -> npt.NDArray[np.float64]:
        """Return points of the rim at a side (-1 left in the picture, 1 right) on the plane, (N, 2), in pixels."""
        c, s = np.cos(angles), np.sin(angles)
        reach = (np.abs(c) ** self.squareness + np.abs(s) ** self.squareness) ** (-1 / self.squareness)
        x = side * (self.middle + self.half_width * reach * c)
        return np.stack([x, self.height + self.half_height * reach * s], 1) * UNIT + ORIGIN

    def across(self, angles: npt.NDArray[np.float64], side: int) -> npt.NDArray[np.float64]:
        """Return the directions across the rim at these points, in radians."""
        power = self.squareness - 1
        c, s = np.cos(angles), np.sin(angles)
        x = np.sign(c) * np.abs(c) ** power / self.half_width
        y = np.sign(s) * np.abs(s) ** power / self.half_height
        return np.asarray(np.arctan2(y, side * x))


@dataclass(frozen=True, slots=True)
class Glasses:
    """Glasses that a face seems to wear.

    Attributes:
        rims: their shape that fits best.
        odds: logarithm of the odds that there are any.
    """

    rims: Rims
    odds: float


def find_glasses(strengths: Field) -> Glasses:
    """Find the glasses that fit best, and tell how likely it is that there are any.

    Args:
        strengths: of lines on the plane of the glasses, see `lines.line_strengths`.
    """
    seen, strong = unusual(strengths), relative(strengths)
    places = _rim_places()
    rims, marks = seen.ravel()[places], strong.ravel()[places].mean((1, 2))
    # Where a rim runs along a brow it is not unusual, but strong.
    best = int((rims.mean((1, 2)) + _STRONG * marks).argmax())
    shape = _shapes()[best]
    cues = _cues(seen, rims[best], shape)
    odds = float(cues @ _WEIGHTS + _OFFSET)
    return Glasses(shape, odds if cues[0] > _LEAST_RIMS else min(odds, 0.0))


def _cues(seen: Field, rim: Field, shape: Rims) -> npt.NDArray[np.float64]:
    """Return how unusual the lines are that belong to glasses, float64 (7,).

    All of both rims, their parts towards the nose and at the bottom, the weaker rim, the bridge, and both temples, the
    stronger first.
    """
    inner, bottom = np.cos(_ANGLES) < -_SECTOR, np.sin(_ANGLES) > _SECTOR
    nose = (shape.middle - shape.half_width) * 0.8
    bridge = _level_line(seen, shape, (-nose, nose), _BRIDGE)
    outer = shape.middle + shape.half_width
    pieces = [tuple(sorted(side * (outer + reach) for reach in _TEMPLE_PIECE)) for side in (-1, 1)]
    temples = sorted((_level_line(seen, shape, (low, high), _TEMPLE) for low, high in pieces), reverse=True)
    whole = [rim.mean(), rim[:, inner].mean(), rim[:, bottom].mean(), rim.mean(1).min()]
    return np.array([*whole, bridge, *temples], np.float64)


def _level_line(seen: Field, shape: Rims, across: tuple[float, float], down: tuple[float, float]) -> float:
    """Return how unusual the most unusual level line of a piece of the plane is.

    Args:
        seen: as `unusual` gives it.
        shape: of the rims.
        across: from where to where, in eye distances from the middle of the face.
        down: likewise below the middle of the rims, in half their heights.
    """
    left, right = (round(x * UNIT + ORIGIN[0]) for x in across)
    top, bottom = (round((shape.height + y * shape.half_height) * UNIT + ORIGIN[1]) for y in down)
    middle = DIRECTIONS // 2
    level = seen[middle - 1 : middle + 2, max(top, 0) : bottom + 1, max(left, 0) : right + 1].max(0)
    return float(cv2.dilate(level, _SLACK).mean(1).max())


@cache
def _shapes() -> tuple[Rims, ...]:
    """Return all shapes that are tried."""
    tried = product(_MIDDLES, _HEIGHTS, _HALF_WIDTHS, _HALF_HEIGHTS, _SQUARENESS)
    shapes = (Rims(*values) for values in tried)
    return tuple(shape for shape in shapes if _TO_NOSE[0] <= shape.middle - shape.half_width <= _TO_NOSE[1])


@cache
def _rim_places() -> npt.NDArray[np.int32]:
    """Return where in `unusual` the points of each shape lie, int32 (shapes, 2, POINTS)."""
    return np.array([[_places(shape, side) for side in (-1, 1)] for shape in _shapes()], np.int32)


def _places(shape: Rims, side: int) -> npt.NDArray[np.int64]:
    x, y = np.round(shape.points(_ANGLES, side).T).astype(np.int64)
    direction = np.round(shape.across(_ANGLES, side) / np.pi * DIRECTIONS).astype(np.int64) % DIRECTIONS
    row = direction * HEIGHT + np.clip(y, 0, HEIGHT - 1)
    return np.asarray(row * WIDTH + np.clip(x, 0, WIDTH - 1))
