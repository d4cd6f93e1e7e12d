"""Fading: greyed blacks, dulled whites and dyes that went at different speeds.

Where each channel is darkest and brightest is measured over the shot so far, and both ends are brought to where they
are in a fresh print. Ends that are farther in than fading brings them, as of a night scene, stay.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.media.frame import Image
from facefusion.processors.film_restorer.step import Reach, Window
from facefusion.state import State

Ends = npt.NDArray[np.float32]
"""Darkest and brightest level of each channel, float32 (2, 3)."""

_SHARES: Final = (0.004, 0.996)
"""Shares of the pixels darker than the darkest and than the brightest level; what is beyond is specks and glints."""
_GOALS: Final = (12.0, 243.0)
"""Levels to which both ends are brought; what is beyond them already stays."""
_MOST: Final = 2.0
"""Greatest stretch of contrast."""
_FARTHEST: Final = 90.0
"""Levels from either end: what is farther in is no faded black, and no faded white."""
_FIRST, _MANY = 25, 250
"""Each frame counts as one of so many in what is known of the shot: at its start, and once many have been seen."""
_STILL: Final = 1.0
"""Levels by which an end may be wrong before it is moved."""
_ROWS: Final = 180
_SEEN: Final = 1


class Fade:
    """Gives a shot its blacks, its whites and its grey back.

    Args:
        strength: 1 to 100, how much of what went is given back, in percent.
    """

    name = "fade"
    reach = Reach(0, 0)
    needs_motion = False
    moves = False

    def __init__(self, strength: int) -> None:
        self.strength = strength
        self._known: Ends | None = None
        self._used: Ends | None = None
        self._frames = 0

    def apply(self, window: Window) -> Image:
        """Return the frame with its contrast and colours; the same object where nothing went."""
        if window.begins:
            self._known, self._used, self._frames = None, None, 0
        table = self._table(self._ends(window.image))
        if np.abs(table.astype(np.int16) - np.arange(256)[:, None]).max() <= _SEEN:
            return window.image
        return np.asarray(cv2.LUT(window.image, table[None]), np.uint8)

    def state(self) -> State:
        """Return what is known of the shot."""
        ends = {"known": self._known, "used": self._used}
        return {name: None if each is None else each.copy() for name, each in ends.items()} | {"frames": self._frames}

    def restore(self, state: State) -> None:
        """Go on from a state."""
        self._known, self._used = (None if state[name] is None else state[name].copy() for name in ("known", "used"))
        self._frames = state["frames"]

    def _ends(self, image: Image) -> Ends:
        """Return the ends of the shot as they are known by now; they move slowly, and not for nothing."""
        seen = _ends_of(image)
        self._frames += 1
        if self._known is None or self._used is None:
            self._known = self._used = seen
            return seen
        share = np.float32(1 / min(max(self._frames, _FIRST), _MANY))
        self._known = self._known + share * (seen - self._known)
        apart = self._known - self._used
        beyond = np.sign(apart) * np.maximum(np.abs(apart) - np.float32(_STILL), 0)
        self._used = self._used + np.float32(0.1) * beyond
        return self._used

    def _table(self, ends: Ends) -> npt.NDArray[np.uint8]:
        """Return what becomes of each level of each channel, uint8 (256, 3)."""
        low, high = _goals(ends)
        stretch = np.clip((high - low) / np.maximum(ends[1] - ends[0], 1), 1 / _MOST, _MOST)
        middle, goal = ends.mean(0), (low + high) / 2
        levels = np.arange(256, dtype=np.float32)[:, None]
        full = goal + (levels - middle) * stretch
        mixed = levels + (full - levels) * np.float32(self.strength / 100)
        return np.asarray(np.clip(np.rint(mixed), 0, 255), np.uint8)


def _ends_of(image: Image) -> Ends:
    """Return the ends of one frame's channels."""
    factor = min(1.0, _ROWS / image.shape[0])
    size = (max(1, round(image.shape[1] * factor)), max(1, round(image.shape[0] * factor)))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA) if factor < 1 else image
    return np.asarray(np.quantile(small.reshape(-1, 3), _SHARES, axis=0), np.float32)


def _goals(ends: Ends) -> tuple[Ends, Ends]:
    """Return where the dark and the bright end of each channel go: nowhere where no fading brought them."""
    low = np.where(ends[0] < _FARTHEST, np.minimum(ends[0], _GOALS[0]), ends[0])
    high = np.where(ends[1] > 255 - _FARTHEST, np.maximum(ends[1], _GOALS[1]), ends[1])
    return low.astype(np.float32), high.astype(np.float32)
