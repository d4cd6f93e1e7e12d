"""Pictures of any shape as the networks look at them: on a square, and long ones in pieces."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.faces.shrink import shrunk
from facefusion.trust.content.finding import Box

Picture = npt.NDArray[np.uint8]
_LONGEST: Final = 2.5
"""Sides of a picture, one by the other, from which it is looked at in pieces: the widest films are seen as a whole."""
_MOST_PIECES: Final = 32


@dataclass(frozen=True, slots=True, eq=False)
class Framed:
    """A picture on a black square.

    Attributes:
        canvas: RGB uint8 (side, side, 3).
        scale: pixels of the square for one of the picture.
        offset: where the picture's corner lies in the square, across and down, in pixels.
        is_mirrored: whether left and right are swapped.
        width: of the picture in pixels.
    """

    canvas: Picture
    scale: float
    offset: tuple[int, int]
    is_mirrored: bool
    width: int

    @classmethod
    def of(
        cls, image: Picture, side: int, *, margin: float = 0.0, centred: bool = False, mirrored: bool = False
    ) -> Framed:
        """Scale a picture to fit.

        Args:
            image: RGB uint8 (H, W, 3).
            side: of the square in pixels.
            margin: black on each side, as a share of the picture's longer side; the picture is in the middle then.
            centred: whether it is in the middle without a margin too; else at the top left.
            mirrored: whether left and right are swapped.
        """
        height, width = image.shape[:2]
        scale = side / (max(height, width) * (1 + 2 * margin))
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        x, y = ((side - size[0]) // 2, (side - size[1]) // 2) if margin or centred else (0, 0)
        canvas = np.zeros((side, side, 3), np.uint8)
        scaled = _scaled(image, size)
        canvas[y : y + size[1], x : x + size[0]] = scaled[:, ::-1] if mirrored else scaled
        return cls(canvas, scale, (x, y), mirrored, width)

    def back(self, box: npt.NDArray[np.float32]) -> Box:
        """Return where a box of the square, left, top, right and bottom, lies in the picture."""
        left, right = (float(box[i] - self.offset[0]) / self.scale for i in (0, 2))
        top, bottom = (float(box[i] - self.offset[1]) / self.scale for i in (1, 3))
        return (self.width - right, top, self.width - left, bottom) if self.is_mirrored else (left, top, right, bottom)


def pieces(image: Picture) -> list[tuple[int, int, Picture]]:
    """Return where the pieces of a picture begin, across and down, and the pieces; of most pictures the whole.

    A picture that is much longer than wide would be shrunk until nothing is seen of it; its pieces are squares, unless
    these were too many, and overlap by half.

    Args:
        image: RGB uint8 (H, W, 3).
    """
    height, width = image.shape[:2]
    short, long = min(height, width), max(height, width)
    if long <= _LONGEST * short:
        return [(0, 0, image)]
    side = max(short, math.ceil(2 * long / _MOST_PIECES))
    starts = np.linspace(0, long - side, 1 + math.ceil((long - side) / (side / 2))).round().astype(int).tolist()
    if width > height:
        return [(start, 0, image[:, start : start + side]) for start in starts]
    return [(0, start, image[start : start + side]) for start in starts]


def _scaled(image: Picture, size: tuple[int, int]) -> Picture:
    if size[0] < image.shape[1] and size[1] < image.shape[0]:
        return shrunk(image, size)
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_LINEAR), np.uint8)
