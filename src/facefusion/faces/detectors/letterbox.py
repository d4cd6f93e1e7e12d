"""Pictures of any size on a canvas of a network's size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from facefusion.faces.shrink import shrunk

MULTIPLE = 32
"""Sides of a canvas that may be chosen are multiples of this, the coarsest stride of all detectors."""


@dataclass(frozen=True, slots=True, eq=False)
class Letterbox:
    """A picture that was shrunk onto a canvas.

    Attributes:
        canvas: RGB uint8 (H, W, 3), black where there is no picture.
        scale: pixels of the canvas for one of the picture, across and down, float32 (2,).
        offset: where the picture's corner lies in the canvas, in pixels, float32 (2,).
    """

    canvas: npt.NDArray[np.uint8]
    scale: npt.NDArray[np.float32]
    offset: npt.NDArray[np.float32]

    @classmethod
    def of(cls, image: npt.NDArray[np.uint8], side: int, *, padding: float = 0.0, square: bool = True) -> Letterbox:
        """Shrink a picture, never enlarge it, into the top left of a canvas.

        Args:
            image: RGB uint8 (H, W, 3).
            side: of the canvas, in pixels.
            padding: black margin on each side of the picture, as a share of its longer side. Detectors that are trained
                on whole scenes miss faces that fill the picture.
            square: whether the canvas is; else its shorter side is as short as the picture allows.
        """
        height, width = image.shape[:2]
        margin = padding * max(height, width)
        ratio = min(1.0, side / (max(height, width) + 2 * margin))
        size = (max(1, round(width * ratio)), max(1, round(height * ratio)))
        shift = round(margin * ratio)
        needed = [side, side] if square else [_rounded(extent + 2 * shift, side) for extent in (size[1], size[0])]
        shift = min(shift, needed[0] - size[1], needed[1] - size[0])
        canvas = np.zeros((*needed, 3), np.uint8)
        canvas[shift : shift + size[1], shift : shift + size[0]] = shrunk(image, size) if ratio < 1 else image
        scale = np.array([size[0] / width, size[1] / height], np.float32)
        return cls(canvas, scale, np.full(2, shift, np.float32))

    def back(self, points: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return where points of the canvas (..., 2) lie in the picture."""
        return np.asarray((points - self.offset) / self.scale, np.float32)


def _rounded(extent: int, most: int) -> int:
    return min(most, -(-extent // MULTIPLE) * MULTIPLE)
