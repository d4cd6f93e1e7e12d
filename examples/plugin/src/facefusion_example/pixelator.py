"""A processor: faces behind coarse squares."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import cv2
import numpy as np
import numpy.typing as npt
from pydantic import Field

from facefusion.faces.types import Face
from facefusion.options.base import OptionGroup
from facefusion.processors.base import FaceFrame, ProcessorContext, ProcessorSpec
from facefusion.state import State

NAME = "face_pixelator"


class PixelatorOptions(OptionGroup):
    """How faces are hidden."""

    squares: int = Field(default=8, ge=2, le=32, description="squares across a face; few hide more")
    margin: float = Field(default=0.2, ge=0, le=1, description="what is hidden around a face, as a share of its sides")


class FacePixelator:
    """Puts every face that it is given behind squares.

    Args:
        options: how.
    """

    def __init__(self, options: PixelatorOptions) -> None:
        self._options = options

    @classmethod
    def create(cls, context: ProcessorContext) -> Self:
        """Make the processor for a job; models would be loaded here, with `context.sessions.load(name, task)`."""
        return cls(context.own_options(NAME, PixelatorOptions))

    def process(self, batch: Sequence[FaceFrame]) -> list[FaceFrame]:
        """Return the batch with its faces hidden; the frames that came in stay as they are."""
        return [self._hidden(item) if item.faces else item for item in batch]

    def state(self) -> State:
        """Return an empty state: nothing is remembered from frame to frame."""
        return {}

    def restore(self, state: State) -> None:
        """Do nothing: nothing is remembered."""

    def _hidden(self, item: FaceFrame) -> FaceFrame:
        image = item.frame.image.copy()
        for face in item.faces:
            # Whatever is to be seen of other edits while a face fades in or out, this one is always whole.
            pixelate(image, face, self._options)
        return item.with_frame(item.frame.with_image(image))


def pixelate(image: npt.NDArray[np.uint8], face: Face, options: PixelatorOptions) -> None:
    """Hide a face behind squares, in place.

    Args:
        image: RGB uint8 (H, W, 3).
        face: in its pixels.
        options: how.
    """
    low, high = face.box[:2], face.box[2:]
    around = options.margin * (high - low)
    left, top = np.maximum(np.floor(low - around).astype(int), 0)
    right, bottom = np.minimum(np.ceil(high + around).astype(int), image.shape[1::-1])
    if left >= right or top >= bottom:
        return
    part = image[top:bottom, left:right]
    side = max(2.0, face.width / options.squares)
    grid = (max(1, round((right - left) / side)), max(1, round((bottom - top) / side)))
    means = cv2.resize(part, grid, interpolation=cv2.INTER_AREA)
    part[:] = cv2.resize(means, part.shape[1::-1], interpolation=cv2.INTER_NEAREST)


SPEC = ProcessorSpec(
    name=NAME,
    summary="puts faces behind coarse squares; an example, no guarantee that nobody is recognised",
    needs_source=False,
    create=FacePixelator.create,
    options=PixelatorOptions,
)
