"""The processor that gives frames another look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Self

import cv2
import numpy as np

from facefusion.inference.catalogue import Catalogue
from facefusion.media.frame import Image
from facefusion.options import Options, StylizerOptions
from facefusion.processors.base import FaceFrame, FrameFormat, ProcessorContext
from facefusion.processors.stylizer.painters import Painter, painter_for
from facefusion.processors.stylizer.scope import faces_share
from facefusion.state import State


class Stylizer:
    """Gives whole frames, faces or all but faces another look.

    Args:
        options: strength and scope.
        painter: makes the look.
    """

    def __init__(self, options: StylizerOptions, painter: Painter) -> None:
        self._strength = options.stylizer_strength / 100
        self._scope = options.stylizer_scope
        self._colours = options.stylizer_look == "lut"
        self._painter = painter
        self.is_concurrent = not painter.remembers

    @classmethod
    def create(cls, context: ProcessorContext) -> Self:
        """Make the processor for a job.

        Raises:
            OptionsError: there is no table of colours where one is needed, or one where none is.
            InputError: the table of colours cannot be read.
        """
        options = context.options.stylizer
        return cls(options, painter_for(options))

    def process(self, batch: Sequence[FaceFrame]) -> list[FaceFrame]:
        """Return the batch in its look; a frame that shows none of it is given back as it came."""
        return [self._styled(item) for item in batch]

    def state(self) -> State:
        """Return what is remembered of the last frame; an empty state where nothing is."""
        return self._painter.state()

    def restore(self, state: State) -> None:
        """Go on from a state."""
        self._painter.restore(state)

    def _styled(self, item: FaceFrame) -> FaceFrame:
        image = item.frame.image
        seen = self._painter.see(image)
        if not self._strength or (self._scope == "faces" and not item.faces):
            return item
        mixed = self._mixed(image, self._painter.paint(seen, image), item)
        return item.with_frame(item.frame.coloured(mixed) if self._colours else item.frame.with_image(mixed))

    def _mixed(self, image: Image, painted: Image, item: FaceFrame) -> Image:
        """Return a frame with its look where the scope has it, as far as its strength says."""
        if self._scope == "frame":
            if self._strength == 1:
                return painted
            return np.asarray(cv2.addWeighted(painted, self._strength, image, 1 - self._strength, 0), np.uint8)
        faces = faces_share(item.faces, (image.shape[0], image.shape[1]))
        share = (faces if self._scope == "faces" else 1 - faces) * np.float32(self._strength)
        return np.asarray(cv2.blendLinear(painted, image, share, 1 - share), np.uint8)


def wants_faces(options: Options) -> bool:
    """Whether faces are looked for with these options; see `ProcessorSpec`."""
    return options.stylizer.stylizer_scope != "frame"


def coloured_format(before: FrameFormat, options: Options, catalogue: Catalogue) -> FrameFormat:
    """Return what frames will be like; see `ProcessorSpec`: a table may give grey frames colours."""
    return replace(before, has_colour=before.has_colour or options.stylizer.stylizer_look == "lut")


def remembered(options: Options) -> int:
    """Return how many frames are remembered; see `ProcessorSpec.remembers`: drawings are steadied by the last one."""
    return 0 if options.stylizer.stylizer_look == "lut" else 1
