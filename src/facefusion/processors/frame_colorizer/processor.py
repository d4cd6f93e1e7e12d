"""The processor around the frame colorizers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Self

import cv2
import numpy as np

from facefusion.inference.catalogue import Catalogue
from facefusion.media.frame import Image
from facefusion.options import Options
from facefusion.processors.base import FaceFrame, FrameFormat, ProcessorContext
from facefusion.processors.frame_colorizer.families import TASK, Colorizer, Floats
from facefusion.state import State

_LINES = 256
"""Of a frame that are worked on at a time, as float32."""
_TOLERANCE = 0.4
"""Of lightness, 0 to 100, that rounding to 8 bits changes."""
_ATTEMPTS = 6


class FrameColorizer:
    """Colours whole frames; those of a batch go through the network at once.

    Args:
        colorizer: the network.
        size: side of the square in which it sees a frame.
        blend: share of the new colours, 0 to 1.
    """

    is_concurrent = True

    def __init__(self, colorizer: Colorizer, size: int, blend: float) -> None:
        self._colorizer = colorizer
        self._size = colorizer.size or size
        self._blend = blend

    @classmethod
    def create(cls, context: ProcessorContext) -> Self:
        """Make the processor for a job.

        Raises:
            ModelError: the model cannot be used.
        """
        options = context.options.frame_colorizer
        colorizer: Colorizer = context.sessions.load(options.frame_colorizer_model, TASK)
        return cls(colorizer, options.frame_colorizer_size, options.frame_colorizer_blend / 100)

    def process(self, batch: Sequence[FaceFrame]) -> list[FaceFrame]:
        """Return the batch in colour; how light each pixel is stays as it was."""
        if not batch:
            return []
        chroma = self._colorizer.chroma(np.stack([self._grey(item.frame.image) for item in batch]))
        return [
            item.with_frame(item.frame.coloured(coloured(item.frame.image, each, self._blend)))
            for item, each in zip(batch, chroma, strict=True)
        ]

    def state(self) -> State:
        """Return an empty state: each frame is worked on by itself."""
        return {}

    def restore(self, state: State) -> None:
        """Do nothing: nothing is remembered."""

    def _grey(self, image: Image) -> Image:
        """Return a frame as the network sees it, grey uint8 (size, size)."""
        side = (self._size, self._size)
        return np.asarray(cv2.resize(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), side, interpolation=cv2.INTER_AREA))


def coloured(image: Image, chroma: Floats, blend: float = 1.0) -> Image:
    """Return a picture with other colours, each pixel as light as it was.

    Args:
        image: RGB uint8 (H, W, 3).
        chroma: a and b of CIE Lab, float32 (S, S, 2), for the whole picture.
        blend: share of the new colours, 0 to 1.
    """
    whole = np.asarray(cv2.resize(chroma, image.shape[1::-1], interpolation=cv2.INTER_LINEAR), np.float32)
    result = np.empty_like(image)
    for top in range(0, len(image), _LINES):
        rows = slice(top, top + _LINES)
        before = image[rows] * np.float32(1 / 255)
        lab = np.asarray(cv2.cvtColor(before, cv2.COLOR_RGB2Lab), np.float32)
        after = _shown(lab, lab[:, :, 1:] + np.float32(blend) * (whole[rows] - lab[:, :, 1:]))
        result[rows] = np.clip(np.rint(after * 255), 0, 255)
    return result


def _shown(lab: Floats, chroma: Floats) -> Floats:
    """Return colours as RGB, 0 to 1; those that no screen shows so light or dark are made paler until it does."""
    wanted = np.dstack([lab[:, :, :1], chroma])
    rgb = np.asarray(cv2.cvtColor(wanted, cv2.COLOR_Lab2RGB), np.float32).clip(0, 1)
    for _ in range(_ATTEMPTS):
        there = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2Lab), np.float32)
        off = np.abs(there[:, :, 0] - lab[:, :, 0]) > _TOLERANCE
        if not off.any():
            break
        wanted[off, 1:] *= np.float32(0.7)
        rgb[off] = cv2.cvtColor(wanted[off][None], cv2.COLOR_Lab2RGB)[0].clip(0, 1)
    return rgb


def coloured_format(before: FrameFormat, options: Options, catalogue: Catalogue) -> FrameFormat:
    """Return what frames will be like; see `ProcessorSpec`."""
    return replace(before, has_colour=True)
