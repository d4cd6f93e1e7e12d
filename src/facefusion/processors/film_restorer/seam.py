"""How upright scratches are closed: from both sides, along the way in which things go across."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.media.frame import Image
from facefusion.processors.film_restorer.lines import STRIPS, Line, width_of_lines

Floats = npt.NDArray[np.float32]
Places = npt.NDArray[np.intp]

_SEEN: Final = 0.2
"""Share of the greatest difference at which a scratch ends to the sides."""
_LEAST: Final = 2.0
"""Levels below which no row shows anything of it."""
_TOGETHER: Final = 9
"""Rows that tell together where it is."""
_SLANT: Final = 3
"""Rows up or down by which what goes across may be slanted on either side."""
_STRAIGHT: Final = 6
"""Levels that each row of slant has to win."""
_SAME: Final = 4
"""Levels by which a pixel has to differ from what would be put there."""


def closed(image: Image, lines: Iterable[Line]) -> Image:
    """Return a frame with lines closed; every pixel that belongs to none of them stays as it is."""
    result = image.copy()
    for line in lines:
        _close(result, line)
    return result


def _close(result: Image, line: Line) -> None:
    height, width = result.shape[:2]
    reach = width_of_lines(height) + 3
    top, bottom = round(line.first * height / STRIPS), round((line.last + 1) * height / STRIPS)
    rows = np.arange(top, bottom)
    middles = np.interp(rows, (np.arange(STRIPS) + 0.5) * height / STRIPS - 0.5, line.places)
    columns = np.rint(middles).astype(np.intp)[:, None] + np.arange(-reach, reach + 1)[None]
    columns = np.clip(columns, 0, width - 1)
    straight = result[rows[:, None], columns]
    left, right = _sides(straight, line.sign)
    patch = _across(straight, left, right)
    places = np.arange(straight.shape[1])[None]
    inside = (places > left[:, None]) & (places < right[:, None])
    inside &= np.abs(straight.astype(np.int16) - patch).max(2) > _SAME
    result[rows[:, None], columns] = np.where(inside[:, :, None], patch, straight)


def _sides(straight: Image, sign: int) -> tuple[Places, Places]:
    """Return for each row the columns on either side of a line that it has no part in; where it lacks they touch.

    Args:
        straight: the frame along the line, which is near the middle, uint8 (rows, columns, 3).
        sign: 1 where the line is brighter than its surroundings, else -1.
    """
    grey = np.asarray(cv2.cvtColor(np.ascontiguousarray(straight), cv2.COLOR_RGB2GRAY), np.float32) * sign
    count = grey.shape[1]
    share = np.linspace(0, 1, count, dtype=np.float32)[None]
    outer = grey[:, :2].mean(1, keepdims=True) * (1 - share) + grey[:, -2:].mean(1, keepdims=True) * share
    rise = cv2.blur(grey - outer, (1, _TOGETHER))
    middle = count // 2
    peak = middle - 2 + rise[:, middle - 2 : middle + 3].argmax(1)
    most = rise[np.arange(len(rise)), peak]
    belongs = rise > np.maximum(_SEEN * most, _LEAST)[:, None]
    left, right = peak.copy(), peak.copy()
    for _ in range(middle - 3):
        left -= belongs[np.arange(len(rise)), left]
        right += belongs[np.arange(len(rise)), right]
    return np.maximum(left, peak - _usual(peak - left)), np.minimum(right, peak + _usual(right - peak))


def _usual(reaches: Places) -> int:
    """Return how far a line reaches to one side at most: hardly beyond the usual, for edges run along it."""
    seen = reaches[reaches > 0]
    return int(np.median(seen)) + 1 if seen.size else 0


def _across(straight: Image, left: Places, right: Places) -> Image:
    """Return what goes across from one side to the other, uint8 (rows, columns, 3); of use between the sides alone."""
    every = np.arange(len(straight))
    one, other = straight[every, left].astype(np.float32), straight[every, right].astype(np.float32)
    costs, ends = [], []
    for slant in range(-_SLANT, _SLANT + 1):
        a, b = _moved(one, slant), _moved(other, -slant)
        cost = cv2.blur(np.abs(a - b).sum(1, keepdims=True), (1, 5)) + np.float32(_STRAIGHT * abs(slant))
        costs.append(np.asarray(cost, np.float32).reshape(-1))
        ends.append((a, b))
    best = np.stack(costs).argmin(0)
    a, b = (np.stack(side)[best, every][:, None] for side in zip(*ends, strict=True))
    way = np.maximum(right - left, 1).astype(np.float32)[:, None]
    share = ((np.arange(straight.shape[1])[None] - left[:, None]) / way)[:, :, None].astype(np.float32)
    return np.asarray(np.clip(np.rint(a + (b - a) * share), 0, 255), np.uint8)


def _moved(side: Floats, rows: int) -> Floats:
    """Return a side of a line so many rows farther down, its ends repeated."""
    return np.asarray(side[np.clip(np.arange(len(side)) + rows, 0, len(side) - 1)], np.float32)
