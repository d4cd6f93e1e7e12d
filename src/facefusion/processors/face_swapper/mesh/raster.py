"""Rasterising: from values at the vertices of a mesh to values at pixels.

Every triangle is an affine map, so one image of triangle numbers and one small table give any number of dense fields.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.faces.mesh import INNER_LIPS, LEFT_EYE, RIGHT_EYE, triangles
from facefusion.faces.types import Points
from facefusion.processors.face_swapper.mesh.filters import Field, dilate

SUBPIXEL_BITS = 4
"""Fractional bits of the places that OpenCV draws at; see `to_subpixels`."""
_MIN_FACING = 0.05
"""Least cosine between a triangle and the camera at which it is drawn."""
_SLIVER = 0.4
"""Twice the area in pixels below which a triangle is drawn in one value."""
_HALF = np.array([[0.5, 0, 0], [0, 0.5, 0]])
"""From pixels of a raster to those of one that holds every other of them."""


@dataclass(frozen=True, slots=True, eq=False)
class _Drawn:
    """What does not depend on the values that are spread over the pixels.

    Attributes:
        places: of the pixels that hold a triangle, in the raveled raster, intp (N,).
        numbers: the triangle of each, intp (N,).
        x: column of each, float32 (N,).
        y: row of each, float32 (N,).
        past: places of the pixels past the edges that values are continued to, intp (M,).
        amount: share of the pixels around each that hold a triangle, float32 (M,).
    """

    places: npt.NDArray[np.intp]
    numbers: npt.NDArray[np.intp]
    x: npt.NDArray[np.float32]
    y: npt.NDArray[np.float32]
    past: npt.NDArray[np.intp]
    amount: npt.NDArray[np.float32]

    @classmethod
    def of(cls, numbers: npt.NDArray[np.int16], grow: int) -> Self:
        """Look at the triangle of each pixel, int16 (H, W), once for all fields."""
        places = np.flatnonzero(numbers >= 0)
        y = places // numbers.shape[1]
        x = places - y * numbers.shape[1]
        near = cv2.blur((numbers >= 0).astype(np.float32), (2 * grow + 1, 2 * grow + 1))
        past = np.flatnonzero((numbers < 0) & (near > 0))
        triangle = numbers.ravel()[places].astype(np.intp)
        return cls(places, triangle, x.astype(np.float32), y.astype(np.float32), past, near.ravel()[past])


@dataclass(frozen=True, eq=False)
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
        fixed = to_subpixels(mesh[:, :2])[faces]
        numbers = np.full(size, -1, np.int16)
        for corners, number in zip(fixed[shown], shown.tolist(), strict=True):
            cv2.fillConvexPoly(numbers, corners, number, cv2.LINE_8, SUBPIXEL_BITS)
        return cls(numbers, grow, mesh[:, :2])

    def growing(self, grow: int) -> MeshRaster:
        """Return the same triangles with values that continue past their edges by so many pixels."""
        return replace(self, grow=grow)

    def smoothly(self, values: Field) -> list[Field]:
        """Spread what changes slowly from vertex to vertex, at a quarter of the cost of `planes`.

        Args:
            values: float32 (468, 4 n); four planes are handled as fast as one.

        Returns:
            n times float32 (H, W, 4), contiguous; 0 where there is no triangle near.
        """
        coarse = MeshRaster(self.numbers[::2, ::2], self.grow // 2 + 1, self.corners * np.float32(0.5))
        planes, size = coarse.planes(values), self.numbers.shape[::-1]
        fours = (cv2.merge(list(planes[first : first + 4])) for first in range(0, len(planes), 4))
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        laid = (cv2.warpAffine(four, _HALF, size, flags=flags, borderMode=cv2.BORDER_REPLICATE) for four in fours)
        return [np.asarray(field, np.float32) for field in laid]

    def interpolate(self, values: Field) -> Field:
        """Spread values at the vertices over the pixels.

        Args:
            values: float32 (468, K).

        Returns:
            float32 (H, W, K), contiguous; 0 where there is no triangle near.
        """
        return np.ascontiguousarray(self.planes(values).transpose(1, 2, 0))

    def planes(self, values: Field) -> Field:
        """Spread values (468, K) as `interpolate` does, but return one plane after the other, float32 (K, H, W)."""
        drawn = self._drawn
        planes = np.zeros((values.shape[1], self.numbers.size), np.float32)
        # Plane by plane the tables stay in the processor's cache.
        for plane, (slope_x, slope_y, level) in zip(planes, self._affine_tables(values), strict=True):
            spread = slope_x.take(drawn.numbers)
            spread *= drawn.x
            down = slope_y.take(drawn.numbers)
            down *= drawn.y
            spread += down
            spread += level.take(drawn.numbers)
            plane[drawn.places] = spread
        planes = planes.reshape(-1, *self.numbers.shape)
        self._continue(planes)
        return planes

    def near(self) -> Field:
        """Return 1 where `interpolate` gives values, 0 elsewhere, float32 (H, W)."""
        return dilate((self.numbers >= 0).astype(np.float32), self.grow)

    def _continue(self, planes: Field) -> None:
        """Carry values a few pixels past the triangles' edges, as the mean of those nearby, in place."""
        drawn, size = self._drawn, (2 * self.grow + 1, 2 * self.grow + 1)
        for plane in planes:
            plane.ravel()[drawn.past] = cv2.blur(plane, size).ravel()[drawn.past] / drawn.amount

    def _affine_tables(self, values: Field) -> Field:
        """Return for each channel the slopes and level of its plane over each triangle, float32 (K, 3, 852)."""
        faces = triangles()
        a, b, c = (self.corners[faces[:, k]].astype(np.float64) for k in range(3))
        u, v = b - a, c - a
        determinant = u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]
        # A sliver has no direction to interpolate along; it takes one value, that of its middle.
        sliver = np.abs(determinant) < _SLIVER
        inverse = 1 / np.where(sliver, np.inf, determinant)
        channels = np.ascontiguousarray(values.T, np.float64)
        at_a = channels[:, faces[:, 0]]
        to_b, to_c = channels[:, faces[:, 1]] - at_a, channels[:, faces[:, 2]] - at_a
        slope_x = (to_b * v[:, 1] - to_c * u[:, 1]) * inverse
        slope_y = (to_c * u[:, 0] - to_b * v[:, 0]) * inverse
        level = np.where(sliver, at_a + (to_b + to_c) / 3, at_a - slope_x * a[:, 0] - slope_y * a[:, 1])
        return np.stack([slope_x, slope_y, level], 1).astype(np.float32)

    @cached_property
    def _drawn(self) -> _Drawn:
        return _Drawn.of(self.numbers, self.grow)


def to_subpixels(points: npt.NDArray[np.number]) -> npt.NDArray[np.int32]:
    """Return places in pixels as OpenCV draws them between pixels: fixed point with `SUBPIXEL_BITS`."""
    return np.round(points * (1 << SUBPIXEL_BITS)).astype(np.int32)


def silhouette(raster: MeshRaster, mesh: Points) -> Field:
    """Return 1 within the outline of a drawn face, eyes and mouth included, else 0, float32 (H, W)."""
    filled = (raster.numbers >= 0).astype(np.float32)
    for rim in (LEFT_EYE, RIGHT_EYE, INNER_LIPS):
        fill_opening(filled, mesh, rim)
    return filled


def fill_opening(field: Field, mesh: Points, rim: Sequence[int]) -> None:
    """Set a field to 1 within the rim of an eye or the mouth, in place."""
    points = to_subpixels(mesh[list(rim), :2])
    cv2.fillPoly(field, [points], 1.0, cv2.LINE_8, SUBPIXEL_BITS)
