"""Pixel boost: a crop of k times the network's size, worked on as k × k pictures that each hold every k-th pixel."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

_Number = TypeVar("_Number", np.uint8, np.float32)


def taken_apart(crops: npt.NDArray[_Number], factor: int) -> npt.NDArray[_Number]:
    """Return every `factor`-th pixel of crops as a picture of its own.

    Args:
        crops: (N, k · S, k · S, 3).
        factor: k.

    Returns:
        (N · k · k, S, S, 3): of each crop the pictures that begin at its first pixel, the one to the right, and so on.
    """
    count, side = crops.shape[0], crops.shape[1] // factor
    split = crops.reshape(count, side, factor, side, factor, 3).transpose(0, 2, 4, 1, 3, 5)
    return np.ascontiguousarray(split.reshape(-1, side, side, 3))


def put_together(pictures: npt.NDArray[_Number], factor: int) -> npt.NDArray[_Number]:
    """Return the crops that `taken_apart` was given."""
    count, side = pictures.shape[0] // factor**2, pictures.shape[1]
    split = pictures.reshape(count, factor, factor, side, side, 3).transpose(0, 3, 1, 4, 2, 5)
    return np.ascontiguousarray(split.reshape(count, side * factor, side * factor, 3))
