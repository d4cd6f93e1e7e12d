"""Upright scratches: thin lines that stay where they are on the film from frame to frame, whatever the picture does."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.media.frame import Image
from facefusion.processors.film_restorer.lines import Line, lines_in
from facefusion.processors.film_restorer.seam import closed
from facefusion.processors.film_restorer.step import Reach, Window
from facefusion.processors.film_restorer.veil import is_laid_on
from facefusion.state import State

Grey = npt.NDArray[np.uint8]

_FAINTEST, _PLAINEST = 2.0, 10.0
"""Least difference from the surroundings, in levels, at strength 100 and at strength 0."""
_LASTS: Final = 2
"""Frames one after the other that a scratch is on, at least."""
_WANDERS: Final = 0.006
"""How far a scratch goes from frame to frame at most, in heights of the frame."""


class Scratches:
    """Finds upright scratches that last, and closes them.

    Args:
        strength: 1 to 100; the higher, the fainter may be what is taken for a scratch.
    """

    name = "scratches"
    reach = Reach(2, 1)
    needs_motion = False
    moves = False

    def __init__(self, strength: int) -> None:
        self.strength = strength
        self._least = _PLAINEST + (_FAINTEST - _PLAINEST) * strength / 100
        self._known: dict[int, tuple[Image, list[Line]]] = {}

    def apply(self, window: Window) -> Image:
        """Return the frame without scratches; the same object where none is found."""
        lines = self.found(window)
        return closed(window.image, lines) if lines else window.image

    def found(self, window: Window) -> list[Line]:
        """Return the lines of the frame that are there for some frames together."""
        offsets = range(-window.before, window.after + 1)
        seen = {offset: self._lines(window.neighbour(offset)) for offset in offsets}
        self._known = {
            key: value for key, value in self._known.items() if any(value[0] is m.image for m in window.moments)
        }
        most = max(2.0, _WANDERS * window.image.shape[0])
        return [line for line in seen[0] if _lasts(line, seen, most) >= _LASTS]

    def state(self) -> State:
        """Return an empty state: lines are found anew in the frames of the window."""
        return {}

    def restore(self, state: State) -> None:
        """Do nothing: nothing is remembered that frames do not tell."""

    def _lines(self, image: Image) -> list[Line]:
        """Return the lines of a frame, found once."""
        known = self._known.get(id(image))
        if known is None or known[0] is not image:
            grey = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.uint8)
            known = self._known[id(image)] = (
                image,
                [line for line in lines_in(grey, self._least) if is_laid_on(grey, line)],
            )
        return known[1]


def _lasts(line: Line, seen: dict[int, list[Line]], most: float) -> int:
    """Return on how many frames one after the other a line is, this one among them."""
    count = 1
    for sign in (-1, 1):
        offset = sign
        while offset in seen and any(line.is_near(other, most * abs(offset)) for other in seen[offset]):
            count, offset = count + 1, offset + sign
    return count
