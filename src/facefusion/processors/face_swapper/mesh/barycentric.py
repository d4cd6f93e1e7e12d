"""Barycentric shares: how much each corner of a triangle has in the value at each of its pixels."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Self

import numpy as np
import numpy.typing as npt

from facefusion.faces.mesh import triangles
from facefusion.faces.types import Points
from facefusion.processors.face_swapper.mesh.filters import Field

_SLIVER = 0.4
"""Twice the area in pixels below which a triangle is drawn in one value."""


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """Pixels with a triangle, and all that does not depend on the values that are spread over them.

    Attributes:
        places: of the pixels that hold a triangle, in the raveled raster, intp (N,).
        corners: the three vertices of the triangle of each, intp (N,) each.
        shares: of each of them in the value there, float32 (N,) each.
    """

    places: npt.NDArray[np.intp]
    corners: tuple[npt.NDArray[np.intp], ...]
    shares: tuple[npt.NDArray[np.float32], ...]

    @classmethod
    def of(cls, numbers: npt.NDArray[np.int16], mesh: Points) -> Self:
        """Look at the triangle of each pixel, int16 (H, W), of a mesh, float32 (468, 2), once for all fields."""
        places = np.flatnonzero(numbers >= 0)
        triangle = numbers.ravel()[places].astype(np.intp)
        y = places // numbers.shape[1]
        x, rows = (places - y * numbers.shape[1]).astype(np.float32), y.astype(np.float32)
        second, third = (
            slope_x.take(triangle) * x + slope_y.take(triangle) * rows + level.take(triangle)
            for slope_x, slope_y, level in _barycentric(mesh)
        )
        corners = tuple(corner.take(triangle) for corner in _corners())
        return cls(places, corners, (1 - second - third, second, third))

    def values(self, channel: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return a value at the vertices, float32 (468,), at the pixels, float32 (N,)."""
        spread = channel.take(self.corners[0])
        spread *= self.shares[0]
        for corner, share in zip(self.corners[1:], self.shares[1:], strict=True):
            part = channel.take(corner)
            part *= share
            spread += part
        return spread


@cache
def _corners() -> tuple[npt.NDArray[np.intp], ...]:
    return tuple(np.ascontiguousarray(corner, np.intp) for corner in triangles().T)


def _barycentric(mesh: Points) -> Field:
    """Return slopes and level of the shares of each triangle's second and third corner, float32 (2, 3, 852)."""
    a, b, c = (mesh[corner].astype(np.float64).T for corner in _corners())
    (ux, uy), (vx, vy) = b - a, c - a
    determinant = ux * vy - uy * vx
    # A sliver has no direction to interpolate along; it takes one value, that of its middle.
    sliver = np.abs(determinant) < _SLIVER
    inverse = 1 / np.where(sliver, np.inf, determinant)
    slopes = np.stack([vy, -vx, -uy, ux]) * inverse
    levels = [-slopes[k] * a[0] - slopes[k + 1] * a[1] + sliver / 3 for k in (0, 2)]
    return np.stack([*slopes[:2], levels[0], *slopes[2:], levels[1]]).reshape(2, 3, -1).astype(np.float32)
