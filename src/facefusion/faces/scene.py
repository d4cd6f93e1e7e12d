"""Scenes: where one shot ends and the next begins."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.state import State

Thumbnail = npt.NDArray[np.uint8]
_THUMBNAIL = (48, 27)
_SAMPLES = 4
"""Pixels of the picture, across and down, that each of the thumbnail is the mean of."""
_DIFFERENCE = 28.0
"""Mean change of a pixel, 0 to 255, that only a cut makes."""
_SOME_DIFFERENCE, _CHANGED, _EVERYWHERE = 14.0, 12.0, 0.75
"""Mean change, and change of a pixel that counts as one, and share of pixels so changed, that are a cut together."""


class CutDetector:
    """Tells scene cuts; feed it every frame in order.

    Attributes:
        thumbnail: the last frame, much smaller, RGB uint8 (27, 48, 3); None before the first.
    """

    def __init__(self) -> None:
        self.thumbnail: Thumbnail | None = None

    def update(self, image: npt.NDArray[np.uint8]) -> bool:
        """Return whether this frame begins a scene: the first does, and each that has little in common with the last.

        Args:
            image: RGB uint8 (H, W, 3).
        """
        sparse = cv2.resize(
            image, (_THUMBNAIL[0] * _SAMPLES, _THUMBNAIL[1] * _SAMPLES), interpolation=cv2.INTER_NEAREST
        )
        small = np.asarray(cv2.resize(sparse, _THUMBNAIL, interpolation=cv2.INTER_AREA), np.uint8)
        before, self.thumbnail = self.thumbnail, small
        if before is None:
            return True
        mean = cv2.norm(small, before, cv2.NORM_L1) / small.size
        if mean <= _SOME_DIFFERENCE:
            return False
        return mean > _DIFFERENCE or float((changes(before, small) > _CHANGED).mean()) > _EVERYWHERE

    def state(self) -> State:
        """Return what is remembered of the last frame; see `facefusion.state`."""
        return {"thumbnail": None if self.thumbnail is None else self.thumbnail.copy()}

    def restore(self, state: State) -> None:
        """Go on from a state with the frame that follows."""
        self.thumbnail = None if state["thumbnail"] is None else state["thumbnail"].copy()


def changes(before: Thumbnail, now: Thumbnail) -> npt.NDArray[np.float32]:
    """Return by how much each pixel of two thumbnails differs, in the mean of its channels, 0 to 255, float32 (27, 48)."""
    return np.asarray(cv2.absdiff(before, now).mean(2, dtype=np.float32), np.float32)
