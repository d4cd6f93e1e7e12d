"""The border between two segments of a video: whether the edit goes on across it as it does everywhere else."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.faces.types import Face
from facefusion.media.frame import Image

CHANGED = 2
"""Change of a pixel, 0 to 255, from which it is a part of what was edited, where nothing was lost in encoding."""
Flags = npt.NDArray[np.bool_]
Vector = npt.NDArray[np.float64]


def edited(before: Image, *frames: Image, changed: int = CHANGED) -> Flags:
    """Return which pixels of a frame any of its edits changed, bool (H, W).

    Args:
        before: the frame, RGB uint8 (H, W, 3).
        frames: its edits.
        changed: least change, 0 to 255.
    """
    return np.logical_or.reduce([cv2.absdiff(before, frame).max(axis=2) >= changed for frame in frames])


def off(before: Image, whole: Image, apart: Image, *, changed: int = CHANGED) -> float:
    """Return the mean difference of two edits of a frame where either changed it, 0 to 255; nan where neither did."""
    where = edited(before, whole, apart, changed=changed)
    return float(cv2.absdiff(whole, apart)[where].mean()) if where.any() else float("nan")


def step(before: Sequence[Image], frames: Sequence[Image], index: int, *, changed: int = CHANGED) -> float:
    """Return by how much an edit differs from that of the frame before it, in the mean of the pixels that both change.

    Args:
        before: the frames.
        frames: their edits.
        index: of the later of the two.
        changed: least change, 0 to 255.
    """
    places = (index - 1, index)
    where = np.logical_and.reduce([edited(before[place], frames[place], changed=changed) for place in places])
    edits = [frames[place].astype(np.int16) - before[place] for place in places]
    return float(np.abs(edits[1] - edits[0])[where].mean()) if where.any() else float("nan")


def tone(before: Image, frame: Image, *, changed: int = CHANGED) -> Vector:
    """Return the mean colour that an edit adds where it changes a frame, CIELAB (3,); zeros where it changes none."""
    where = edited(before, frame, changed=changed)
    if not where.any():
        return np.zeros(3)
    one, other = (cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)[where] for image in (before, frame))
    return np.asarray((other - one).mean(axis=0), np.float64)


def moved(before: Face, after: Face) -> Vector:
    """Return by how far an edit moved each landmark of a face, in pixels, (468, 2)."""
    return np.asarray((after.mesh - before.mesh)[:, :2], np.float64)


def mean(values: Sequence[float]) -> float:
    """Return the mean of those values that are known; nan where none is."""
    known = [value for value in values if not np.isnan(value)]
    return float(np.mean(known)) if known else float("nan")
