"""The stylizer: whole frames, faces or backgrounds as a cartoon, in oil, in pencil, or in the colours of a table."""

from facefusion.processors.base import ProcessorSpec
from facefusion.processors.stylizer.processor import Stylizer, coloured_format, remembered, wants_faces

SPEC = ProcessorSpec(
    name="stylizer",
    summary="draws frames as a cartoon, in oil or in pencil, or gives them the colours of a .cube table",
    needs_source=False,
    create=Stylizer.create,
    needs_faces=False,
    wants_faces=wants_faces,
    format=coloured_format,
    remembers=remembered,
)
