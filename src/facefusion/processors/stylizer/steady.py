"""Steadying: what looks are made from, averaged over time along the motion, so that noise does not make strokes boil.

A pixel takes over what was there before where the motion explains it, and nothing where it does not: behind what moves
away, in what changes by itself, after a cut. Looks are then functions of one steady picture, and remember nothing.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.faces.scene import CutDetector
from facefusion.media.frame import Image
from facefusion.processors.stylizer.flow import places
from facefusion.state import State

_SHARE = np.float32(0.72)
"""Share of what was there before, at most: noise goes down to two fifths."""
_ALIKE, _DIFFERENT = np.float32(5), np.float32(14)
"""Mean difference around a pixel, 0 to 255: up to there it is noise, from there on something else."""
_AROUND = 7
"""Pixels of the canvas that are compared together."""
_SMALLER = 3
"""By how much smaller than the canvas the motion is looked for."""
_STILL = np.float32(0.25)
"""Motion in pixels of the canvas below which a pixel stands still: it is then copied, not read between pixels."""
_SMALLEST = 48
"""Shorter side of a canvas below which motion cannot be found."""


class Steadied:
    """Steadies canvases of one video, given in order."""

    def __init__(self) -> None:
        self._cuts = CutDetector()
        self._before: Image | None = None

    def update(self, canvas: Image) -> Image:
        """Return the next canvas steadied, RGB uint8 (H, W, 3)."""
        begins = self._cuts.update(canvas)
        before, self._before = self._before, canvas
        if not begins and before is not None and before.shape == canvas.shape and min(canvas.shape[:2]) >= _SMALLEST:
            self._before = _averaged(canvas, before)
        return self._before

    def state(self) -> State:
        """Return the last canvas and what is known of the scene; see `facefusion.state`."""
        before = None if self._before is None else self._before.copy()
        return {"cuts": self._cuts.state(), "before": before}

    def restore(self, state: State) -> None:
        """Go on from a state with the canvas that follows."""
        self._cuts.restore(state["cuts"])
        self._before = None if state["before"] is None else state["before"].copy()


def _averaged(canvas: Image, before: Image) -> Image:
    moved = _along_motion(canvas, before)
    apart = cv2.cvtColor(cv2.absdiff(canvas, moved), cv2.COLOR_RGB2GRAY)
    apart = cv2.blur(np.asarray(apart, np.float32), (_AROUND, _AROUND))
    share = np.clip((_DIFFERENT - np.asarray(apart, np.float32)) / (_DIFFERENT - _ALIKE), 0, 1) * _SHARE
    return np.asarray(cv2.blendLinear(moved, canvas, share, 1 - share), np.uint8)


def _along_motion(canvas: Image, before: Image) -> Image:
    """Return the canvas before, brought to where its parts are now."""
    x, y = places(canvas.shape)
    motion = motion_between(canvas, before, _SMALLER)
    motion[cv2.magnitude(motion[:, :, 0], motion[:, :, 1]) < _STILL] = 0
    to = (x + motion[:, :, 0], y + motion[:, :, 1])
    return np.asarray(cv2.remap(before, *to, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def motion_between(now: Image, before: Image, smaller: int) -> npt.NDArray[np.float32]:
    """Return where each pixel of a picture was in one before, as a way from here, float32 (H, W, 2).

    Args:
        now: RGB uint8 (H, W, 3).
        before: the same.
        smaller: by how much smaller both are looked at.
    """
    height, width = now.shape[:2]
    size = (max(16, width // smaller), max(16, height // smaller))
    first, second = (cv2.cvtColor(_small(each, size), cv2.COLOR_RGB2GRAY) for each in (now, before))
    finder = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
    found = finder.calc(first, second, np.zeros((*first.shape, 2), np.float32))
    found = found * np.array([width / size[0], height / size[1]], np.float32)
    return np.asarray(cv2.resize(found, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def _small(image: Image, size: tuple[int, int]) -> Image:
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
