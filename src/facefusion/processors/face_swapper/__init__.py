"""The face swapper: the source's face in place of the target's."""

from facefusion.processors.base import ProcessorSpec
from facefusion.processors.face_swapper.processor import MODELS, FaceSwapper

SPEC = ProcessorSpec(
    name="face_swapper",
    summary="puts the source's face in place of the faces of the target",
    needs_source=True,
    create=FaceSwapper.create,
    needs=frozenset({"landmarks5"}),
    model_option="face_swapper_model",
    without_weights=frozenset(MODELS),
)
