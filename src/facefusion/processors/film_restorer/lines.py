"""Upright lines of a frame: thin, over much of its height, and out of it at the top or the bottom, as film runs."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

Grey = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

STRIPS: Final = 16
"""Strips, one below the other, in each of which a line is upright."""
_WIDEST: Final = 0.0065
"""Width of a line at most, in heights of the frame."""
_AROUND: Final = 0.05
"""How far to either side the surroundings reach that a line has to stand out of, in heights of the frame."""
_NEAREST: Final = 9
"""The same in pixels at least."""
_MISSING: Final = 0.4
"""What a strip without the line takes away, where one with it gives 1 at most."""
_CLEAR: Final = 2.2
"""How many times the usual unevenness around it a line has to stand out."""
_HEIGHT: Final = 0.45
"""Share of the height that a line has to take."""
_NEAR_END: Final = 3
"""Strips at the top or the bottom over which a line goes on where it is hardly seen."""
_MOST: Final = 12
"""Lines of one sort on a frame; with more of them the frame shows a fence."""


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """A thin upright line.

    Attributes:
        sign: 1 where it is brighter than its surroundings, -1 where it is darker.
        places: where it is across, in the middle of each strip, in pixels, float32 (STRIPS,).
        first: strip in which it begins.
        last: strip in which it ends.
    """

    sign: int
    places: Floats
    first: int
    last: int

    def is_near(self, other: Line, most: float) -> bool:
        """Whether another line of the same sort is no farther away than so many pixels where both are."""
        first, last = max(self.first, other.first), min(self.last, other.last)
        if self.sign != other.sign or first > last:
            return False
        apart = np.abs(self.places[first : last + 1] - other.places[first : last + 1])
        return float(np.median(apart)) <= most


def width_of_lines(height: int) -> int:
    """Return the width of a line at most, in pixels, in a frame so many pixels high."""
    return max(3, round(_WIDEST * height))


def lines_in(grey: Grey, least: float) -> list[Line]:
    """Return the lines of a frame.

    Args:
        grey: the frame, uint8 (H, W).
        least: by how many levels they differ from their surroundings at least.
    """
    height = grey.shape[0]
    if height < STRIPS * 4 or grey.shape[1] < 32:
        return []
    smooth = cv2.blur(grey, (1, 5))
    bar = np.ones((1, width_of_lines(height) + 2), np.uint8)
    found: list[Line] = []
    for sign, kind in ((1, cv2.MORPH_TOPHAT), (-1, cv2.MORPH_BLACKHAT)):
        hat = np.asarray(cv2.morphologyEx(smooth, kind, bar), np.uint8)
        found += _linked(_scores(hat, least), sign)
    return found


def _scores(hat: Grey, least: float) -> Floats:
    """Return how much each column of each strip looks like a line: 1 at most, below 0 where it does not."""
    edges = np.linspace(0, hat.shape[0], STRIPS + 1).astype(int)
    rows = [np.median(hat[top:bottom:2], axis=0) for top, bottom in pairwise(edges)]
    plain = np.stack(rows).astype(np.float32)
    size = (max(_NEAREST, round(_AROUND * hat.shape[0])) * 2 + 1, 1)
    usual = cv2.blur(plain, size)
    uneven = cv2.blur(cv2.absdiff(plain, usual), size)
    excess = plain - usual
    clear = np.minimum(excess / least, excess / (np.float32(_CLEAR) * uneven + 1))
    return np.asarray(np.clip(clear, 0, 2) / 2 * (1 + _MISSING) - _MISSING, np.float32)


def _linked(scores: Floats, sign: int) -> list[Line]:
    """Return the lines that strips form, the plainest first; a line goes over few columns from strip to strip."""
    total, origin = _totals(scores)
    found: list[Line] = []
    width = scores.shape[1]
    free = np.ones(width, np.bool_)
    ends = np.argwhere(total >= _HEIGHT * STRIPS * 0.5)
    order = np.argsort(-total[ends[:, 0], ends[:, 1]], kind="stable")
    for strip, column in ends[order]:
        path = _path(total, origin, int(strip), int(column))
        if not free[path].all():
            continue
        free[max(0, path.min() - 3) : path.max() + 4] = False
        reaches_out = strip >= STRIPS - 2 or strip - len(path) < 1
        if reaches_out and len(path) >= _HEIGHT * STRIPS:
            found.append(_line(path, int(strip), sign))
    return found if len(found) <= _MOST else []


def _totals(scores: Floats) -> tuple[Floats, npt.NDArray[np.int8]]:
    """Return the best sum of a line that ends at each place, and from which column beside it that came."""
    total, origin = scores.copy(), np.zeros(scores.shape, np.int8)
    for strip in range(1, len(scores)):
        above = np.pad(total[strip - 1], 1, constant_values=-9)
        ways = np.stack([above[1:-1], above[:-2], above[2:]])
        best = ways.argmax(0)
        origin[strip] = np.array([0, -1, 1], np.int8)[best]
        total[strip] += np.maximum(ways.max(0), 0)
    return total, origin


def _path(total: Floats, origin: npt.NDArray[np.int8], strip: int, column: int) -> npt.NDArray[np.intp]:
    """Return the columns of a line from its end upwards."""
    path = [column]
    while strip > 0:
        column += int(origin[strip, column])
        strip -= 1
        if not 0 <= column < total.shape[1] or total[strip, column] <= 0:
            break
        path.append(column)
    return np.array(path, np.intp)


def _line(path: npt.NDArray[np.intp], last: int, sign: int) -> Line:
    columns = path[::-1].astype(np.float32)
    first = last + 1 - len(path)
    places = np.interp(np.arange(STRIPS), np.arange(first, last + 1), columns).astype(np.float32)
    top = 0 if first <= _NEAR_END else first
    return Line(sign, places, top, STRIPS - 1 if last >= STRIPS - 1 - _NEAR_END else last)
