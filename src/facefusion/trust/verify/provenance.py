"""The layer of the signed manifest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from facefusion.trust.provenance.facts import EDIT_LABEL
from facefusion.trust.provenance.reading import ManifestReading, ManifestState, read_manifest
from facefusion.trust.provenance.said import Said
from facefusion.trust.verify.layers import LayerReading, LayerState

PROVENANCE: Final = "provenance"
_STATES: Final = {
    ManifestState.TRUSTED: LayerState.HOLDS,
    ManifestState.VALID: LayerState.UNKNOWN,
    ManifestState.INVALID: LayerState.BROKEN,
    ManifestState.ABSENT: LayerState.ABSENT,
}


@dataclass(frozen=True, slots=True)
class ProvenanceLayer:
    """Reads the signed manifest.

    Attributes:
        anchors: root certificates whose signers are trusted, PEM.
    """

    anchors: Sequence[str] = ()
    layer: str = PROVENANCE

    def read(self, path: Path, before: Sequence[LayerReading]) -> LayerReading:
        """Read the manifest in a file, or beside it; see `LayerReader`."""
        del before
        found = read_manifest(path, self.anchors)
        return LayerReading(self.layer, _STATES[found.state], found.why, dict(_facts(found)))


def _facts(found: ManifestReading) -> Iterator[tuple[str, object]]:
    if found.part:
        yield "part", found.part
    if found.codes:
        yield "codes", list(found.codes)
    if found.said is not None:
        yield from _said(found.said)
        yield "sealed", found.sealed


def _said(said: Said) -> Iterator[tuple[str, object]]:
    yield "signer", said.signer
    yield "generator", said.generator
    yield "actions", list(said.actions)
    yield "source_types", list(said.source_types)
    if said.when:
        yield "when", list(said.when)
    if said.models:
        yield "models", [{"name": model.name, "sha256": model.sha256} for model in said.models]
    yield "earlier_manifests", said.parents
    if said.watermark is not None:
        yield "watermark", f"{said.watermark:016x}"
    if said.seal_key is None:
        return
    marks = dict(said.marks)
    yield "marks", marks.pop("marks", "").split()
    yield from ((name, value) for name, value in marks.items() if name == "produce_id")
    yield EDIT_LABEL, marks
