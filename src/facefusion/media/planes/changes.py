"""Where two pictures differ."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from facefusion.media.frame import Image

_STRIP = 16  # lines that are compared at a time


@dataclass(frozen=True, slots=True)
class Box:
    """Pixels from (left, top) up to but without (right, bottom)."""

    left: int
    top: int
    right: int
    bottom: int

    def grown(self, margin: int, grid: int, width: int, height: int) -> Box:
        """Return a larger box, its corners on multiples of `grid` where the picture of the given size does not end."""
        return Box(
            max(0, (self.left - margin) // grid * grid),
            max(0, (self.top - margin) // grid * grid),
            min(width, -(-(self.right + margin) // grid) * grid),
            min(height, -(-(self.bottom + margin) // grid) * grid),
        )

    def strips(self, lines: int) -> Iterator[Box]:
        """Yield boxes of at most so many lines that together are this one, from above."""
        for top in range(self.top, self.bottom, lines):
            yield Box(self.left, top, self.right, min(top + lines, self.bottom))

    def cut(self, image: Image) -> Image:
        """Return the part of a picture."""
        return image[self.top : self.bottom, self.left : self.right]


def changed_box(before: Image, after: Image) -> Box | None:
    """Return a box around all pixels that differ, tight to left and right and to a few lines above and below.

    Args:
        before: RGB uint8 (height, width, 3).
        after: of the same size.

    Returns:
        None where none differ.
    """
    height = before.shape[0]
    strips = range(0, height, _STRIP)
    first = next((top for top in strips if _differ(before, after, top)), None)
    if first is None:
        return None
    last = next(top for top in reversed(strips) if _differ(before, after, top))
    end = min(height, last + _STRIP)
    difference = cv2.bitwise_xor(before[first:end], after[first:end])
    columns = np.flatnonzero(np.bitwise_or.reduce(difference.reshape(end - first, -1), axis=0)) // 3
    return Box(int(columns[0]), first, int(columns[-1]) + 1, end)


def _differ(before: Image, after: Image, top: int) -> bool:
    return not np.array_equal(_words(before[top : top + _STRIP]), _words(after[top : top + _STRIP]))


def _words(strip: Image) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8 | np.uint64]]:
    """Return the same bytes eight at a time, where they allow it."""
    return strip.reshape(-1).view(np.uint64) if strip.flags.c_contiguous and strip.size % 8 == 0 else strip
