"""Rasterising: from values at the vertices of a mesh to values at pixels.

Every triangle is an affine map, so one image of triangle numbers and one small table give any number of dense fields.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.faces.mesh import INNER_LIPS, LEFT_EYE, RIGHT_EYE, triangles
from facefusion.faces.types import Points
from facefusion.processors.face_swapper.mesh.filters import Field, dilate

_SUBPIXEL_BITS = 4
_MIN_FACING = 0.05
_SLIVER = 0.4


@dataclass(frozen=True, slots=True, eq=False)
class MeshRaster:
    """The triangles of one mesh, drawn.

    Attributes:
        numbers: triangle at each pixel, int16 (H, W); -1 where there is none.
        grow: how far values continue past the triangles' edges, in pixels.
        corners: the mesh in pixels of the raster, float32 (468, 2).
    """

    numbers: npt.NDArray[np.int16]
    grow: int
    corners: Points

    @classmethod
    def draw(cls, mesh: Points, normals: Points, size: tuple[int, int], *, grow: int = 4) -> Self:
        """Draw the triangles that face the camera, the nearest last.

        Args:
            mesh: float32 (468, 3), x and y in pixels of the raster.
            normals: unit normals of the vertices, float32 (468, 3).
            size: height and width of the raster.
            grow: how far values continue past the edges, in pixels.
        """
        faces = triangles()
        shown = np.flatnonzero(normals[faces, 2].mean(1) < -_MIN_FACING)
        shown = shown[np.argsort(-mesh[faces[shown], 2].mean(1))]
        fixed = np.round(mesh[:, :2] * (1 << _SUBPIXEL_BITS)).astype(np.int32)[faces]
        numbers = np.full(size, -1, np.int16)
        for number in shown.tolist():
            cv2.fillConvexPoly(numbers, fixed[number], number, cv2.LINE_8, _SUBPIXEL_BITS)
        return cls(numbers, grow, mesh[:, :2])

    def interpolate(self, values: Field) -> Field:
        """Spread values at the vertices over the pixels.

        Args:
            values: float32 (468, K).

        Returns:
            float32 (H, W, K); 0 where there is no triangle near.
        """
        table = self._affine_table(values)
        y, x = np.nonzero(self.numbers >= 0)
        rows = table[self.numbers[y, x]]
        result = np.zeros((*self.numbers.shape, values.shape[1]), np.float32)
        result[y, x] = rows[:, 0] * x[:, None] + rows[:, 1] * y[:, None] + rows[:, 2]
        return self._continue(result)

    def near(self) -> Field:
        """Return 1 where `interpolate` gives values, 0 elsewhere, float32 (H, W)."""
        return dilate((self.numbers >= 0).astype(np.float32), self.grow)

    def _continue(self, values: Field) -> Field:
        """Carry values a few pixels past the triangles' edges, as the mean of those nearby."""
        covered = (self.numbers >= 0).astype(np.float32)
        size = (2 * self.grow + 1, 2 * self.grow + 1)
        near = cv2.blur(covered, size)
        empty = (covered == 0) & (near > 0)
        y, x = np.nonzero(empty)
        planes = [cv2.blur(np.ascontiguousarray(values[:, :, k]), size)[y, x] for k in range(values.shape[2])]
        values[y, x] = np.stack(planes, 1) / near[y, x][:, None]
        return values

    def _affine_table(self, values: Field) -> Field:
        """Return for each triangle the plane through its values, float32 (852, 3, K)."""
        faces = triangles()
        a, b, c = (self.corners[faces[:, k]].astype(np.float64) for k in range(3))
        u, v = b - a, c - a
        determinant = u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]
        # A sliver has no direction to interpolate along; it takes one value.
        inverse = 1 / np.where(np.abs(determinant) < _SLIVER, np.inf, determinant)
        at_a, to_b, to_c = values[faces[:, 0]], values[faces[:, 1]], values[faces[:, 2]]
        to_b, to_c = to_b - at_a, to_c - at_a
        slope_x = (to_b * v[:, 1:] - to_c * u[:, 1:]) * inverse[:, None]
        slope_y = (to_c * u[:, :1] - to_b * v[:, :1]) * inverse[:, None]
        level = at_a - slope_x * a[:, :1] - slope_y * a[:, 1:]
        return np.stack([slope_x, slope_y, level], 1).astype(np.float32)


def silhouette(raster: MeshRaster, mesh: Points) -> Field:
    """Return 1 within the outline of a drawn face, eyes and mouth included, else 0, float32 (H, W)."""
    filled = (raster.numbers >= 0).astype(np.float32)
    for rim in (LEFT_EYE, RIGHT_EYE, INNER_LIPS):
        fill_opening(filled, mesh, rim)
    return filled


def fill_opening(field: Field, mesh: Points, rim: Sequence[int]) -> None:
    """Set a field to 1 within the rim of an eye or the mouth, in place."""
    points = np.round(mesh[list(rim), :2] * (1 << _SUBPIXEL_BITS)).astype(np.int32)
    cv2.fillPoly(field, [points], 1.0, cv2.LINE_8, _SUBPIXEL_BITS)
