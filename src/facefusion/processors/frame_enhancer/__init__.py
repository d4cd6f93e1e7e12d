"""The frame enhancer: whole frames, enlarged or made better by a network."""

from facefusion.processors.base import ProcessorSpec
from facefusion.processors.frame_enhancer.processor import AUTOMATIC, OWN, FrameEnhancer, enlarged_format

SPEC = ProcessorSpec(
    name="frame_enhancer",
    summary="enlarges whole frames, or makes them brighter or clearer, as its model does",
    needs_source=False,
    create=FrameEnhancer.create,
    needs_faces=False,
    format=enlarged_format,
    model_option="frame_enhancer_model",
    without_weights=frozenset({OWN}),
    automatic=AUTOMATIC,
)
