"""Shrinking pictures by whole factors, each new pixel the mean of those that it stands for.

OpenCV computes means over blocks of 2×2, and running means over an odd number of pixels, many at a time, but means over
other blocks one by one. What is here comes to the same and takes a third of the time.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.uint8]
_LARGEST_WINDOW = 9
"""Side of the block from which a running mean, made for every pixel, costs more than the blocks' own."""


def block_means(image: Image, factor: int) -> Image:
    """Return a picture of which each pixel is the mean of a block; what is left over at the right and below is dropped.

    Halving in several steps rounds as often, so that with a factor of 4 or more, if it is even, a value may lie 1 beside
    the rounded mean.

    Args:
        image: RGB uint8 (H, W, 3), at least `factor` pixels high and wide.
        factor: side of the blocks in pixels.
    """
    while factor % 2 == 0 and factor > 1:
        image, factor = _halved(image), factor // 2
    if factor == 1:
        return image
    height, width = image.shape[0] // factor, image.shape[1] // factor
    blocks = image[: height * factor, : width * factor]
    if factor > _LARGEST_WINDOW:
        return np.asarray(cv2.resize(blocks, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    middle = factor // 2
    return np.asarray(cv2.blur(blocks, (factor, factor))[middle::factor, middle::factor], np.uint8)


def shrunk(image: Image, size: tuple[int, int]) -> Image:
    """Return a picture shrunk to a size, without aliasing; halved first for as long as twice that size is left.

    Args:
        image: RGB uint8 (H, W, 3), no side shorter than wanted.
        size: width and height that are wanted.
    """
    return np.asarray(cv2.resize(halved_to(image, 2 * max(size)), size, interpolation=cv2.INTER_AREA), np.uint8)


def halved_to(image: Image, longer: int) -> Image:
    """Return a picture halved as often as both sides are even and the longer one stays as long as this, in pixels."""
    while max(image.shape[:2]) >= 2 * longer and not any(side % 2 for side in image.shape[:2]):
        image = _halved(image)
    return image


def _halved(image: Image) -> Image:
    height, width = image.shape[0] // 2, image.shape[1] // 2
    blocks = image[: 2 * height, : 2 * width]
    return np.asarray(cv2.resize(blocks, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
