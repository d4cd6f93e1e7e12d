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
Mask = npt.NDArray[np.bool_]

_SEEN: Final = 0.15
"""Share of the greatest difference at which a scratch ends to the sides."""
_SLANT: Final = 3
"""Rows up or down by which what goes across may be slanted on either side."""
_SAME: Final = 2
"""Levels by which a pixel has to differ from what would be put there."""


def closed(image: Image, lines: Iterable[Line]) -> Image:
    """Return a frame with lines closed; every pixel that belongs to none of them stays as it is."""
    result = image.copy()
    for line in lines:
        _close(result, line)
    return result


def _close(result: Image, line: Line) -> None:
    height, width = result.shape[:2]
    reach = width_of_lines(height) + 4
    top, bottom = round(line.first * height / STRIPS), round((line.last + 1) * height / STRIPS)
    rows = np.arange(top, bottom)
    middles = np.interp(rows, (np.arange(STRIPS) + 0.5) * height / STRIPS - 0.5, line.places)
    columns = np.rint(middles).astype(np.intp)[:, None] + np.arange(-reach, reach + 1)[None]
    columns = np.clip(columns, 0, width - 1)
    straight = result[rows[:, None], columns]
    found = _sides(straight, line.sign)
    if found is None:
        return
    left, right = found
    patch = _across(straight, left, right)
    part = straight[:, left + 1 : right]
    differs = np.abs(part.astype(np.int16) - patch).max(2) > _SAME
    part = np.where(differs[:, :, None], patch, part)
    result[rows[:, None], columns[:, left + 1 : right]] = part


def _sides(straight: Image, sign: int) -> tuple[int, int] | None:
    """Return the columns beside a line that it has no part in; None where there is no line.

    Args:
        straight: the frame along the line, which is in the middle, uint8 (rows, columns, 3).
        sign: whether the line is brighter or darker.
    """
    grey = np.asarray(cv2.cvtColor(np.ascontiguousarray(straight), cv2.COLOR_RGB2GRAY), np.float32)
    outer = np.concatenate([grey[:, :2], grey[:, -2:]], 1).mean(1, keepdims=True)
    profile = np.median(grey - outer, 0) * sign
    profile = profile - np.minimum(np.linspace(profile[0], profile[-1], len(profile)), profile)[0]
    middle = len(profile) // 2
    peak = middle - 2 + int(profile[middle - 2 : middle + 3].argmax())
    base = float(np.median(np.concatenate([profile[:3], profile[-3:]])))
    limit = base + _SEEN * (profile[peak] - base)
    if profile[peak] - base < 1:
        return None
    left, right = peak, peak
    while left > 1 and profile[left] > limit:
        left -= 1
    while right < len(profile) - 2 and profile[right] > limit:
        right += 1
    return left, right


def _across(straight: Image, left: int, right: int) -> Image:
    """Return what goes across from one side to the other, uint8 (rows, columns between, 3)."""
    one, other = straight[:, left].astype(np.float32), straight[:, right].astype(np.float32)
    costs, mixes = [], []
    share = (np.arange(1, right - left, dtype=np.float32) / (right - left))[None, :, None]
    for slant in range(-_SLANT, _SLANT + 1):
        a, b = _moved(one, slant), _moved(other, -slant)
        cost = cv2.blur(np.abs(a - b).sum(1, keepdims=True), (1, 5)) + np.float32(4 * abs(slant))
        costs.append(np.asarray(cost, np.float32).reshape(-1))
        mixes.append(a[:, None] * (1 - share) + b[:, None] * share)
    best = np.stack(costs).argmin(0)
    chosen = np.stack(mixes)[best, np.arange(len(best))]
    return np.asarray(np.clip(np.rint(chosen), 0, 255), np.uint8)


def _moved(side: Floats, rows: int) -> Floats:
    """Return a side of a line so many rows farther down, its ends repeated."""
    return np.asarray(side[np.clip(np.arange(len(side)) + rows, 0, len(side) - 1)], np.float32)
