"""The layer of the marks in the metadata."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from facefusion.trust.metadata import Marks, read_marks
from facefusion.trust.verify.layers import LayerReading, LayerState

METADATA: Final = "metadata"


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
        producer = f" by {marks.content_producer}" if marks.content_producer else ""
        what = f"says that it was made with artificial intelligence{producer}"
        return LayerReading(self.layer, LayerState.HOLDS, what, _facts(marks), vouches=False)


def _facts(marks: Marks) -> dict[str, object]:
    said: dict[str, object] = {
        "label": marks.label,
        "content_producer": marks.content_producer,
        "produce_id": marks.produce_id,
        "content_propagator": marks.content_propagator,
        "propagate_id": marks.propagate_id,
        "source_types": [marks.source_type] if marks.source_type else [],
        "generator": marks.tool,
        "models": list(marks.models),
    }
    return {name: value for name, value in said.items() if value}
