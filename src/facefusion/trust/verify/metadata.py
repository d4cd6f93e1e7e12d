"""The layer of the marks in the metadata."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from facefusion.trust.metadata import Marks, read_marks
from facefusion.trust.verify.layers import LayerReading, LayerState

METADATA: Final = "metadata"
_LONGEST: Final = 300


@dataclass(frozen=True, slots=True)
class MetadataLayer:
    """Reads XMP, IPTC's digital source type and the AIGC object. Anybody can write those, so they prove nothing."""

    layer: str = METADATA

    def read(self, path: Path, before: Sequence[LayerReading]) -> LayerReading:
        """Read the marks in the metadata of a file; see `LayerReader`."""
        del before
        marks = read_marks(path)
        if marks is None:
            return LayerReading(self.layer, LayerState.ABSENT, "nothing in its metadata says that it was made so")
        producer = f" by {_short(marks.content_producer)}" if marks.content_producer else ""
        what = f"says that it was made with artificial intelligence{producer}"
        return LayerReading(self.layer, LayerState.HOLDS, what, _facts(marks), vouches=False)


def _facts(marks: Marks) -> dict[str, object]:
    said: dict[str, object] = {
        "label": _short(marks.label),
        "content_producer": _short(marks.content_producer),
        "produce_id": _short(marks.produce_id),
        "content_propagator": _short(marks.content_propagator),
        "propagate_id": _short(marks.propagate_id),
        "source_types": [_short(marks.source_type)] if marks.source_type else [],
        "generator": _short(marks.tool),
        "models": [_short(name) for name in marks.models[:_LONGEST]],
    }
    return {name: value for name, value in said.items() if value}


def _short(text: str) -> str:
    """Return what may be looked up and shown of a text that anybody may have written: not all of it, and UTF-8."""
    return text[:_LONGEST].encode("utf-8", "replace").decode()
