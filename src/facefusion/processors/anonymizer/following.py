"""Following: where a face is in a frame in which nobody found it, by what it looked like in the one beside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.faces.types import Vector
from facefusion.media.frame import Image
from facefusion.state import State

_SIDE: Final = 28
"""Side of the patch in pixels."""
_AROUND: Final = 1.25
"""Side of the patch, in sides of the face's box."""
_REACH: Final = 0.6
"""How far a face may move from frame to frame, in sides of the patch."""
_FLAT: Final = 1.0
"""Contrast, 0 to 255, below which there is nothing to be known again."""
_ALIKE: Final = 0.45
"""Correlation from which what is found is the same."""


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    """What a face looks like, small and grey.

    Attributes:
        box: where it was, left, top, right, bottom, float32 (4,).
        pixels: float32 (side, side).
    """

    box: Vector
    pixels: npt.NDArray[np.float32]

    @classmethod
    def of(cls, image: Image, box: Vector) -> Self:
        """Look at a face.

        Args:
            image: RGB uint8 (H, W, 3).
            box: of the face.
        """
        return cls(np.asarray(box, np.float32), _seen(image, box, 0))

    def found(self, image: Image) -> Vector | None:
        """Return the box of the face in a frame beside that of the patch; None where nothing looks like it.

        Args:
            image: RGB uint8 (H, W, 3).
        """
        if float(self.pixels.std()) < _FLAT:
            return None
        margin = round(_SIDE * _REACH)
        alike = cv2.matchTemplate(_seen(image, self.box, margin), self.pixels, cv2.TM_CCOEFF_NORMED)
        _, most, _, place = cv2.minMaxLoc(alike)
        if most < _ALIKE:
            return None
        step = _side(self.box) / _SIDE
        by = (np.array(place, np.float32) - margin) * np.float32(step)
        return np.asarray(self.box + np.tile(by, 2), np.float32)

    def state(self) -> State:
        """Return it as a state; see `facefusion.state`."""
        return {"box": self.box.copy(), "pixels": self.pixels.copy()}

    @classmethod
    def of_state(cls, state: State) -> Self:
        """Return the patch of a state."""
        return cls(state["box"].copy(), state["pixels"].copy())


def _side(box: Vector) -> float:
    return max(float(max(box[2] - box[0], box[3] - box[1])) * _AROUND, 4.0)


def _seen(image: Image, box: Vector, margin: int) -> npt.NDArray[np.float32]:
    """Return what lies around a box with so many pixels of the patch more on each side, grey, float32."""
    step, count = _side(box) / _SIDE, _SIDE + 2 * margin
    middle = (np.asarray(box[:2], np.float64) + box[2:]) / 2
    start = middle - step * (count - 1) / 2
    low = np.maximum(np.floor(start - step), 0).astype(int)
    high = np.minimum(np.ceil(start + step * count).astype(int) + 1, image.shape[1::-1])
    if (high <= low).any():
        return np.zeros((count, count), np.float32)
    grey = cv2.cvtColor(np.ascontiguousarray(image[low[1] : high[1], low[0] : high[0]]), cv2.COLOR_RGB2GRAY)
    if step > 1:
        grey = np.asarray(cv2.GaussianBlur(grey, (0, 0), step / 2), np.uint8)
    affine = np.array([[step, 0, start[0] - low[0]], [0, step, start[1] - low[1]]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    laid = cv2.warpAffine(grey, affine, (count, count), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(laid, np.float32)
