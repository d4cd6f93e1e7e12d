"""The processor around the frame enhancers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, Self

from facefusion.errors import ModelUnknownError
from facefusion.inference.catalogue import Catalogue
from facefusion.inference.families import Families
from facefusion.options import Options
from facefusion.processors.automatic import AUTO, chosen
from facefusion.processors.base import FaceFrame, FrameFormat, ProcessorContext
from facefusion.processors.frame_enhancer.families import TASK
from facefusion.processors.frame_enhancer.filter_bank import SCALE, EdgeEnlarger, FilterBank
from facefusion.processors.frame_enhancer.tiles import Enlarger, enlarged
from facefusion.state import State

OWN: Final = "edge_filters_x2"
"""The model that needs no weights."""
AUTOMATIC: Final = ("real_esrgan_x2", OWN)
"""What `auto` stands for; all enlarge alike, so that the size of the output does not depend on what is here."""


class FrameEnhancer:
    """Enhances whole frames; tiles of several frames go through the network at once.

    Args:
        enlarger: the network, or what does its work.
        blend: its share in the result, 0 to 1.
    """

    is_concurrent = True

    def __init__(self, enlarger: Enlarger, blend: float) -> None:
        self._enlarger = enlarger
        self._blend = blend

    @classmethod
    def create(cls, context: ProcessorContext) -> Self:
        """Make the processor for a job.

        Raises:
            ModelError: the model cannot be used.
        """
        options = context.options.frame_enhancer
        model = chosen(options.frame_enhancer_model, AUTOMATIC, context.sessions)
        own = EdgeEnlarger(FilterBank.shipped()) if model == OWN else None
        enlarger: Enlarger = own or context.sessions.load(model, TASK)
        return cls(enlarger, options.frame_enhancer_blend / 100)

    def process(self, batch: Sequence[FaceFrame]) -> list[FaceFrame]:
        """Return the batch, larger as far as the network enlarges."""
        if not batch:
            return []
        images = enlarged([item.frame.image for item in batch], self._enlarger, self._blend)
        if self._enlarger.scale == 1:
            return [item.with_frame(item.frame.with_image(image)) for item, image in zip(batch, images, strict=True)]
        return [item.enlarged(item.frame.enlarged(image)) for item, image in zip(batch, images, strict=True)]

    def state(self) -> State:
        """Return an empty state: each frame is worked on by itself."""
        return {}

    def restore(self, state: State) -> None:
        """Do nothing: nothing is remembered."""


def enlarged_format(before: FrameFormat, options: Options, catalogue: Catalogue) -> FrameFormat:
    """Return what frames will be like; see `ProcessorSpec`.

    Raises:
        ModelUnknownError: there is no such frame enhancer.
    """
    scale = _scale_of(options.frame_enhancer.frame_enhancer_model, catalogue)
    return replace(before, width=before.width * scale, height=before.height * scale)


def _scale_of(model: str, catalogue: Catalogue) -> int:
    if model in (AUTO, OWN):
        return SCALE
    card = catalogue[model]
    if card.task != TASK:
        others = ", ".join([OWN, *(other.name for other in catalogue.of_task(TASK))])
        raise ModelUnknownError(f"Model {card.name!r} is a {card.task}, not a {TASK}", f"There is: {others}")
    scale: int = Families()[card.family].read_settings(card).scale
    return scale
