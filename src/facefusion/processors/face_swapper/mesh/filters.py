"""Filters on dense fields, float32 (H, W) or (H, W, K)."""

from __future__ import annotations

from functools import cache
from typing import Any, cast

import cv2
import numpy as np
import numpy.typing as npt

Field = npt.NDArray[np.float32]

_FEW = 64
"""Values that NumPy is done with before OpenCV has begun."""


def blur(field: Field, sigma: float) -> Field:
    """Return the field smoothed by a Gaussian of `sigma` pixels."""
    # What lies farther out weighs less than three thousandths in all.
    side = 2 * max(round(3 * sigma), 1) + 1
    return np.asarray(cv2.GaussianBlur(field, (side, side), sigma), np.float32)


def dilate(field: Field, reach: int) -> Field:
    """Return the largest value within `reach` pixels, in a square."""
    return np.asarray(cv2.dilate(field, _square(reach)), np.float32)


def erode(field: Field, reach: int) -> Field:
    """Return the smallest value within `reach` pixels, in a square."""
    return np.asarray(cv2.erode(field, _square(reach)), np.float32)


@cache
def _square(reach: int) -> npt.NDArray[np.uint8]:
    return np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)


def enlarge(field: Field, size: tuple[int, int]) -> Field:
    """Return the field at another size (height, width), bilinear."""
    if field.shape[:2] == size:
        return field
    return np.asarray(cv2.resize(field, size[::-1], interpolation=cv2.INTER_LINEAR), np.float32)


def enlarge_planes(field: Field, size: tuple[int, int]) -> Field:
    """Return a field of two planes at another size as `enlarge` does, three times as fast."""
    return np.asarray(cv2.merge([enlarge(plane, size) for plane in planes_of(field)]), np.float32)


def shrink(field: Field, size: tuple[int, int]) -> Field:
    """Return the field at a smaller size (height, width), each pixel the mean of those it covers."""
    return np.asarray(cv2.resize(field, size[::-1], interpolation=cv2.INTER_AREA), np.float32)


def reduced(picture: npt.NDArray[np.uint8], size: tuple[int, int]) -> npt.NDArray[np.uint8]:
    """Return a picture, uint8 (H, W, 3), at a smaller size (height, width), pixels the means of about what they cover.

    Means of whole blocks are ten times as fast as those of parts of pixels; what is left is a factor of less than two.
    """
    factor = min(picture.shape[0] // size[0], picture.shape[1] // size[1])
    if factor > 1:
        blocks = (picture.shape[1] // factor, picture.shape[0] // factor)
        covered = picture[: blocks[1] * factor, : blocks[0] * factor]
        picture = np.asarray(cv2.resize(covered, blocks, interpolation=cv2.INTER_AREA), np.uint8)
    return np.asarray(cv2.resize(picture, size[::-1], interpolation=cv2.INTER_LINEAR), np.uint8)


def halve(field: Field) -> Field:
    """Return the field smoothed and at half its size."""
    return np.asarray(cv2.pyrDown(field), np.float32)


def double(field: Field, size: tuple[int, int]) -> Field:
    """Return the field smoothly at about twice its size, exactly `size` (height, width)."""
    return np.asarray(cv2.pyrUp(field, dstsize=size[::-1]), np.float32)


def lookup(field: Field, places: Field) -> Field:
    """Return the field's values at places (…, 2: x, y), bilinear; past the border its edge goes on."""
    # Places need not be parted into planes, which takes OpenCV as long as the reading.
    nothing = cast(npt.NDArray[np.float32], None)
    return np.asarray(cv2.remap(field, places, nothing, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32)


def planes_of(field: Field) -> list[Field]:
    """Return the planes of a field, float32 (H, W, K), one by one: each contiguous, they are reckoned with faster."""
    # OpenCV copies planes that it has made itself once more.
    planes = [np.empty(field.shape[:2], np.float32) for _ in range(field.shape[2])]
    return [np.asarray(plane, np.float32) for plane in cv2.split(field, planes)]


def with_fourth(field: Field) -> Field:
    """Return a field of three planes with an empty fourth, float32 (H, W, 4): OpenCV reads four faster than three."""
    four = np.asarray(cv2.cvtColor(field, cv2.COLOR_BGR2BGRA), np.float32)
    four[:, :, 3] = 0
    return four


def without_fourth(field: Field) -> Field:
    """Return the first three planes of four, float32 (H, W, 3), contiguous; much faster than NumPy's copy."""
    return np.asarray(cv2.cvtColor(field, cv2.COLOR_BGRA2BGR), np.float32)


def median(values: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    """Return the median over the first axis, the upper one of two; much faster on few values than NumPy's own."""
    middle = len(values) // 2
    return np.asarray(np.partition(values, middle, axis=0)[middle])


def smoothstep(values: npt.NDArray[np.floating] | np.floating, low: float, high: float) -> Field:
    """Return 0 below `low`, 1 above `high`, and a smooth rise between."""
    share = (values - np.float32(low)) * np.float32(1 / (high - low))
    share = within(share, 0, 1) if isinstance(share, np.ndarray) else min(max(share, np.float32(0)), np.float32(1))
    return np.asarray(share * share * (3 - 2 * share), np.float32)


def within(values: npt.NDArray[np.floating], low: float, high: float) -> npt.NDArray[np.floating]:
    """Return values held within limits; on a plane (H, W) three times as fast as NumPy."""
    return at_most(at_least(values, low), high)


def at_least(values: npt.NDArray[np.floating], low: float) -> npt.NDArray[np.floating]:
    """Return values that are no less than a number; see `within`."""
    return np.asarray(cv2.max(values, cast(Any, low)) if _is_plane(values) else np.maximum(values, low))


def at_most(values: npt.NDArray[np.floating], high: float) -> npt.NDArray[np.floating]:
    """Return values that are no more than a number; see `within`."""
    return np.asarray(cv2.min(values, cast(Any, high)) if _is_plane(values) else np.minimum(values, high))


def _is_plane(values: npt.NDArray[np.floating] | np.floating) -> bool:
    """Whether it is worth to hand values to OpenCV, which takes four numbers for the channels of one."""
    return isinstance(values, np.ndarray) and values.ndim == 2 and values.size > _FEW
