"""Openings: what is to be seen between lids and between lips."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.faces.types import Points
from facefusion.processors.face_swapper.mesh.filters import Field, blur
from facefusion.processors.face_swapper.mesh.raster import SUBPIXEL_BITS, to_subpixels

Doubles = npt.NDArray[np.float64]

_FINER: Final = 4
"""By how much finer than the picture an opening is drawn."""


def drawn(rim: Points, box: Box, edge: float) -> Field:
    """Return the share of an opening in each pixel of a box, float32 (H, W), 0 to 1.

    Args:
        rim: its corners, float32 (N, 2), in pixels.
        box: the part that is drawn.
        edge: softness of its edge, in pixels.
    """
    size = (box.bottom - box.top) * _FINER, (box.right - box.left) * _FINER
    fine = (rim - np.array([box.left, box.top], np.float32) + 0.5) * _FINER - 0.5
    inside = np.zeros(size, np.uint8)
    cv2.fillPoly(inside, [to_subpixels(fine)], 255, cv2.LINE_AA, SUBPIXEL_BITS)
    shown = cv2.resize(inside, (size[1] // _FINER, size[0] // _FINER), interpolation=cv2.INTER_AREA)
    return blur(np.asarray(shown, np.float32) * np.float32(1 / 255), max(edge, 0.4))


@dataclass(frozen=True, slots=True)
class Box:
    """An upright box of whole pixels.

    Attributes:
        left: first column.
        top: first row.
        right: column after the last.
        bottom: row after the last.
    """

    left: int
    top: int
    right: int
    bottom: int

    @classmethod
    def around(cls, points: Points, margin: float, size: tuple[int, int]) -> Self | None:
        """Return the box around points, float32 (N, 2), in a picture of some height and width; None where it is out."""
        low = np.maximum(np.floor(points.min(0) - margin).astype(int), 0).tolist()
        high = np.minimum(np.ceil(points.max(0) + margin).astype(int) + 1, size[::-1]).tolist()
        return cls(*low, *high) if low[0] < high[0] and low[1] < high[1] else None

    @property
    def part(self) -> tuple[slice, slice]:
        """Its rows and columns."""
        return slice(self.top, self.bottom), slice(self.left, self.right)


@dataclass(frozen=True, slots=True, eq=False)
class Opening:
    """What is between lips or lids, as heights over the line from corner to corner.

    Attributes:
        corner: the first, float64 (2,).
        along: from there to the other, float64 (2,).
        down: as long as that, across it, from the upper edge to the lower, float64 (2,).
        places: along that line, 0 to 1, at which the rims are known, float64 each: lower, upper.
        heights: of the rims below that line, in widths of the opening, likewise.
    """

    corner: Doubles
    along: Doubles
    down: Doubles
    places: tuple[Doubles, Doubles]
    heights: tuple[Doubles, Doubles]

    @classmethod
    def of(cls, rim: Points) -> Self:
        """Return the opening of a rim: corner, lower edge, other corner, upper edge; float32 (N, 2), N even."""
        half, points = len(rim) // 2, rim.astype(np.float64)
        corner, along = points[0], points[half] - points[0]
        lower, upper = list(range(half + 1)), [0, *range(len(rim) - 1, half - 1, -1)]
        down = np.array([-along[1], along[0]])
        if (points[lower] - points[upper]).sum(0) @ down < 0:
            down = -down
        squared = max(float(along @ along), 1e-6)
        x, y = (points - corner) @ along / squared, (points - corner) @ down / squared
        return cls(corner, along, down, (_rising(x[lower]), _rising(x[upper])), (y[lower], y[upper]))

    def inside(self, points: Doubles) -> tuple[Doubles, Doubles]:
        """Return where points, float64 (…, 2), lie: along the opening, and from the upper edge, 0, to the lower, 1."""
        squared = max(float(self.along @ self.along), 1e-6)
        u, y = (points - self.corner) @ self.along / squared, (points - self.corner) @ self.down / squared
        lower, upper = self._edges(u)
        return u, (y - upper) / np.maximum(lower - upper, 1e-3)

    def at(self, u: Doubles, v: Doubles) -> Doubles:
        """Return the points that lie somewhere within, float64 (…, 2); see `inside`."""
        lower, upper = self._edges(u)
        y = upper + v * (lower - upper)
        return np.asarray(self.corner + u[..., None] * self.along + y[..., None] * self.down, np.float64)

    @property
    def gap(self) -> float:
        """How far the edges are apart at the most, in widths of the opening."""
        lower, upper = self._edges(np.linspace(0.2, 0.8, 7))
        return max(float((lower - upper).max()), 0.0)

    @property
    def width(self) -> float:
        """Distance of the corners in pixels."""
        return max(float(np.linalg.norm(self.along)), 1e-3)

    def _edges(self, u: Doubles) -> tuple[Doubles, Doubles]:
        lower, upper = (np.interp(u, x, y) for x, y in zip(self.places, self.heights, strict=True))
        return lower, upper


def _rising(values: Doubles) -> Doubles:
    """Return values that rise, as those along a rim do but for errors of the mesh."""
    return np.asarray(np.maximum.accumulate(values) + np.arange(len(values)) * 1e-6, np.float64)


def pixels_of(box: Box) -> Doubles:
    """Return the places of a box's pixels, float64 (H, W, 2)."""
    x, y = np.meshgrid(np.arange(box.left, box.right), np.arange(box.top, box.bottom))
    return np.stack([x, y], -1).astype(np.float64)


def shrunk(rim: Points, by: float) -> Points:
    """Return an opening's rim drawn in by so many pixels towards the line between its corners, float32 (N, 2).

    Args:
        rim: in the order of the mesh: a corner, the lower edge, the other corner, the upper edge.
        by: in pixels.
    """
    half = len(rim) // 2
    result = rim.copy()
    for place in range(1, half):
        gap = rim[-place] - rim[place]
        length = float(np.linalg.norm(gap))
        step = gap * np.float32(min(by, 0.5 * length) / max(length, 1e-6))
        result[place], result[-place] = rim[place] + step, rim[-place] - step
    return result
