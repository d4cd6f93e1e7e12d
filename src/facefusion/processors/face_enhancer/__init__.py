"""The face enhancer: restores faces that are blurred, small or badly compressed."""

from facefusion.processors.base import ProcessorSpec
from facefusion.processors.face_enhancer.processor import AUTOMATIC, OWN, create

SPEC = ProcessorSpec(
    name="face_enhancer",
    summary="restores blurred, small and badly compressed faces by networks; without weights makes faces clearer",
    needs_source=False,
    create=create,
    needs=frozenset({"landmarks5"}),
    model_option="face_enhancer_model",
    without_weights=frozenset({OWN}),
    automatic=AUTOMATIC,
)
