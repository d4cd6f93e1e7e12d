"""The processor around the face translators."""

from __future__ import annotations

from facefusion.errors import OptionsError
from facefusion.processors.base import ProcessorContext
from facefusion.processors.box_masker import BoxMasker
from facefusion.processors.crop_editing import CropProcessor
from facefusion.processors.face_translator.family import TASK


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
    masker = BoxMasker(context.options.face_swapper.face_mask_blur)
    return CropProcessor(editor, masker, options.face_translator_blend / 100)
