"""Marks in the metadata of outputs, for machines to read: XMP, IPTC's digital source type, and the AIGC object."""

from facefusion.trust.metadata.embed import embed, read_marks, stream_tags, with_marks
from facefusion.trust.metadata.marks import COMPOSITE, Marks

__all__ = ["COMPOSITE", "Marks", "embed", "read_marks", "stream_tags", "with_marks"]
