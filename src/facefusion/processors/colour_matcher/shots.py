"""The palette of a shot: a mean over its frames, so that nobody who walks through it changes its colours."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Final

from facefusion.faces.scene import CutDetector
from facefusion.media.frame import Image
from facefusion.processors.colour_matcher.palette import Floats, Method, Palette
from facefusion.state import State

_MEMORY: Final = 2.0
"""Seconds over which the mean is taken; short enough that it settles in what leads in to a segment."""


class ShotPalette:
    """Follows the palette of the shot that frames are of; feed it every frame in order.

    Args:
        method: what palettes are for.
    """

    def __init__(self, method: Method) -> None:
        self._method = method
        self._cuts = CutDetector()
        self._palette: Palette | None = None
        self._seen = 0
        self._time = Fraction(0)

    def update(self, image: Image, time: Fraction, counted: Floats | None = None) -> Palette:
        """Return the palette of the shot by now.

        Args:
            image: the frame, RGB uint8 (H, W, 3).
            time: when it is shown, in seconds.
            counted: how much each pixel has a say; see `Palette.of`.
        """
        is_new, now = self._cuts.update(image), Palette.of(image, self._method, counted)
        if is_new or self._palette is None:
            self._palette, self._seen = now, 0
        self._seen += 1
        passed = max(float(time - self._time), 0.0)
        share = max(1 / self._seen, 1 - math.exp(-passed / _MEMORY))
        self._palette, self._time = self._palette.towards(now, share), time
        return self._palette

    def state(self) -> State:
        """Return what is remembered; see `facefusion.state`."""
        palette = self._palette
        return {
            "cuts": self._cuts.state(),
            "palette": None if palette is None else {"mean": palette.mean.copy(), "second": palette.second.copy()},
            "seen": self._seen,
            "time": list(self._time.as_integer_ratio()),
        }

    def restore(self, state: State) -> None:
        """Go on from a state."""
        palette = state["palette"]
        self._cuts.restore(state["cuts"])
        self._palette = (
            None if palette is None else Palette(self._method, palette["mean"].copy(), palette["second"].copy())
        )
        self._seen, self._time = state["seen"], Fraction(*state["time"])
