"""The processor around the restoration networks, and what takes their place where there are none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from facefusion.faces.crops import Pixels
from facefusion.faces.masks.masker import FaceMasker
from facefusion.options.masks import MaskType
from facefusion.processors.automatic import chosen
from facefusion.processors.base import Processor, ProcessorContext
from facefusion.processors.crop_editing import CropJob, CropProcessor
from facefusion.processors.face_enhancer.clearing import FaceClearer
from facefusion.processors.face_enhancer.restorer import TASK, FaceRestorer

OWN: Final = "clarity"
"""The model that needs no weights."""
AUTOMATIC: Final = ("gfpgan_1.4", OWN)
"""What `auto` stands for."""
_HEEDED: tuple[MaskType, ...] = ("occlusion",)


class EnhanceEditor:
    """Restores crops.

    Args:
        restorer: the network.
        weight: see `FaceRestorer.restore`.
    """

    def __init__(self, restorer: FaceRestorer, weight: float) -> None:
        self._restorer = restorer
        self._weight = weight
        self.template = restorer.template
        self.size = restorer.size

    def edit(self, jobs: Sequence[CropJob]) -> Sequence[Pixels]:
        """Return each crop restored, RGB uint8 (S, S, 3)."""
        return self._restorer.restore([job.crop.image for job in jobs], self._weight)


def create(context: ProcessorContext) -> Processor:
    """Make the processor for a job.

    Networks restore the whole crop, hair and all; without one the face is made clearer within its outline. Of the masks
    that the options ask for, occlusion counts.

    Raises:
        ModelError: the model cannot be used; the error says what to do.
    """
    options, masks = context.options.face_enhancer, context.options.face_masks
    model, blend = chosen(options.face_enhancer_model, AUTOMATIC, context.sessions), options.face_enhancer_blend / 100
    if model == OWN:
        return FaceClearer(FaceMasker.create(masks, context.sessions, always=("mesh",), only=_HEEDED), blend)
    restorer: FaceRestorer = context.sessions.load(model, TASK)
    whole = masks.model_copy(update={"face_mask_padding": (0, 0, 0, 0)})
    masker = FaceMasker.create(whole, context.sessions, always=("box",), only=_HEEDED)
    editor = EnhanceEditor(restorer, options.face_enhancer_weight)
    return CropProcessor(editor, masker, blend)
