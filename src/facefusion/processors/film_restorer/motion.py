"""How things moved between two frames: dense optical flow, measured once and shared by all steps.

Dense inverse search (Kroeger et al., 2016), which is cheap and follows fast hands. It is measured in small
pictures: what it is for, bringing a neighbour to a frame, needs no more than that, and specks of dust are gone in them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.media.frame import Image
from facefusion.state import State

Field = npt.NDArray[np.float32]
"""Where pixels went, to the right and down, in pixels of the frame, of every so many pixels; float32 (h, w, 2)."""
Plane = npt.NDArray[np.float32]
Small = npt.NDArray[np.uint8]

LINES: Final = 360
"""Lines of the picture in which motion is measured; smaller frames are measured as they are."""
_SPECK: Final = 5
"""Side in pixels of the small picture below which bright and dark specks do not count."""
_MEAN, _SPREAD = 118.0, 52.0
"""Brightness and contrast that both pictures are given first, so that flicker is no motion."""
_LEAST_SPREAD: Final = 6.0


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """What moved between a frame and the one before it.

    Attributes:
        back: where each pixel of the frame lies in the one before.
        forth: where each pixel of the one before lies in the frame.
    """

    back: Field
    forth: Field

    def state(self) -> State:
        """Return both as copies."""
        return {"back": self.back.copy(), "forth": self.forth.copy()}

    @classmethod
    def of(cls, state: State) -> Motion:
        """Return what `state` kept."""
        return cls(state["back"].copy(), state["forth"].copy())


def measured(before: Image, now: Image) -> Motion:
    """Return the motion between two frames of one size, RGB uint8 (H, W, 3)."""
    factor = max(1.0, min(now.shape[:2]) / LINES)
    old, new = _small(before, factor), _small(now, factor)
    if min(old.shape) < 16:  # too small for the method, and for anything to be seen move
        still = np.zeros((*old.shape, 2), np.float32)
        return Motion(still, still.copy())
    method = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    method.setFinestScale(1)
    fields = [method.calc(*pair, np.zeros((*old.shape, 2), np.float32)) for pair in ((new, old), (old, new))]
    return Motion(*(np.asarray(each, np.float32) * np.float32(factor) for each in fields))


def warped(image: Image, motion: Field) -> Image:
    """Return a frame brought to where things are in another, RGB uint8 (H, W, 3).

    Args:
        image: the frame that things are taken from.
        motion: where each pixel of the other lies in it.
    """
    height, width = image.shape[:2]
    full = cv2.resize(motion, (width, height), interpolation=cv2.INTER_LINEAR)
    cv2.add(full, _places(height, width), dst=full)
    across, down = cv2.split(full)
    return np.asarray(cv2.remap(image, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def warped_plane(plane: Plane, motion: Field, factor: float) -> Plane:
    """Return a small plane of one frame brought to where things are in another, float32 (h, w).

    Args:
        plane: of the frame that things are taken from.
        motion: where each pixel of the other lies in it, in pixels of the frame.
        factor: pixels of the frame for each of the plane.
    """
    height, width = plane.shape
    small = cv2.resize(motion, (width, height), interpolation=cv2.INTER_AREA) * np.float32(1 / factor)
    across, down = cv2.split(small + _places(height, width))
    return np.asarray(cv2.remap(plane, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32)


def joined(path: Sequence[Field], factor: float) -> Field:
    """Return the motion over several frames from that of each step of the way, in order.

    Args:
        path: the motion from each frame to the next on the way.
        factor: pixels of the frame for each of the fields' own.
    """
    whole = path[0]
    for step in path[1:]:
        places = _places(whole.shape[0], whole.shape[1]) + whole / np.float32(factor)
        across, down = cv2.split(places)
        whole = whole + cv2.remap(step, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return whole


def _small(image: Image, factor: float) -> Small:
    """Return a frame small and grey, of a given brightness and contrast, without specks, uint8 (h, w)."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    if factor > 1:
        size = (round(image.shape[1] / factor), round(image.shape[0] / factor))
        grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    mean, spread = (float(value[0, 0]) for value in cv2.meanStdDev(grey))
    gain = _SPREAD / max(spread, _LEAST_SPREAD)
    table = np.clip((np.arange(256) - mean) * gain + _MEAN, 0, 255).astype(np.uint8)
    return np.asarray(cv2.medianBlur(cv2.LUT(grey, table), _SPECK), np.uint8)


@lru_cache(maxsize=8)
def _places(height: int, width: int) -> Field:
    """Return the place of each pixel, across and down, float32 (H, W, 2)."""
    down, across = np.indices((height, width), np.float32)
    return np.dstack([across, down])
