"""Barycentric shares: how much each corner of a triangle has in the value at each of its pixels.

Reckoned pixel by pixel in NumPy that takes a dozen passes for each field. But four numbers in a square, read between as
OpenCV reads pictures, are an affine map as a triangle is. So the corners' values are laid on a sheet, a square of two
by two to each triangle, and one reading of the sheet spreads four fields at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Self

import numpy as np
import numpy.typing as npt

from facefusion.faces.mesh import triangles
from facefusion.faces.types import Points
from facefusion.processors.face_swapper.mesh.filters import Field, lookup, within

_SLIVER = 0.4
"""Twice the area in pixels below which a triangle is drawn in one value."""
_PAST = 32.0
"""How far past its corners a triangle's map goes on, in sides: half a pixel, by which triangles are drawn larger, is as
much as that on the thinnest."""
_SIDE = 30
"""Squares in a row of the sheet, and rows; the one after the last triangle's is for pixels without any."""


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """All that does not depend on the values that are spread over the pixels.

    Attributes:
        places: of each pixel on the sheet: column and row, float32 (H, W, 2).
        areas: twice the area of each triangle in pixels, float64 (852,).
    """

    places: Field
    areas: npt.NDArray[np.float64]

    @classmethod
    def of(cls, numbers: npt.NDArray[np.int16], mesh: Points) -> Self:
        """Look at the triangle of each pixel, int16 (H, W), of a mesh, float32 (468, 2), once for all fields."""
        height, width = numbers.shape
        triangle = numbers.astype(np.intp).ravel()  # the last one, -1, is that of no triangle
        maps, areas = _across_squares(mesh)
        # Column and row lie side by side: so NumPy reads both at once, and OpenCV as they are.
        slope_x, slope_y, level, begin = (
            each.take(triangle, axis=0).reshape(height, 2 * width) for each in (*maps, _squares())
        )
        slope_x *= np.arange(width, dtype=np.float32).repeat(2)
        slope_y *= np.arange(height, dtype=np.float32)[:, None]
        slope_x += slope_y
        slope_x += level
        places = within(slope_x, 0.0, 1.0) + begin
        return cls(np.asarray(places, np.float32).reshape(height, width, 2), areas)

    def every_other(self) -> Drawn:
        """Return the same at every other row and column, from the first on."""
        pairs = np.ascontiguousarray(self.places.view(np.complex64)[::2, ::2])
        return Drawn(pairs.view(np.float32), self.areas / 4)

    def spread(self, values: Field) -> Field:
        """Return values at the vertices, float32 (468, 4), at the pixels, float32 (H, W, 4); 0 at those without any."""
        corners = np.zeros((3, _SIDE * _SIDE, 4), np.float32)
        corners[:, : len(self.areas)] = values.take(triangles().T, axis=0)
        first, sides = corners[0], corners[1:]
        sides -= first
        # A sliver has no direction to interpolate along; it takes one value, that of its middle.
        slivers = np.flatnonzero(self.areas < _SLIVER)
        if slivers.size:
            first[slivers] += (sides[0][slivers] + sides[1][slivers]) / 3
            sides[:, slivers] = 0
        squares = _SQUARE @ corners.reshape(3, -1)
        # Four numbers of a place are moved as one.
        laid = squares.view(np.complex128).reshape(2, 2, _SIDE, _SIDE).transpose(2, 0, 3, 1)
        sheet = np.ascontiguousarray(laid).view(np.float32).reshape(2 * _SIDE, 2 * _SIDE, 4)
        return lookup(sheet, self.places)


_SQUARE = np.array(
    [[1, x, y] for y in (-_PAST, 1 + _PAST) for x in (-_PAST, 1 + _PAST)],
    np.float32,
)
"""What the first corner and the two sides that begin there have in the numbers of a square, row by row."""


@cache
def _squares() -> Field:
    """Return column and row at which each triangle's square begins, and that of no triangle, float32 (853, 2)."""
    numbers = np.arange(len(triangles()) + 1)
    return np.stack([2 * (numbers % _SIDE), 2 * (numbers // _SIDE)], 1).astype(np.float32)


def _across_squares(mesh: Points) -> tuple[Field, npt.NDArray[np.float64]]:
    """Return how far across and down its square a pixel is found, 0 to 1.

    Returns:
        by how much that grows with each column and with each row, and what it is at the first pixel, float32
        (3, 853, 2), and twice the area of each triangle, float64 (852,).
    """
    points = np.ascontiguousarray(mesh.T, np.float64)
    (ax, ay), (bx, by), (cx, cy) = (points.take(corner, axis=1) for corner in triangles().T)
    ux, uy, vx, vy = bx - ax, by - ay, cx - ax, cy - ay
    determinant = ux * vy - uy * vx
    areas = np.abs(determinant)
    inverse = 1 / ((1 + 2 * _PAST) * np.where(areas < _SLIVER, np.inf, determinant))
    maps = np.zeros((3, len(areas) + 1, 2), np.float32)
    for k, (across, down) in enumerate(((vy * inverse, -vx * inverse), (-uy * inverse, ux * inverse))):
        maps[:, :-1, k] = across, down, _PAST / (1 + 2 * _PAST) - across * ax - down * ay
    return maps, areas
