"""Warps beyond similarity: affine by least squares, and thin-plate splines, which carry every point where it belongs.

Source of the splines: Bookstein, "Principal Warps: Thin-Plate Splines and the Decomposition of Deformations", 1989.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.faces.align import Affine
from facefusion.faces.types import Points

_GRID = 8
"""Pixels between places at which a spline is evaluated; between them it is interpolated."""


def affine_transform(source: npt.ArrayLike, target: npt.ArrayLike) -> Affine:
    """Find the affine transform that carries `source` nearest to `target` in the least squares.

    Args:
        source: points, (N, 2), N ≥ 3, not all on one line.
        target: points, (N, 2).
    """
    a, b = np.asarray(source, np.float64), np.asarray(target, np.float64)
    solved, *_ = np.linalg.lstsq(np.column_stack([a, np.ones(len(a))]), b, rcond=None)
    return np.ascontiguousarray(solved.T)


@dataclass(frozen=True, slots=True, eq=False)
class ThinPlateSpline:
    """The smoothest map of the plane that carries some points to others.

    Attributes:
        knots: the points that are carried, float64 (N, 2).
        weights: of each knot, float64 (N, 2).
        affine: what it is far from all knots, float64 (2, 3).
    """

    knots: npt.NDArray[np.float64]
    weights: npt.NDArray[np.float64]
    affine: Affine

    @classmethod
    def fit(cls, source: npt.ArrayLike, target: npt.ArrayLike, *, stiffness: float = 0.0) -> ThinPlateSpline:
        """Find the spline that carries `source` to `target`.

        Args:
            source: points, (N, 2), N ≥ 3, no two the same, not all on one line.
            target: points, (N, 2).
            stiffness: how much it may miss them to bend less; 0 is exactly, and the more the nearer to affine. In units
                of the mean square distance of the points from their centre.
        """
        a, b = np.asarray(source, np.float64), np.asarray(target, np.float64)
        count, spread = len(a), float(((a - a.mean(0)) ** 2).sum(1).mean())
        matrix = np.zeros((count + 3, count + 3))
        matrix[:count, :count] = _bend(a, a) + np.eye(count) * stiffness * spread
        matrix[:count, count], matrix[:count, count + 1 :] = 1, a
        matrix[count:, :count] = matrix[:count, count:].T
        solved = np.linalg.solve(matrix, np.concatenate([b, np.zeros((3, 2))]))
        rest = solved[count:]
        return cls(a, solved[:count], np.column_stack([rest[1:].T, rest[0]]))

    def apply(self, points: npt.ArrayLike) -> Points:
        """Return where points (N, 2) are carried, float32 (N, 2)."""
        values = np.asarray(points, np.float64)
        bent = _bend(values, self.knots) @ self.weights
        return np.asarray(values @ self.affine[:, :2].T + self.affine[:, 2] + bent, np.float32)


def warp_crop(image: npt.NDArray[np.uint8], to_picture: ThinPlateSpline, size: int) -> npt.NDArray[np.uint8]:
    """Cut a crop of `size` × `size` pixels by a spline; beyond the picture its edge is repeated.

    Args:
        image: RGB uint8 (H, W, 3).
        to_picture: from crop to picture: fitted from where points lie in the crop to where they lie in the picture.
        size: side of the crop in pixels.
    """
    steps = np.arange(0, size + _GRID, _GRID, dtype=np.float64)
    places = np.stack(np.meshgrid(steps, steps), -1).reshape(-1, 2)
    coarse = to_picture.apply(places).reshape(len(steps), len(steps), 2)
    # Places of the coarse grid lie on its pixels' centres, so that it is stretched by a transform and not resized.
    stretch = np.array([[_GRID, 0, 0], [0, _GRID, 0]], np.float64)
    fine = cv2.warpAffine(coarse, stretch, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    warped = cv2.remap(image, fine[..., 0], fine[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(warped, np.uint8)


def _bend(points: npt.NDArray[np.float64], knots: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return r² log r² of each point to each knot, (N, K)."""
    square = ((points[:, None] - knots[None]) ** 2).sum(2)
    return np.asarray(square * np.log(np.where(square > 0, square, 1)), np.float64)
