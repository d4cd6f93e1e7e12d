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
from facefusion.processors.face_swapper.mesh.barycentric import Drawn
from facefusion.processors.face_swapper.mesh.filters import Field, dilate, planes_of

SUBPIXEL_BITS = 4
"""Fractional bits of the places that OpenCV draws at; see `to_subpixels`."""
_MIN_FACING = 0.05
"""Least cosine between a triangle and the camera at which it is drawn."""
_HALF = np.array([[0.5, 0, 0], [0, 0.5, 0]])
"""From pixels of a raster to those of one that holds every other of them."""


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
        towards, depths = (np.ascontiguousarray(values[:, 2]).take(faces.T).sum(0) / 3 for values in (normals, mesh))
        shown = np.flatnonzero(towards < -_MIN_FACING)
        shown = shown[np.argsort(-depths[shown])]
        fixed = to_subpixels(mesh[:, :2])[faces]
        numbers = np.full(size, -1, np.int16)
        for corners, number in zip(fixed[shown], shown.tolist(), strict=True):
            cv2.fillConvexPoly(numbers, corners, number, cv2.LINE_8, SUBPIXEL_BITS)
        return cls(numbers, grow, mesh[:, :2])

    def growing(self, grow: int) -> MeshRaster:
        """Return the same triangles with values that continue past their edges by so many pixels."""
        grown = replace(self, grow=grow)
        grown.__dict__["_drawn"] = self._drawn  # which does not depend on that
        return grown

    def smoothly(self, values: Field) -> list[Field]:
        """Spread what changes slowly from vertex to vertex, at a quarter of the cost of `planes`.

        Args:
            values: float32 (468, 4 n); four planes are handled as fast as one.

        Returns:
            n times float32 (H, W, 4), contiguous; 0 where there is no triangle near.
        """
        coarse = MeshRaster(self.numbers[::2, ::2], self.grow // 2 + 1, self.corners * np.float32(0.5))
        coarse.__dict__["_drawn"] = self._drawn.every_other()
        fours, size = coarse.fours(values), self.numbers.shape[::-1]
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
        return np.stack([plane for four in self.fours(values) for plane in planes_of(four)][: values.shape[1]])

    def fours(self, values: Field) -> list[Field]:
        """Spread values (468, K) as `interpolate` does, but return four planes at a time, float32 (H, W, 4) each.

        What is wanting of the last is filled with zeros.
        """
        wanted = np.zeros((len(values), -(-values.shape[1] // 4) * 4), np.float32)
        wanted[:, : values.shape[1]] = values
        fours = [self._drawn.spread(wanted[:, first : first + 4]) for first in range(0, wanted.shape[1], 4)]
        for four in fours:
            self._continue(four)
        return fours

    def near(self) -> Field:
        """Return 1 where `interpolate` gives values, 0 elsewhere, float32 (H, W)."""
        return dilate((self.numbers >= 0).astype(np.float32), self.grow)

    def _continue(self, four: Field) -> None:
        """Carry values a few pixels past the triangles' edges, as the mean of those nearby, in place."""
        size, (past, amount) = (2 * self.grow + 1, 2 * self.grow + 1), self._past
        around = cv2.blur(four, size).reshape(-1, 4).take(past, axis=0)
        four.reshape(-1, 4)[past] = around / amount[:, None]

    @cached_property
    def _past(self) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float32]]:
        """Return the pixels past the edges that values are carried to, and the share of triangles around each."""
        near = cv2.blur((self.numbers >= 0).astype(np.float32), (2 * self.grow + 1, 2 * self.grow + 1))
        past = np.flatnonzero((self.numbers < 0) & (near > 0))
        return past, np.asarray(near.ravel()[past], np.float32)

    @cached_property
    def _drawn(self) -> Drawn:
        return Drawn.of(self.numbers, self.corners)


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
