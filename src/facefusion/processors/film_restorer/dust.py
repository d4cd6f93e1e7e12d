"""Dust and hairs: what is on one frame alone, where the frame before and the one after agree on something else.

A pixel is suspected where it is brighter, or darker, than anything near it in both neighbours, brought to where things
are in this frame (the rank-ordered difference of Nadenau and Mitra, 1997). What moves too fast to be followed looks
the same there, as do eyes that blink, so each spot has to stand in surroundings in which both neighbours fit.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.media.frame import Image
from facefusion.processors.film_restorer.patch import repaired
from facefusion.processors.film_restorer.spots import Spot, is_damage, scattered, spots_in
from facefusion.processors.film_restorer.step import Reach, Window
from facefusion.state import State

Grey = npt.NDArray[np.uint8]

_FAINTEST, _PLAINEST = 4.0, 15.0
"""Least difference to both neighbours, in levels, at strength 100 and at strength 0."""
_EDGE: Final = 0.5
"""Share of that at which a spot ends."""
_NOISES: Final = 3.0
"""How many times the grain's standard deviation a spot has to be above it."""
_OF_SPREAD: Final = 0.68
"""What six tenths of the pixels differ by at most from the nearer of two neighbours, where that deviation is 1."""


_RESTLESS: Final = 0.003
"""Speed, in heights of the frame for each frame, at which a spot needs half as much contrast again."""
_RESTLESS_PIXELS: Final = 1.2
"""The same in pixels, at least."""
_CHANGE: Final = 5.0
"""Change of a spot's surroundings, in levels, that needs as much; where nothing changes, motion is not seen."""
_SURROUNDINGS: Final = 0.02
"""How far around a spot's box motion counts, in heights of the frame."""
_LARGE: Final = 0.035
"""Side of a spot, in heights of the frame, at which it needs twice the contrast."""
_LARGE_PIXELS: Final = 15
"""The same in pixels, at least."""
_CERTAIN: Final = 60.0
"""Contrast that is enough for any spot."""


class Dust:
    """Finds specks and hairs that are on one frame alone and puts there what its neighbours show.

    Args:
        strength: 1 to 100; the higher, the fainter may be what is taken for dust.
    """

    name = "dust"
    reach = Reach(1, 1)
    needs_motion = True
    moves = False

    def __init__(self, strength: int) -> None:
        self.strength = strength
        self._least = _PLAINEST + (_FAINTEST - _PLAINEST) * strength / 100

    def apply(self, window: Window) -> Image:
        """Return the frame without dust; the same object where none is found or a neighbour lacks."""
        if not (window.has(-1) and window.has(1)):
            return window.image
        spots = self.found(window)
        return repaired(window, spots) if spots else window.image

    def found(self, window: Window) -> list[Spot]:
        """Return what is taken for dust on the frame, both of whose neighbours are there."""
        now, before, after = (_grey(each) for each in (window.image, window.brought(-1), window.brought(1)))
        bright, dark = cv2.max(before, after), cv2.min(before, after)
        least = max(self._least, _NOISES * _noise(now, before, after))
        across = max(3, round(window.image.shape[0] / 480) * 2 + 1)
        near = cv2.getStructuringElement(cv2.MORPH_RECT, (across, across))
        found: list[Spot] = []
        for over, strictly in (
            (cv2.subtract(now, bright), cv2.subtract(now, cv2.dilate(bright, near))),
            (cv2.subtract(dark, now), cv2.subtract(cv2.erode(dark, near), now)),
        ):
            found += spots_in(np.asarray(over, np.uint8), np.asarray(strictly, np.uint8), least, least * _EDGE)
        plain = [spot for spot in found if spot.contrast > self._needed(window, spot, least)]
        damage = [spot for spot in plain if is_damage(spot, now, before, after)]
        return scattered(damage, window.image.shape[0], least)

    def _needed(self, window: Window, spot: Spot, least: float) -> float:
        """Return the contrast that a spot has to have: more where things move fast or unevenly, more for large ones."""
        height = window.image.shape[0]
        unrest = _unrest(window, spot) / max(_RESTLESS * height, _RESTLESS_PIXELS)
        unrest = min(unrest, _change(window, spot) / _CHANGE)
        size = float(spot.mask.sum()) / max(_LARGE * height, _LARGE_PIXELS) ** 2
        return float(min(least * _EDGE * (1 + unrest) * (1 + size), _CERTAIN))

    def state(self) -> State:
        """Return an empty state: what is looked at is in the window."""
        return {}

    def restore(self, state: State) -> None:
        """Do nothing: nothing is remembered."""


def _unrest(window: Window, spot: Spot) -> float:
    """Return how fast and how unevenly most of a spot's surroundings move, in pixels for each frame."""
    back, forth = window.motion(-1), window.motion(1)
    factor = back.shape[1] / window.image.shape[1]
    margin = window.image.shape[0] * _SURROUNDINGS
    around = tuple(
        slice(max(0, int((side.start - margin) * factor)), int((side.stop + margin) * factor) + 1) for side in spot.box
    )
    uneven = np.linalg.norm(back[around] + forth[around], axis=2)
    speed = np.linalg.norm(back[around] - forth[around], axis=2) / 2
    return float(np.median(uneven + speed / 2))


def _change(window: Window, spot: Spot) -> float:
    """Return by how many levels a spot's surroundings change where they are: little where there is nothing to move."""
    here, around = window.image[spot.box], cv2.dilate(spot.mask.astype(np.uint8), np.ones((5, 5), np.uint8)) == 0
    if not around.any():
        return 0.0
    return max(float(cv2.absdiff(here, window.neighbour(offset)[spot.box])[around].mean()) for offset in (-1, 1))


def _grey(image: Image) -> Grey:
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.uint8)


def _noise(now: Grey, before: Grey, after: Grey) -> float:
    """Return the standard deviation of a frame's grain: how it differs from the neighbours where nothing moved."""
    stride = (slice(None, None, 3), slice(None, None, 3))
    apart = cv2.min(cv2.absdiff(now[stride], before[stride]), cv2.absdiff(now[stride], after[stride]))
    return float(np.quantile(apart, 0.6)) / _OF_SPREAD
