"""The face enhancer: restores faces that are blurred, small or badly compressed."""

from facefusion.processors.base import ProcessorSpec
from facefusion.processors.face_enhancer.processor import create

SPEC = ProcessorSpec(
    name="face_enhancer",
    summary="restores blurred, small and badly compressed faces; needs weights",
    needs_source=False,
    create=create,
    needs=frozenset({"landmarks5"}),
    model_option="face_enhancer_model",
)
