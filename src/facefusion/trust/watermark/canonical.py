"""The picture as the mark sees it: luma of one size, whatever the size, shape and depth of the frame."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.trust.watermark.lapped import Matrix

WIDTH, HEIGHT = 512, 288
"""Size of the canonical luma; the longer side of the frame is always the 512."""
Luma = npt.NDArray[Any]
"""Codes, uint8 or uint16."""
_SMALL, _LARGE = 640.0, 1280.0
_LEAST = 0.6


def lies(shape: tuple[int, ...]) -> bool:
    """Say whether a frame is a portrait, which is laid on its side (transposed)."""
    return shape[0] > shape[1]


def canonical(luma: Luma, bits: int = 8, *, transposed: bool | None = None) -> Matrix:
    """Return the canonical luma of a frame.

    Args:
        luma: (H, W) uint8 or uint16; rows may lie apart.
        bits: of its codes, 8 to 16.
        transposed: whether to transpose it; what `lies` says when None.

    Returns:
        (288, 512) float32 in codes of eight bits.
    """
    height, width = luma.shape
    lying = lies(luma.shape) if transposed is None else transposed
    size = (HEIGHT, WIDTH) if lying else (WIDTH, HEIGHT)
    while width >= 2 * size[0] and height >= 2 * size[1]:  # whole factors are quick
        width, height = width // 2, height // 2
        luma = cv2.resize(luma, (width, height), interpolation=cv2.INTER_AREA)
    shrinks = width >= size[0] and height >= size[1]
    resized = cv2.resize(luma, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)
    levels = np.asarray(resized, np.float32) * np.float32(1 / (1 << (bits - 8)))
    return np.ascontiguousarray(levels.T) if lying else levels


def strength(shape: tuple[int, ...]) -> float:
    """Return how strong the mark of a frame is, from 1 of a small one to 0.6 of a large one.

    Small frames lose more to encoders for each mark, and large ones are looked at from nearer. The reader
    need not know it: it tries steps, as it must for changes of brightness.
    """
    position = np.log(max(shape[:2]) / _SMALL) / np.log(_LARGE / _SMALL)
    return float(_LEAST ** np.clip(position, 0, 1))
