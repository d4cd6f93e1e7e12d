"""A box in parts of the frame, with a soft edge."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from facefusion.faces.types import Face
from facefusion.media.frame import Frame

_ABOUT_A_FACE = 0.5
"""How far beside the box of a face its edit reaches, as a share of the box's sides."""
_OPAQUE = 255


@dataclass(frozen=True, slots=True)
class Region:
    """Where an edit is seen.

    Attributes:
        box: x, y, width and height, in parts of the frame.
        feather: width of the soft edge, which lies inside, in parts of the frame's shorter side. Where the box ends at
            the frame's own edge there is none.
    """

    box: tuple[float, float, float, float]
    feather: float

    def slices(self, height: int, width: int) -> tuple[slice, slice]:
        """Return the rows and columns of a frame, at least one of each."""
        x, y, across, down = self.box
        rows, columns = _span(y, down, height), _span(x, across, width)
        return slice(*rows), slice(*columns)

    def concerns(self, face: Face, height: int, width: int) -> bool:
        """Whether anything may be seen of a face's edit in a frame of this size."""
        rows, columns = self.slices(height, width)
        left, top, right, bottom = (float(number) for number in face.box)
        beside, above = (right - left) * _ABOUT_A_FACE, (bottom - top) * _ABOUT_A_FACE
        is_beside = right + beside <= columns.start or left - beside >= columns.stop
        return not (is_beside or bottom + above <= rows.start or top - above >= rows.stop)

    def share(self, height: int, width: int) -> npt.NDArray[np.float32]:
        """Return how far an edit is seen at each pixel of the box, float32 (rows, columns), 0 to 1."""
        rows, columns = self.slices(height, width)
        edge = self.feather * min(height, width)
        return np.outer(_ramp(rows, height, edge), _ramp(columns, width, edge))

    def seen(self, before: Frame, after: Frame) -> Frame:
        """Return a frame with as much of its edit as is to be seen; the frame before where that is nothing.

        Args:
            before: the frame.
            after: the same edited, of the same size.
        """
        height, width = before.image.shape[:2]
        place, share = self.slices(height, width), self.share(height, width)
        frame = before
        if after.image is not before.image:
            image = _laid(before.image, after.image, place, share[:, :, None])
            frame = frame if image is None else frame.with_image(image)
        if after.opacity is not before.opacity:
            full = np.full((height, width), _OPAQUE, np.uint8)
            planes = [full if each.opacity is None else each.opacity for each in (before, after)]
            opacity = _laid(planes[0], planes[1], place, share)
            frame = frame if opacity is None else replace(frame, opacity=opacity)
        return frame


def _span(start: float, length: float, size: int) -> tuple[int, int]:
    """Return the first pixel and the one behind the last, given parts of a side of so many."""
    first = min(round(start * size), size - 1)
    return first, max(first + 1, min(round((start + length) * size), size))


def _ramp(span: slice, size: int, edge: float) -> npt.NDArray[np.float32]:
    """Return the share along one side of a box."""
    pixels = np.arange(span.start, span.stop, dtype=np.float32) + np.float32(0.5)
    share = np.ones(len(pixels), np.float32)
    if edge > 0 and span.start > 0:
        share = np.minimum(share, (pixels - span.start) / np.float32(edge))
    if edge > 0 and span.stop < size:
        share = np.minimum(share, (span.stop - pixels) / np.float32(edge))
    share = share * share * (3 - 2 * share)
    return np.asarray(share, np.float32)


def _laid(
    before: npt.NDArray[np.uint8],
    after: npt.NDArray[np.uint8],
    place: tuple[slice, slice],
    share: npt.NDArray[np.float32],
) -> npt.NDArray[np.uint8] | None:
    """Return what was before with a part of what came after laid over it; None where they do not differ there."""
    if np.array_equal(before[place], after[place]):
        return None
    base = before[place].astype(np.float32)
    mixed = base + share * (after[place].astype(np.float32) - base)
    result = before.copy()
    result[place] = np.rint(mixed).astype(np.uint8)
    return result
