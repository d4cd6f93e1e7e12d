"""Combing: two moments woven into one frame, line by line, in video that does not say that it is interlaced.

Where lines stand out against both of their neighbours and something moved, the lines of one field are made anew from
those of the other, along the edges (edge-based line average, Doyle, 1988). What is at rest keeps all of its lines.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.media.frame import Image
from facefusion.processors.film_restorer.noise import Floats
from facefusion.processors.film_restorer.step import Reach, Window
from facefusion.state import State

_CLEAREST, _FAINTEST = 40.0, 8.0
"""Of 255: by how much lines stand out that count as combed, at a strength of 1 and of 100."""
_MOVED: Final = 6.0
"""Of 255: change from the frame beside that is more than noise."""
_BLOCK: Final = 16
_LINES: Final = 0.12
"""Share of a block's pixels that are combed where it is; fewer are noise and fine stripes."""
_SLANTS: Final = (0, -1, 1, -2, 2)
"""Pixels to the side by which an edge goes on from line to line, the likeliest first."""
_SLANT_COST: Final = 6.0
_LEAST_HEIGHT: Final = 8


class Combing:
    """Makes combed places anew from one of their fields; see `Step`.

    Args:
        strength: 1 to 100; the more, the fainter combing may be that is told.
    """

    name = "combing"
    reach = Reach(1, 1)
    needs_motion = False
    moves = True

    def __init__(self, strength: int) -> None:
        self._strength = strength

    @property
    def strength(self) -> int:
        """1 to 100."""
        return self._strength

    def apply(self, window: Window) -> Image:
        """Return the frame with one moment in it; the very same object where nothing is combed."""
        beside = next((window.neighbour(offset) for offset in (-1, 1) if window.has(offset)), None)
        limit = _CLEAREST + (_FAINTEST - _CLEAREST) * self._strength / 100
        where = combed(window.image, beside, limit)
        return uncombed(window.image, where) if where.any() else window.image

    def state(self) -> State:
        """Return an empty state: the frame beside is in the window."""
        return {}

    def restore(self, state: State) -> None:
        """Do nothing: nothing is remembered."""


def combed(image: Image, beside: Image | None, limit: float) -> npt.NDArray[np.bool_]:
    """Return where a frame is combed, bool (H, W).

    Args:
        image: RGB uint8 (H, W, 3).
        beside: the frame before or after it; None where there is none, then all may have moved.
        limit: by how much lines stand out that are combed, of 255.
    """
    if image.shape[0] < _LEAST_HEIGHT:
        return np.zeros(image.shape[:2], np.bool_)
    lines = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    found = _stands_out(lines, limit)
    if beside is not None:
        old = cv2.cvtColor(beside, cv2.COLOR_RGB2GRAY).astype(np.float32)
        found &= cv2.dilate((np.abs(lines - old) > _MOVED).astype(np.uint8), np.ones((3, 1), np.uint8)) > 0
    share = cv2.blur(found.astype(np.float32), (_BLOCK, _BLOCK))
    around = cv2.dilate((share > _LINES).astype(np.uint8), np.ones((_BLOCK // 2 + 1, _BLOCK // 2 + 1), np.uint8))
    near = cv2.dilate(found.astype(np.uint8), np.ones((5, 5), np.uint8))
    return np.asarray((around > 0) & (near > 0), np.bool_)


def _stands_out(lines: Floats, limit: float) -> npt.NDArray[np.bool_]:
    """Return where a line differs from both neighbours the same way, and these do not differ from each other."""
    above, below = np.roll(lines, 1, 0), np.roll(lines, -1, 0)
    least = np.minimum(np.abs(above - lines), np.abs(below - lines))
    same = (above - lines) * (below - lines) > 0
    found = same & (least > limit) & (np.abs(above - below) < least / 2)
    found[[0, -1]] = False
    return np.asarray(found, np.bool_)


def uncombed(image: Image, where: npt.NDArray[np.bool_]) -> Image:
    """Return a frame whose odd lines are made of the even ones, RGB uint8 (H, W, 3).

    Args:
        image: RGB uint8 (H, W, 3).
        where: pixels that are to be made anew, bool (H, W).
    """
    made = image.copy()
    odd = made[1::2]
    above = image[0::2][: len(odd)].astype(np.float32)
    below = image[2::2].astype(np.float32)
    if len(below) < len(odd):
        below = np.concatenate([below, above[-1:]])
    middle = _along_edges(above, below)
    chosen = where[1::2]
    odd[chosen] = np.rint(middle[chosen]).astype(np.uint8)
    return made


def _along_edges(above: Floats, below: Floats) -> Floats:
    """Return the lines between two fields' lines, each pixel the mean along the slant that differs least."""
    best = np.empty_like(above)
    cost = np.full(above.shape[:2], np.inf, np.float32)
    for slant in _SLANTS:
        left, right = np.roll(above, -slant, 1), np.roll(below, slant, 1)
        apart = cv2.blur(np.abs(left - right).sum(2), (3, 1)) + np.float32(_SLANT_COST * abs(slant))
        better = apart < cost
        cost[better] = apart[better]
        best[better] = (left[better] + right[better]) / 2
    return best
