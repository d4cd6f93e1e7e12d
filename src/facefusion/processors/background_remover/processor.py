"""The processor around the background removers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Self

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.inference.catalogue import Catalogue
from facefusion.media.frame import Frame, Image
from facefusion.options import Options
from facefusion.processors.background_remover.family import TASK, Cutout, Remover
from facefusion.processors.base import FaceFrame, FrameFormat, ProcessorContext
from facefusion.state import State

_LINES = 256
"""Of a frame that are worked on at a time, as float32."""
_OPAQUE = 255


class BackgroundRemover:
    """Takes the background away; the frames of a batch go through the network at once.

    Args:
        remover: the network.
        colour: red, green, blue and opacity of what takes the background's place, 0 to 255 each.
    """

    is_concurrent = True

    def __init__(self, remover: Remover, colour: Sequence[int]) -> None:
        self._remover = remover
        self._colour = np.array(colour[:3], np.float32)
        self._opacity = colour[3]

    @classmethod
    def create(cls, context: ProcessorContext) -> Self:
        """Make the processor for a job.

        Raises:
            ModelError: the model cannot be used.
        """
        options = context.options.background_remover
        remover: Remover = context.sessions.load(options.background_remover_model, TASK)
        return cls(remover, options.background_remover_fill_color)

    def process(self, batch: Sequence[FaceFrame]) -> list[FaceFrame]:
        """Return the batch without its background."""
        if not batch:
            return []
        side = (self._remover.size, self._remover.size)
        seen = [_small(item.frame.image, side) for item in batch]
        cutouts = self._remover.cut_out(seen)
        return [
            item.with_frame(self._filled(item.frame, _cleaned(item.frame.image, small, cutout), cutout))
            for item, small, cutout in zip(batch, seen, cutouts, strict=True)
        ]

    def state(self) -> State:
        """Return an empty state: each frame is worked on by itself."""
        return {}

    def restore(self, state: State) -> None:
        """Do nothing: nothing is remembered."""

    def _filled(self, frame: Frame, image: Image, cutout: Cutout) -> Frame:
        """Return a frame with the colour behind its foreground (Porter and Duff, 1984: "over", not premultiplied)."""
        size = image.shape[1::-1]
        mask = np.asarray(cv2.resize(cutout.mask, size, interpolation=cv2.INTER_LINEAR), np.float32)
        result, opacity = np.empty_like(image), np.empty(image.shape[:2], np.uint8)
        for top in range(0, len(image), _LINES):
            rows = slice(top, top + _LINES)
            behind = (1 - mask[rows]) * np.float32(self._opacity / _OPAQUE)
            whole = mask[rows] + behind
            opacity[rows] = np.rint(whole * _OPAQUE)
            share = np.divide(behind, whole, out=np.zeros_like(whole), where=whole > 0)[:, :, None]
            result[rows] = np.rint(image[rows] + share * (self._colour - image[rows]))
        edited = frame.coloured(result)
        return edited if self._opacity == _OPAQUE else edited.with_opacity(opacity)


def _small(image: Image, side: tuple[int, int]) -> Image:
    return np.asarray(cv2.resize(image, side, interpolation=cv2.INTER_AREA), np.uint8)


def _cleaned(image: Image, small: Image, cutout: Cutout) -> Image:
    """Return the frame in the colours of the network's foreground, in so far as it gives any, with its own detail."""
    if cutout.foreground is None:
        return image
    change: npt.NDArray[np.float32] = cutout.foreground - small
    result = np.empty_like(image)
    change = np.asarray(cv2.resize(change, image.shape[1::-1], interpolation=cv2.INTER_LINEAR), np.float32)
    for top in range(0, len(image), _LINES):
        rows = slice(top, top + _LINES)
        result[rows] = np.clip(np.rint(image[rows] + change[rows]), 0, 255)
    return result


def cut_out_format(before: FrameFormat, options: Options, catalogue: Catalogue) -> FrameFormat:
    """Return what frames will be like; see `ProcessorSpec`."""
    *colour, opacity = options.background_remover.background_remover_fill_color
    is_coloured = len(set(colour)) > 1 and opacity > 0
    return replace(before, has_alpha=before.has_alpha or opacity < _OPAQUE, has_colour=before.has_colour or is_coloured)
