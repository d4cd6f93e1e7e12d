"""Flicker: what changes on a face from frame to frame although nothing there moved.

Motion is taken out by dense optical flow between the frames before the swap. Source: Kroeger et al., "Fast optical flow
using dense inverse search", 2016.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

from benchmarks.judging.film import Take
from facefusion.faces.types import Face
from facefusion.media.frame import Image

Field = npt.NDArray[np.float32]

_MARGIN = 0.25
"""How far around the face motion is looked at, in widths of it: it has to follow what comes in from outside."""
_EROSION = 0.06
"""Width of the outline that is left out, in widths of the face: there the face hides what is behind it, or shows it."""
_LEAST_PIXELS = 100


def flicker(takes: Iterable[Take], number: int) -> tuple[float, float]:
    """Return how much the lightness of a face changes between frames once motion is taken out.

    Args:
        takes: the frames of a clip.
        number: track of the face. Only those pairs of frames count in which it was replaced in one at least.

    Returns:
        Mean absolute change of L*, 0 to 100, after the swap, and before it.
    """
    flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    # Half the size, which is usual, is too little for a face of 60 pixels.
    flow.setFinestScale(0)
    found = [
        change
        for last, now in pairwise(takes)
        if number in last.faces and number in now.faces and number in (last.swapped | now.swapped)
        if (change := _change(flow, last, now, number)) is not None
    ]
    after, before = np.mean(found, axis=0) if found else (0.0, 0.0)
    return float(after), float(before)


def _change(flow: cv2.DISOpticalFlow, last: Take, now: Take, number: int) -> tuple[float, float] | None:
    """Return the mean change after and before the swap; None where too little of the face is in the picture."""
    part = _surroundings(last.faces[number], now.faces[number], now.before)
    came_from = _came_from(flow, last.before[part], now.before[part])
    inside = _inside(now.faces[number], part, came_from)
    if inside.sum() < _LEAST_PIXELS:
        return None
    after, before = (
        np.abs(_lightness(new[part]) - _moved(_lightness(old[part]), came_from))[inside].mean()
        for old, new in ((last.after, now.after), (last.before, now.before))
    )
    return float(after), float(before)


def _surroundings(last: Face, now: Face, image: Image) -> tuple[slice, slice]:
    """Return the part of the picture in which a face is in both frames."""
    margin = _MARGIN * max(last.width, now.width)
    left, top = np.maximum(np.minimum(last.box[:2], now.box[:2]) - margin, 0).astype(int)
    right, bottom = np.minimum(np.maximum(last.box[2:], now.box[2:]) + margin, image.shape[1::-1]).astype(int)
    return np.s_[top:bottom, left:right]


def _came_from(flow: cv2.DISOpticalFlow, last: Image, now: Image) -> Field:
    """Return where each pixel was one frame before, float32 (H, W, 2)."""
    grey = [cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2GRAY) for image in (now, last)]
    y, x = np.mgrid[: now.shape[0], : now.shape[1]].astype(np.float32)
    return np.asarray(flow.calc(grey[0], grey[1], None) + np.dstack([x, y]), np.float32)


def _inside(face: Face, part: tuple[slice, slice], came_from: Field) -> npt.NDArray[np.bool_]:
    """Return what is well inside the face, and was in the picture one frame before."""
    height, width = came_from.shape[:2]
    hull = cv2.convexHull(np.rint(face.mesh[:, :2] - (part[1].start, part[0].start)).astype(np.int32))
    # A frame of one pixel of nothing, so that what the picture cuts off is eroded too.
    filled = np.pad(cv2.fillConvexPoly(np.zeros((height, width), np.uint8), hull, 1), 1)
    size = 2 * round(_EROSION * face.width) + 1
    eroded = cv2.erode(filled, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)))[1:-1, 1:-1]
    was_there = (came_from >= 0).all(2) & (came_from[..., 0] <= width - 1) & (came_from[..., 1] <= height - 1)
    return np.asarray((eroded > 0) & was_there)


def _lightness(image: Image) -> Field:
    return np.asarray(cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)[:, :, 0], np.float32)


def _moved(lightness: Field, came_from: Field) -> Field:
    # Cubic, because linear interpolation blurs, and would count as a change of whatever is sharp.
    return np.asarray(cv2.remap(lightness, came_from, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE))
