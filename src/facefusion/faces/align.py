"""Alignment: similarity transforms, rotated squares and crops."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.faces.shrink import block_means
from facefusion.faces.types import Points

_LEAST_SCALE = 0.6
"""Below this, plain bilinear sampling would skip pixels."""

Affine = npt.NDArray[np.float64]
"""Affine transform of points, float64 (2, 3): p' = A[:, :2] @ p + A[:, 2]."""


def similarity_transform(source: npt.ArrayLike, target: npt.ArrayLike) -> Affine:
    """Find the rotation, uniform scale and shift that carry `source` nearest to `target` in the least squares.

    Args:
        source: points, (N, 2), N ≥ 2, not all the same.
        target: points, (N, 2).

    Source: Umeyama, "Least-squares estimation of transformation parameters between two point patterns", 1991; in the
    plane the solution has the closed form below.
    """
    a, b = np.asarray(source, np.float64), np.asarray(target, np.float64)
    mean_a, mean_b = a.mean(0), b.mean(0)
    a, b = a - mean_a, b - mean_b
    norm = (a * a).sum()
    cos = (a * b).sum() / norm
    sin = (a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum() / norm
    linear = np.array([[cos, -sin], [sin, cos]])
    return np.column_stack([linear, mean_b - linear @ mean_a])


def apply_affine(affine: Affine, points: npt.ArrayLike) -> Points:
    """Transform points (N, 2) and return them as float32 (N, 2)."""
    values = np.asarray(points, np.float64)
    return np.asarray(values @ affine[:, :2].T + affine[:, 2], np.float32)


def invert_affine(affine: Affine) -> Affine:
    """Return the transform that undoes `affine`."""
    return np.asarray(cv2.invertAffineTransform(affine), np.float64)


def rescale(points: npt.ArrayLike, size: tuple[int, ...], new_size: tuple[int, ...]) -> Points:
    """Return where points (N, 2) of a picture lie once it is resized; pixel centres lie half a pixel off the corner.

    Args:
        points: x and y in pixels.
        size: height and width of the picture.
        new_size: height and width that it gets.
    """
    ratio = np.array([new_size[1] / size[1], new_size[0] / size[0]])
    return np.asarray((np.asarray(points, np.float64) + 0.5) * ratio - 0.5, np.float32)


@dataclass(frozen=True, slots=True)
class RotatedSquare:
    """A square region of a picture.

    Attributes:
        x: centre, pixels.
        y: centre, pixels.
        side: length of a side in pixels.
        angle: clockwise rotation in the picture, radians.
    """

    x: float
    y: float
    side: float
    angle: float

    def to_crop(self, size: int) -> Affine:
        """Return the transform from picture to a crop of `size` × `size` pixels."""
        scale = size / self.side
        cos, sin = np.cos(-self.angle) * scale, np.sin(-self.angle) * scale
        linear = np.array([[cos, -sin], [sin, cos]])
        return np.column_stack([linear, size / 2 - linear @ np.array([self.x, self.y])])


def crop(
    image: npt.NDArray[np.uint8], affine: Affine, size: int, *, repeat_edge: bool = False
) -> npt.NDArray[np.uint8]:
    """Cut a crop of `size` × `size` pixels, without aliasing when it shrinks.

    Args:
        image: uint8 (H, W, 3).
        affine: from picture to crop.
        size: side of the crop in pixels.
        repeat_edge: whether the picture's edge is repeated outside of it; else it is black there.
    """
    (a, b, _), (c, d, _) = affine.tolist()
    scale = math.sqrt(abs(a * d - b * c))
    factor = int(_LEAST_SCALE / scale + 1) if scale > 0 else 1
    if factor == 1:
        return _warp(image, affine, size, repeat_edge)
    # Averaging over whole blocks of the covered region first keeps fine texture from turning into noise.
    left, top, right, bottom = _covered(affine, size, image.shape)
    width, height = (right - left) // factor, (bottom - top) // factor
    if width < 1 or height < 1:
        return _warp(image, affine, size, repeat_edge)
    small = block_means(image[top : top + height * factor, left : left + width * factor], factor)
    # Pixel centres sit half a pixel off the corner, before and after shrinking.
    shift = affine[:, 2] + affine[:, :2] @ (np.array([left, top]) + (factor - 1) / 2)
    return _warp(small, np.column_stack([affine[:, :2] * factor, shift]), size, repeat_edge)


def _covered(affine: Affine, size: int, shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom of the part of a picture that a crop shows, and a little around it."""
    (a, b, x), (c, d, y) = invert_affine(affine).tolist()
    x0, x1 = x + size * (min(a, 0) + min(b, 0)), x + size * (max(a, 0) + max(b, 0))
    y0, y1 = y + size * (min(c, 0) + min(d, 0)), y + size * (max(c, 0) + max(d, 0))
    left, top = max(math.floor(x0) - 2, 0), max(math.floor(y0) - 2, 0)
    return left, top, min(math.ceil(x1) + 2, shape[1]), min(math.ceil(y1) + 2, shape[0])


def _warp(image: npt.NDArray[np.uint8], affine: Affine, size: int, repeat_edge: bool) -> npt.NDArray[np.uint8]:
    border = cv2.BORDER_REPLICATE if repeat_edge else cv2.BORDER_CONSTANT
    return np.asarray(cv2.warpAffine(image, affine, (size, size), flags=cv2.INTER_LINEAR, borderMode=border), np.uint8)
