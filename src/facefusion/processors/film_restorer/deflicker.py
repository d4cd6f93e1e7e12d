"""Flicker: light that jumps from frame to frame, over the whole picture and in its parts.

The way of the light through the shot is summed up from frame to frame. A straight line through the frames around
says what it would be without jumps, so that dusk and clouds stay; each frame is given the gains that bring it there.
Where the light changes for good, as when a lamp is switched on, the line begins anew.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from facefusion.media.frame import Image
from facefusion.processors.film_restorer.light import COLUMNS, ROWS, Light, change_of_light
from facefusion.processors.film_restorer.step import Reach, Window
from facefusion.state import State

_AHEAD: Final = 3
_PAST: Final = 48
"""Frames before that the line goes through; only their light is kept."""
_SLOPE: Final = 0.004
"""Change of light from frame to frame that is usual without flicker, as a logarithm."""
_NONE, _PLAIN = 0.003, 0.006
"""Flicker that is none, and flicker that is taken away in full: its standard deviation, as a logarithm.

In parts of the picture, where things that move are in the way, it has to be twice as plain.
"""
_FOLLOW: Final = 0.15
"""How fast the line is followed, where there is flicker."""
_STEP: Final = 4.0
"""How many times the flicker, and at least how much, the light changes for good."""
_LEAST_STEP: Final = 0.1
_MOST: Final = 0.7
"""Greatest gain either way, as a logarithm."""
_SEEN: Final = 0.002
"""Gain below which nothing is done, as a logarithm: half a level of 255."""


class Deflicker:
    """Holds the light of a shot steady.

    Args:
        strength: 1 to 100, how much of the flicker is taken away, in percent.
    """

    name = "flicker"
    reach = Reach(1, _AHEAD)
    needs_motion = True
    moves = False

    def __init__(self, strength: int) -> None:
        self.strength = strength
        self._way = np.zeros((0, ROWS, COLUMNS), np.float32)
        self._at = -1
        self._steady: Light | None = None

    def apply(self, window: Window) -> Image:
        """Return the frame with steady light; the same object where there is no flicker."""
        self._follow(window)
        gain = np.clip(self._wanted() * np.float32(self.strength / 100), -_MOST, _MOST)
        return window.image if np.abs(gain).max() < _SEEN else _lit(window.image, gain)

    def state(self) -> State:
        """Return the way of the light so far."""
        steady = None if self._steady is None else self._steady.copy()
        return {"way": self._way.copy(), "at": self._at, "steady": steady}

    def restore(self, state: State) -> None:
        """Go on from a state."""
        self._way, self._at = state["way"].copy(), state["at"]
        self._steady = None if state["steady"] is None else state["steady"].copy()

    def _follow(self, window: Window) -> None:
        """Add what is new in the window to the way of the light; forget what is long past, or of another shot."""
        if window.begins:
            self._way, self._at, self._steady = np.zeros((1, ROWS, COLUMNS), np.float32), -1, None
        self._at += 1
        while len(self._way) <= self._at + window.after:
            index = window.at + len(self._way) - self._at
            before, now = window.moments[index - 1], window.moments[index]
            if now.motion is None:
                raise ValueError("motion is measured for steps that say needs_motion, within a shot")
            change = change_of_light(before.image, now.image, now.motion.back)
            self._way = np.concatenate([self._way, (self._way[-1] + change)[None]])
        spare = self._at - _PAST
        if spare > 0:
            self._way, self._at = self._way[spare:], _PAST

    def _wanted(self) -> Light:
        """Return the gain that the frame wants in its parts, as logarithms."""
        way, at = self._way, self._at
        if len(way) < 3:
            return np.zeros((ROWS, COLUMNS), np.float32)
        begin, end, is_new = _stretch(way.mean((1, 2)), at)
        part, times = way[begin:end], np.arange(begin, end, dtype=np.float32) - at
        jumps = _flicker(part.mean((1, 2))[:, None, None])
        level, slope = _line(part, times, jumps)
        follow = max(_FOLLOW, 1 - jumps / _PLAIN)
        if self._steady is None or is_new:
            self._steady = level
        else:
            guess = self._steady + slope
            self._steady = np.asarray(guess + follow * (level - guess), np.float32)
        off = self._steady - way[at]
        whole, parts = off.mean(), part - part.mean((1, 2), keepdims=True)
        return np.asarray(whole * _share(jumps) + (off - whole) * _share(_flicker(parts) / 2), np.float32)


def _stretch(light: Light, at: int) -> tuple[int, int, bool]:
    """Return from where to where the light around a frame changes without a step, and whether it begins there."""
    begin, end = 0, len(light)
    jumps = _flicker(light[:, None, None])
    for index in range(4, len(light) - 2):
        step = abs(float(light[index : index + 3].mean() - light[index - 4 : index].mean()))
        sharp = abs(float(light[index] - light[index - 1]))
        if min(step, sharp) > max(_LEAST_STEP, _STEP * jumps):
            begin, end = (index, end) if index <= at else (begin, min(end, index))
    return begin, end, begin == at and at > 0


def _flicker(way: Light) -> float:
    """Return the standard deviation of the light's jumps; those of a few frames that differ much do not count."""
    if len(way) < 3:
        return 0.0
    bends = np.abs(way[2:] - 2 * way[1:-1] + way[:-2])
    return float(np.median(bends, 0).mean() * 1.4826 / np.sqrt(6))


def _share(jumps: float) -> np.float32:
    """Return which share of the flicker is taken away: all of it, unless it is so little that it may be none."""
    return np.float32(min(max((jumps - _NONE) / (_PLAIN - _NONE), 0.0), 1.0))


def _line(way: Light, times: Light, jumps: float) -> tuple[Light, Light]:
    """Return height at time 0 and slope of the line through the way, hardly sloped where little tells of it."""
    middle, mean = times.mean(), way.mean(0)
    across = (times - middle)[:, None, None]
    slope = (across * (way - mean)).sum(0) / (float((across**2).sum()) + (jumps / _SLOPE) ** 2 + 1e-6)
    return np.asarray(mean - slope * middle, np.float32), np.asarray(slope, np.float32)


def _lit(image: Image, gain: Light) -> Image:
    """Return a frame with gains, given as logarithms in its parts, uint8 (H, W, 3)."""
    height, width = image.shape[:2]
    factors = np.exp(gain)
    if float(np.ptp(factors)) < _SEEN:
        table = np.clip(np.rint(np.arange(256) * factors.mean()), 0, 255).astype(np.uint8)
        return np.asarray(cv2.LUT(image, table), np.uint8)
    field = cv2.resize(factors, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(cv2.multiply(image, cv2.merge([field] * 3), dtype=cv2.CV_8U), np.uint8)
