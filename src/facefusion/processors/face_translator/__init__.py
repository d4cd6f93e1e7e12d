"""The face translator: faces, aligned and given to an image-to-image network of the user's own."""

from facefusion.processors.base import ProcessorSpec
from facefusion.processors.face_translator.processor import create

SPEC = ProcessorSpec(
    name="face_translator",
    summary="gives aligned faces to a network of your own, such as one that changes style, make-up or gender",
    needs_source=False,
    create=create,
    needs=frozenset({"landmarks5"}),
    model_option="face_translator_model",
)
