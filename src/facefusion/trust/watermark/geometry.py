"""How the marked picture lies in the one that is read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from math import cos, radians, sin

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.trust.watermark.canonical import HEIGHT, WIDTH
from facefusion.trust.watermark.lapped import Matrix

_GRID = 0.014
"""From one scale to the next that is tried: a corner moves by less than a quarter of the pilot's shortest wave."""
_TURNS = range(-100, 101, 8)
"""Tenths of a degree that are tried."""
_STRETCHES = (-0.03, -0.015, 0.0, 0.015, 0.03)


@dataclass(frozen=True)
class Geometry:
    """Where the marked picture lies, as a crop, bars, a stretch or a turn have put it.

    Attributes:
        side: whether the frame that is read was transposed first, as portraits are.
        mirror: whether it was then mirrored, from left to right and from top to bottom; both is half a turn.
        angle: degrees by which it was turned, clockwise.
        across, down: its width and height as parts of those of the picture that is read; above 1 where it was cropped.
        right, lower: where its centre lies, in widths and heights from the centre of the other.
        aspect: width over height of the picture that is read.
    """

    side: bool = False
    mirror: tuple[bool, bool] = (False, False)
    angle: float = 0.0
    across: float = 1.0
    down: float = 1.0
    right: float = 0.0
    lower: float = 0.0
    aspect: float = WIDTH / HEIGHT

    @property
    def whole(self) -> bool:
        """Whether the picture is all there and fills the frame."""
        return (self.angle, self.across, self.down, self.right, self.lower) == (0, 1, 1, 0, 0)

    def matrix(self, size: tuple[int, int]) -> npt.NDArray[np.float64]:
        """Return the (2, 3) matrix from places of the marked picture to those of the one read, both (width, height)."""
        (width, height), turn = size, radians(self.angle)
        cosine, sine = cos(turn), sin(turn)
        linear = (
            (cosine * self.across, -sine / self.aspect * self.down * width / height),
            (sine * self.aspect * self.across * height / width, cosine * self.down),
        )
        # Plain numbers: searches ask for thousands of them, each of which arrays would make ten times as slow.
        middle, below = (width - 1) / 2, (height - 1) / 2
        right = middle + self.right * width - (linear[0][0] * middle + linear[0][1] * below)
        lower = below + self.lower * height - (linear[1][0] * middle + linear[1][1] * below)
        return np.array(((*linear[0], right), (*linear[1], lower)))

    def undone(self, levels: Matrix) -> Matrix:
        """Return the marked picture out of the canonical luma, mirrored back, of the one that is read."""
        if self.whole:
            return levels
        flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
        size, border = (WIDTH, HEIGHT), cv2.BORDER_REPLICATE
        return np.asarray(cv2.warpAffine(levels, self.matrix(size), size, flags=flags, borderMode=border), np.float32)

    def seen(self) -> Matrix:
        """Return how much of the marked picture is in the one that is read: (288, 512), 0 to 1."""
        size, flags = (WIDTH, HEIGHT), cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return np.asarray(cv2.warpAffine(np.ones((HEIGHT, WIDTH), np.float32), self.matrix(size), size, flags=flags))


def mirrored(levels: Matrix, mirror: tuple[bool, bool]) -> Matrix:
    """Return a picture mirrored from left to right, from top to bottom, or both."""
    across, down = mirror
    return np.ascontiguousarray(levels[:: -1 if down else 1, :: -1 if across else 1])


def upright(like: Geometry) -> Iterator[Geometry]:
    """Yield crops, bars and stretches, each way by itself, of pictures that lie like this."""
    scales = np.exp(np.arange(np.log(0.7), np.log(1.5), _GRID)).tolist()
    for across, down in product(scales, scales):
        yield replace(like, across=across, down=down)


def turned(like: Geometry) -> Iterator[Geometry]:
    """Yield turns of up to ten degrees, with crops and small stretches."""
    scales = np.exp(np.arange(np.log(0.8), np.log(1.3), _GRID)).tolist()
    for tenths, scale, stretch in product(filter(None, _TURNS), scales, _STRETCHES):
        yield replace(like, angle=tenths / 10, across=scale * (1 + stretch), down=scale * (1 - stretch))
