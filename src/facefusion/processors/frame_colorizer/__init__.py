"""The frame colorizer: colours for black-and-white frames."""

from facefusion.processors.base import ProcessorSpec
from facefusion.processors.frame_colorizer.processor import FrameColorizer, coloured_format

SPEC = ProcessorSpec(
    name="frame_colorizer",
    summary="gives black-and-white frames colours",
    needs_source=False,
    create=FrameColorizer.create,
    needs_faces=False,
    format=coloured_format,
    model_option="frame_colorizer_model",
)
