"""Expressions: numbers that say how far key points are off their places at rest."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import numpy as np
import numpy.typing as npt

from facefusion.options.expression_restorer import ExpressionArea
from facefusion.processors.live_portrait.geometry import POINTS, Floats

AREAS: Final[dict[ExpressionArea, tuple[int, ...]]] = {
    "upper-face": (1, 2, 6, 10, 11, 12, 13, 15, 16),
    "lower-face": (3, 7, 14, 17, 18, 19, 20),
}
"""Key points of each area. The others, 0, 4, 5, 8 and 9, move head and neck, and never change."""
FARTHEST: Final = 0.224
"""No expression of a real face takes a key point further than this along an axis."""
_STRONGEST: Final = 1.2
"""What the factor 1 stands for: networks tone expressions down a little, so it goes beyond the one that is wanted."""


def in_areas(areas: Collection[ExpressionArea]) -> npt.NDArray[np.bool_]:
    """Return which key points belong to any of some areas, (21, 1)."""
    chosen = np.zeros((POINTS, 1), np.bool_)
    chosen[[point for area in areas for point in AREAS[area]]] = True
    return chosen


def approached(now: Floats, wanted: Floats, factor: float, areas: Collection[ExpressionArea]) -> Floats:
    """Return expressions that go from `now` to, at the factor 1 / 1.2 exactly, `wanted`, float32 (N, 21, 3).

    Args:
        now: float32 (N, 21, 3).
        wanted: likewise.
        factor: 0 to 1.
        areas: of the face that shall change.
    """
    share = np.float32(factor * _STRONGEST)
    return bounded(np.where(in_areas(areas), wanted * share + now * (1 - share), now), now)


def moved_along(now: Floats, movement: Floats, factor: float, areas: Collection[ExpressionArea]) -> Floats:
    """Return expressions that make somebody else's movement as well, float32 (N, 21, 3).

    Args:
        now: float32 (N, 21, 3).
        movement: by how much the other's expression differs from the one to start from, likewise.
        factor: 0 to 1.
        areas: of the face that shall change.
    """
    return bounded(now + np.where(in_areas(areas), movement * np.float32(factor * _STRONGEST), 0), now)


def bounded(edited: npt.NDArray[np.float32], now: Floats) -> Floats:
    """Return edited expressions, none of them further off than a real face's, or than it was before."""
    bound = np.float32(FARTHEST)
    return np.asarray(np.clip(edited, np.minimum(now, -bound), np.maximum(now, bound)), np.float32)
