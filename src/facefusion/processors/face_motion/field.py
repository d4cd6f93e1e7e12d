"""Fields: where each pixel of a moved face lay before, within the face and around it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.faces.align import rescale
from facefusion.faces.mesh import extent, vertex_normals
from facefusion.faces.types import Points
from facefusion.processors.face_swapper.mesh.filters import Field, blur, enlarge, smoothstep
from facefusion.processors.face_swapper.mesh.raster import MeshRaster, silhouette

GRID: Final = 352
"""Longest side, in pixels, at which the movement is reckoned."""
_AROUND: Final = 0.75
"""Distance from the face within which what surrounds it gives way, in eye distances."""
_EVEN: Final = 0.04
"""Smoothing of the movement around the face, in eye distances."""
_CONTINUED: Final = 1
"""Pixels of the grid past the triangles' edges in which a movement goes on."""
_LEAST_SIDE: Final = 24
"""Pixels of the picture; a smaller face does not move."""


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """The part of a picture in which a face moves, and the grid over it.

    Attributes:
        left: column of the first pixel.
        top: row of the first pixel.
        size: height and width in pixels.
        grid: height and width of the grid.
        eyes: an eye distance in pixels of the picture.
    """

    left: int
    top: int
    size: tuple[int, int]
    grid: tuple[int, int]
    eyes: float

    @classmethod
    def of(cls, meshes: tuple[Points, Points], eyes: float, shape: tuple[int, int]) -> Self | None:
        """Return where a face moves; None where it is too small, or out of the picture.

        Args:
            meshes: the face before and after, float32 (468, 3), in pixels of the picture.
            eyes: an eye distance in pixels.
            shape: height and width of the picture.
        """
        least, most = extent(np.concatenate(meshes))
        margin = _AROUND * eyes
        low = np.maximum(np.floor(least - margin).astype(int), 0)
        high = np.minimum(np.ceil(most + margin).astype(int) + 1, shape[::-1])
        width, height = (high - low).tolist()
        if min(width, height, eyes) < _LEAST_SIDE:
            return None
        scale = min(1.0, GRID / max(width, height))
        grid = (round(height * scale), round(width * scale))
        return cls(int(low[0]), int(low[1]), (height, width), grid, eyes)

    def view(self, image: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """Return the pixels of the place, a view of the picture."""
        return image[self.top : self.top + self.size[0], self.left : self.left + self.size[1]]

    def within(self, mesh: Points) -> Points:
        """Return points of the picture, float32 (N, 2 or 3), in pixels of the place."""
        return np.asarray(mesh - np.array([self.left, self.top, 0][: mesh.shape[1]], np.float32), np.float32)

    def on_grid(self, points: Points) -> Points:
        """Return points of the place, float32 (N, 3), in pixels of the grid."""
        scale = np.float32(self.grid[1] / self.size[1])
        return np.column_stack([rescale(points[:, :2], self.size, self.grid), points[:, 2] * scale]).astype(np.float32)


def movement(place: Place, before: Points, after: Points) -> tuple[Field, Field]:
    """Return how much further right and down each pixel of a moved face lay before, float32 (H, W) each, in pixels.

    Within eyes and mouth it is that of the rims near by; around the face it fades out.

    Args:
        place: where it moves.
        before: its mesh, float32 (468, 3), in pixels of the place.
        after: likewise.
    """
    mesh = place.on_grid(after)
    by = (before - after)[:, :2]
    raster = MeshRaster.draw(mesh, vertex_normals(mesh), place.grid, grow=_CONTINUED)
    planes = raster.planes(by)
    face = np.asarray(silhouette(raster, mesh), np.float32)
    known = (raster.numbers >= 0).astype(np.float32)
    unit = place.eyes * place.grid[1] / place.size[1]
    fade = _fade(face, unit)
    within = blur(face, 1.0)
    across, down = (enlarge(_around(_continued(plane, known), within, unit) * fade, place.size) for plane in planes)
    return across, down


def _around(plane: Field, face: Field, unit: float) -> Field:
    """Return a plane that is smooth around the face; within it lids and lips that meet move each their own way."""
    smooth = blur(plane, _EVEN * unit)
    return np.asarray(smooth + face * (plane - smooth), np.float32)


def _fade(face: Field, unit: float) -> Field:
    """Return how much of the movement is left around a face, 1 within it, float32 (H, W)."""
    distance = cv2.distanceTransform((face < 1).astype(np.uint8), cv2.DIST_L2, 5)
    return 1 - smoothstep(np.asarray(distance, np.float32), 0.0, _AROUND * 0.95 * unit)


def _continued(plane: Field, known: Field) -> Field:
    """Return a plane in which each pixel that is not known has the value of the nearest that is, float32 (H, W)."""
    _, labels = cv2.distanceTransformWithLabels(
        (known < 1).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    values = np.zeros(int(labels.max()) + 1, np.float32)
    rows = known >= 1
    values[labels[rows]] = plane[rows]
    return np.asarray(values[labels], np.float32)
