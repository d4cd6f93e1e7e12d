"""Going over from one segment to the next: the last frames of one become those that lead in to the other.

What a segment's stages remember was learnt from other frames than what the next one's do, so both make a little
different edits of one frame. The last frames of a segment are therefore edited twice, once as the next segment edits
them in its lead, and go over from one to the other.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.media.frame import Frame

FADE_FRAMES: Final = 12
"""Frames in which one segment goes over into the next, at the most."""
_Pixels = npt.NDArray[np.uint8]


@dataclass(slots=True)
class Fade:
    """The last frames of a segment as the next one edits them.

    Attributes:
        end: index of the frame with which the next segment begins.
        frames: in which one goes over into the other: as many as both edit, where these are few.
    """

    end: int
    frames: int = FADE_FRAMES
    _kept: dict[int, Frame] = field(default_factory=dict)

    def keep(self, frames: Iterable[Frame]) -> None:
        """Keep those of some frames of the next segment's lead that are needed."""
        wanted = (frame for frame in frames if self.end - self.frames <= frame.index < self.end)
        self._kept |= {frame.index: replace(frame, original=None) for frame in wanted}

    def over(self, frame: Frame) -> Frame:
        """Return an edited frame of the segment as it is written; the very last is as the next segment edits it."""
        other = self._kept.pop(frame.index, None)
        if other is None or other.image.shape != frame.image.shape:
            return frame
        share = (frame.index - self.end + self.frames + 1) / self.frames
        image = _between(frame.image, other.image, share)
        opacity = other.opacity if share == 1 else frame.opacity
        if frame.opacity is not None and other.opacity is not None:
            opacity = _between(frame.opacity, other.opacity, share)
        if image is frame.image and opacity is frame.opacity:
            return frame
        return replace(frame.with_image(image), opacity=opacity)


def _between(one: _Pixels, other: _Pixels, share: float) -> _Pixels:
    """Return a mixture in which pixels that are the same in both stay so; the first object where all are."""
    same = one == other
    if same.all():
        return one
    mixed = np.asarray(cv2.addWeighted(one, 1 - share, other, share, 0), np.uint8)
    mixed[same] = one[same]
    return mixed
