"""Carrying edits: what processors did to the frames before and after a frame, done to the frame itself."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.engine.between.motion import Field, Motion, MotionFinder
from facefusion.media.frame import Image
from facefusion.media.region import Rectangle

_MARGIN = 12
"""Pixels around what was edited to which it may have moved from its neighbours."""


class Edit:
    """What processors did to one frame.

    Args:
        original: RGB uint8 (H, W, 3), before them.
        edited: the same after them.

    Attributes:
        original: as given.
        edited: as given.
        region: the part of the picture in which anything changed; None where nothing did.
    """

    def __init__(self, original: Image, edited: Image) -> None:
        self.original, self.edited = original, edited
        self.region = None if edited is original else _changed(original, edited)

    def difference(self, part: Rectangle) -> Field:
        """Return by how much pixels of a part changed, float32 (h, w, 3)."""
        where = part.slices
        return np.asarray(cv2.subtract(self.edited[where], self.original[where], dtype=cv2.CV_32F), np.float32)


def carried(
    frame: Image, before: Edit, after: Edit, motions: Sequence[Motion], place: float, finder: MotionFinder
) -> Image:
    """Return a frame with the edit of its neighbours; where neither was edited nothing changes.

    Args:
        frame: RGB uint8 (H, W, 3).
        before: the neighbour before.
        after: the neighbour after.
        motions: of parts of the frame, those of faces; what was edited outside of these is looked at now.
        place: of the frame in time between its neighbours, 0 to 1.
        finder: finds motions.
    """
    regions = [edit.region for edit in (before, after) if edit.region is not None]
    if not regions:
        return frame
    whole = _union(regions)
    result = frame.copy()
    rest = np.ones((whole.height, whole.width), bool)
    for motion in motions:
        part = _common(motion.region, whole)
        if part is not None:
            _carry(result, frame, part, motion, (before, after), _within(rest, whole, part))
    for edit in (before, after):
        part = None if edit.region is None else _bounds(rest & _mask(edit, whole), whole)
        if part is not None:
            motion = finder.of_region(part, (before.original, frame, after.original), place)
            _carry(result, frame, part, motion, (before, after), _within(rest, whole, part))
    return result


def _carry(
    result: Image,
    frame: Image,
    part: Rectangle,
    motion: Motion,
    edits: tuple[Edit, Edit],
    rest: npt.NDArray[np.bool_],
) -> None:
    """Add what the neighbours' edits come to in a part of a frame, where that was not done, and note that it is."""
    share = _enlarged(motion.share, motion.region, part)[..., None]
    first, last = (
        _moved(edit, flow, motion.region, part)
        for edit, flow in zip(edits, (motion.before, motion.after), strict=True)
    )
    first -= last
    first *= share
    first += last
    first += frame[part.slices]
    np.clip(np.rint(first, out=first), 0, 255, out=first)
    np.copyto(result[part.slices], first.astype(np.uint8), where=rest[..., None])
    rest[:] = False


def _moved(edit: Edit, flow: Field, region: Rectangle, part: Rectangle) -> Field:
    """Return the difference that an edit makes in a part, moved to where its pixels are in the frame between."""
    x, y = np.meshgrid(np.arange(part.width, dtype=np.float32), np.arange(part.height, dtype=np.float32))
    step = _enlarged(flow, region, part)
    return np.asarray(cv2.remap(edit.difference(part), x + step[..., 0], y + step[..., 1], cv2.INTER_LINEAR), np.float32)


def _enlarged(values: Field, region: Rectangle, part: Rectangle) -> Field:
    """Return the part of a small field over a region that lies over `part`, at the size of the picture."""
    across, down = values.shape[1] / region.width, values.shape[0] / region.height
    offset = (part.x - region.x + 0.5) * across - 0.5, (part.y - region.y + 0.5) * down - 0.5
    affine = np.array([[across, 0, offset[0]], [0, down, offset[1]]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    size = (part.width, part.height)
    return np.asarray(cv2.warpAffine(values, affine, size, flags=flags, borderMode=cv2.BORDER_REPLICATE), np.float32)


def _mask(edit: Edit, part: Rectangle) -> npt.NDArray[np.bool_]:
    """Return where an edit changed pixels of a part, bool (h, w)."""
    return np.asarray((edit.original[part.slices] != edit.edited[part.slices]).any(2))


def _changed(original: Image, edited: Image) -> Rectangle | None:
    """Return the part of a picture in which two pictures differ, and a little around it."""
    height, width = original.shape[:2]
    difference = cv2.absdiff(original.reshape(height, -1), edited.reshape(height, -1))
    rows = np.flatnonzero(cv2.reduce(difference, 1, cv2.REDUCE_MAX))
    if not len(rows):
        return None
    top, bottom = int(rows[0]), int(rows[-1]) + 1
    columns = cv2.reduce(difference[top:bottom], 0, cv2.REDUCE_MAX).reshape(width, 3).any(1)
    return _widened(np.flatnonzero(columns), top, bottom, Rectangle(0, 0, width, height))


def _bounds(mask: npt.NDArray[np.bool_], whole: Rectangle) -> Rectangle | None:
    """Return the smallest part of `whole`, and a little around it, that holds all that a mask over it marks."""
    rows = np.flatnonzero(mask.any(1))
    if not len(rows):
        return None
    return _widened(np.flatnonzero(mask.any(0)), int(rows[0]), int(rows[-1]) + 1, whole)


def _widened(columns: npt.NDArray[np.intp], top: int, bottom: int, whole: Rectangle) -> Rectangle:
    """Return a part of `whole` that lies so in it, with the margin as far as there is room."""
    x0, y0 = max(int(columns[0]) - _MARGIN, 0), max(top - _MARGIN, 0)
    x1, y1 = min(int(columns[-1]) + 1 + _MARGIN, whole.width), min(bottom + _MARGIN, whole.height)
    return Rectangle(whole.x + x0, whole.y + y0, x1 - x0, y1 - y0)


def _within(values: npt.NDArray[np.bool_], whole: Rectangle, part: Rectangle) -> npt.NDArray[np.bool_]:
    """Return the part, as a view, of an array that lies over `whole`."""
    x, y = part.x - whole.x, part.y - whole.y
    return values[y : y + part.height, x : x + part.width]


def _union(regions: Sequence[Rectangle]) -> Rectangle:
    x, y = min(each.x for each in regions), min(each.y for each in regions)
    right, bottom = max(each.x + each.width for each in regions), max(each.y + each.height for each in regions)
    return Rectangle(x, y, right - x, bottom - y)


def _common(one: Rectangle, other: Rectangle) -> Rectangle | None:
    x, y = max(one.x, other.x), max(one.y, other.y)
    right, bottom = min(one.x + one.width, other.x + other.width), min(one.y + one.height, other.y + other.height)
    return Rectangle(x, y, right - x, bottom - y) if right > x and bottom > y else None
