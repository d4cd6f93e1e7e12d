"""The colour matcher: gives frames the colours of a reference picture, or of a frame of a clip."""

from facefusion.processors.base import ProcessorSpec
from facefusion.processors.colour_matcher.processor import ColourMatcher, spares_faces

SPEC = ProcessorSpec(
    name="colour_matcher",
    summary="gives frames the colours of a reference picture, or of a frame of a clip",
    needs_source=False,
    create=ColourMatcher.create,
    needs_faces=False,
    wants_faces=spares_faces,
)
