"""Upright scratches: thin lines that stay where they are on the film from frame to frame, whatever the picture does."""

from __future__ import annotations

from dataclasses import dataclass
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

_BESIDE: Final = 0.015
"""How far beside another scratch one may be hidden by it, in heights of the frame."""


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """A frame and the upright lines that are seen on it, the picture's own among them."""

    image: Image
    grey: Grey
    lines: list[Line]


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
        self._known: dict[int, _Seen] = {}

    def apply(self, window: Window) -> Image:
        """Return the frame without scratches; the same object where none is found."""
        lines = self.found(window)
        if not lines:
            return window.image
        result = closed(window.image, lines)
        hidden = self._hidden(result, lines)
        return closed(result, hidden) if hidden else result

    def _hidden(self, result: Image, lines: list[Line]) -> list[Line]:
        """Return scratches so close beside others that they are seen only when these are closed."""
        grey = _grey(result)
        near = _BESIDE * result.shape[0]
        beside = [each for each in lines_in(grey, self._least) if any(each.is_near(line, near) for line in lines)]
        return [each for each in beside if is_laid_on([(grey, each)])]

    def found(self, window: Window) -> list[Line]:
        """Return the lines of the frame that lie on it for some frames together."""
        offsets = range(-window.before, window.after + 1)
        seen = {offset: self._seen(window.neighbour(offset)) for offset in offsets}
        self._known = {
            key: value for key, value in self._known.items() if any(value.image is m.image for m in window.moments)
        }
        most = max(2.0, _WANDERS * window.image.shape[0])
        tracks = [(line, _track(line, seen, most)) for line in seen[0].lines]
        return [line for line, track in tracks if len(track) >= _LASTS and is_laid_on(track)]

    def state(self) -> State:
        """Return an empty state: lines are found anew in the frames of the window."""
        return {}

    def restore(self, state: State) -> None:
        """Do nothing: nothing is remembered that frames do not tell."""

    def _seen(self, image: Image) -> _Seen:
        """Return a frame with its lines, found once."""
        known = self._known.get(id(image))
        if known is None or known.image is not image:
            grey = _grey(image)
            known = self._known[id(image)] = _Seen(image, grey, lines_in(grey, self._least))
        return known


def _grey(image: Image) -> Grey:
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.uint8)


def _track(line: Line, seen: dict[int, _Seen], most: float) -> list[tuple[Grey, Line]]:
    """Return a line on the frames one after the other on which it is, this one first."""
    track = [(seen[0].grey, line)]
    for sign in (-1, 1):
        offset = sign
        while offset in seen:
            near = [other for other in seen[offset].lines if line.is_near(other, most * abs(offset))]
            if not near:
                break
            track.append((seen[offset].grey, near[0]))
            offset += sign
    return track
