"""The processor around the restoration networks."""

from __future__ import annotations

from collections.abc import Sequence

from facefusion.faces.crops import Pixels
from facefusion.faces.masks.masker import FaceMasker
from facefusion.options.masks import MaskType
from facefusion.processors.base import ProcessorContext
from facefusion.processors.crop_editing import CropJob, CropProcessor
from facefusion.processors.face_enhancer.restorer import TASK, FaceRestorer

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


def create(context: ProcessorContext) -> CropProcessor:
    """Make the processor for a job.

    The whole crop is restored, hair and all; of the masks that the options ask for, occlusion counts.

    Raises:
        ModelError: the model cannot be used; the error says what to do.
    """
    options, masks = context.options.face_enhancer, context.options.face_masks
    restorer: FaceRestorer = context.sessions.load(options.face_enhancer_model, TASK)
    whole = masks.model_copy(update={"face_mask_padding": (0, 0, 0, 0)})
    masker = FaceMasker.create(whole, context.sessions, always=("box",), only=_HEEDED)
    editor = EnhanceEditor(restorer, options.face_enhancer_weight)
    return CropProcessor(editor, masker, options.face_enhancer_blend / 100)
