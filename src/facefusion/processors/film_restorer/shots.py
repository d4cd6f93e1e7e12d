"""Where shots of a film begin, told in spite of flicker."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from facefusion.faces.scene import CutDetector, Thumbnail, thumbnail
from facefusion.media.frame import Image
from facefusion.state import State

_MOST_GAIN: Final = 1.6
"""How much brighter or darker flicker makes a frame at most; more is another picture."""


class Shots:
    """Tells whether a shot begins; feed it every frame in order.

    Frames are compared with the brightness that the frame before had, so that a film's flicker is no cut.
    """

    def __init__(self) -> None:
        self._size: tuple[int, int] | None = None
        self._detector = CutDetector()

    def begins(self, image: Image) -> bool:
        """Return whether a shot begins with a frame, RGB uint8 (H, W, 3): the first does, and one of another size."""
        size, small = (image.shape[0], image.shape[1]), thumbnail(image)
        before = self._detector.thumbnail
        is_cut = self._detector.update(small if before is None else _as_bright(small, before))
        self._detector.thumbnail = small
        is_first, self._size = size != self._size, size
        return is_first or is_cut

    def state(self) -> State:
        """Return what is remembered of the last frame; see `facefusion.state`."""
        return {"size": None if self._size is None else list(self._size), "cuts": self._detector.state()}

    def restore(self, state: State) -> None:
        """Go on from a state."""
        self._size = None if state["size"] is None else (state["size"][0], state["size"][1])
        self._detector.restore(state["cuts"])


def _as_bright(small: Thumbnail, before: Thumbnail) -> Thumbnail:
    """Return a thumbnail with the light of another, told by most of its pixels."""
    gain = float(np.median((before.mean(2) + 1) / (small.mean(2) + 1)))
    gain = min(max(gain, 1 / _MOST_GAIN), _MOST_GAIN)
    return np.asarray(cv2.convertScaleAbs(small, alpha=gain), np.uint8)
