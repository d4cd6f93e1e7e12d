"""Region: the part of a frame that a face covers, and the smaller grid over it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.faces.align import rescale
from facefusion.faces.mesh import extent
from facefusion.faces.types import Points
from facefusion.processors.face_swapper.mesh.filters import Field, reduced
from facefusion.processors.face_swapper.mesh.raster import SUBPIXEL_BITS, to_subpixels

GRID = 176
"""Longest side, in pixels, at which geometry, light and mask are computed; only texture is handled at full size."""
_MARGIN = 4
"""Pixels of the frame around the face."""
_LEAST_SIDE = 8
"""Pixels of the frame; a smaller region holds no face worth replacing."""
_LEAST_GRID = 4


@dataclass(frozen=True, slots=True, eq=False)
class FaceRegion:
    """Where a face lies in the frame.

    Attributes:
        left: column of the first pixel.
        top: row of the first pixel.
        size: height and width in pixels.
        grid: height and width of the grid.
        mesh: the face in pixels of the grid, float32 (468, 3).
    """

    left: int
    top: int
    size: tuple[int, int]
    grid: tuple[int, int]
    mesh: Points

    @classmethod
    def of(cls, mesh: Points, shape: tuple[int, int]) -> Self | None:
        """Return the region of a face; None when it lies outside of the frame or is too small.

        Args:
            mesh: the face in pixels of the frame, float32 (468, 3).
            shape: height and width of the frame.
        """
        least, most = extent(mesh)
        low = np.maximum(np.floor(least).astype(int) - _MARGIN, 0)
        high = np.minimum(np.ceil(most).astype(int) + _MARGIN, shape[::-1])
        width, height = (high - low).tolist()
        if min(width, height) < _LEAST_SIDE:
            return None
        scale = min(1.0, GRID / max(width, height))
        grid = (max(_LEAST_GRID, round(height * scale)), max(_LEAST_GRID, round(width * scale)))
        plane = rescale(mesh[:, :2] - low, (height, width), grid)
        depth = mesh[:, 2:] * np.float32(scale)
        laid = np.concatenate([plane, depth], 1).astype(np.float32)
        return cls(int(low[0]), int(low[1]), (height, width), grid, laid)

    @property
    def face_width(self) -> float:
        """Width of the face in pixels of the frame."""
        return float(np.ptp(self.mesh[:, 0])) * self.size[1] / self.grid[1]

    def to_frame(self) -> npt.NDArray[np.float64]:
        """Return the affine map from pixels of the grid to those of the frame, float64 (3, 3)."""
        x, y = self.size[1] / self.grid[1], self.size[0] / self.grid[0]
        return np.array([[x, 0, self.left + (x - 1) / 2], [0, y, self.top + (y - 1) / 2], [0, 0, 1]])

    def at_full_size(self, mesh: Points) -> Points:
        """Return points of the frame, float32 (N, 2 or 3), in pixels of `view`."""
        return np.asarray(mesh - np.array([self.left, self.top, 0][: mesh.shape[1]], np.float32), np.float32)

    def circles(self, circles: Points | None) -> Points | None:
        """Return circles of the frame, centre and radius, float32 (N, 3), in pixels of `view`."""
        return None if circles is None else self.at_full_size(circles)

    def view(self, image: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """Return the pixels of the region, a view of the frame."""
        return image[self.top : self.top + self.size[0], self.left : self.left + self.size[1]]

    def on_grid(self, view: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """Return the pixels of the region at the size of the grid, each about the mean of those it covers."""
        return reduced(view, self.grid)

    def outline(self) -> Field:
        """Return 1 strictly within the convex outline of the face, else 0, float32, at full size."""
        hull = cv2.convexHull(rescale(self.mesh[:, :2], self.grid, self.size))
        inside = np.zeros(self.size, np.uint8)
        cv2.fillConvexPoly(inside, to_subpixels(hull), 1, cv2.LINE_8, SUBPIXEL_BITS)
        # The drawn border holds pixels that lie partly outside.
        return np.asarray(cv2.erode(inside, np.ones((3, 3), np.uint8), borderValue=1), np.float32)
