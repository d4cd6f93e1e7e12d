"""The processor around the face translators."""

from __future__ import annotations

from facefusion.errors import OptionsError
from facefusion.faces.masks.masker import FaceMasker
from facefusion.options.masks import MaskType
from facefusion.processors.base import ProcessorContext
from facefusion.processors.crop_editing import CropProcessor
from facefusion.processors.face_translator.family import TASK

_HEEDED: tuple[MaskType, ...] = ("occlusion",)


def create(context: ProcessorContext) -> CropProcessor:
    """Make the processor for a job.

    Raises:
        OptionsError: no model is named.
        ModelError: the model cannot be used.
    """
    options = context.options.face_translator
    if options.face_translator_model is None:
        raise OptionsError(
            "The face translator has no model of its own",
            "Name yours with --face-translator-model; docs/processors/face_translator.md tells how to enter one",
        )
    editor = context.sessions.load(options.face_translator_model, TASK)
    whole = context.options.face_masks.model_copy(update={"face_mask_padding": (0, 0, 0, 0)})
    masker = FaceMasker.create(whole, context.sessions, always=("box",), only=_HEEDED)
    return CropProcessor(editor, masker, options.face_translator_blend / 100)
