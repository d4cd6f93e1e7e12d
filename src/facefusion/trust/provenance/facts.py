"""What a manifest says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

NAMESPACE: Final = "io.facefusion"
"""Begins the names of what is not C2PA's own in a manifest."""
EDIT_LABEL: Final = f"{NAMESPACE}.edit"
WATERMARK_ALGORITHM: Final = f"{NAMESPACE}.watermark.1"
"""Name of the watermark in the assertion that binds it to the manifest."""
COMPOSITE: Final = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
"""Kind of media, of IPTC's list: something real that a trained model was used to put something into."""


@dataclass(frozen=True, slots=True)
class ModelFact:
    """A model that was used.

    Attributes:
        name: as the catalogue has it.
        sha256: of its weights, hexadecimal.
    """

    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class ManifestFacts:
    """What is said of one output. Nothing of it names a person, a path or a machine.

    Attributes:
        version: of the software.
        target: the file that was edited, which becomes the parent; a manifest of its own is kept. None where there is
            no such file, as with numbered pictures or a camera.
        target_digest: SHA-256 of the target, hexadecimal; nothing is said when None.
        source_digests: SHA-256 of each source, hexadecimal; neither a picture nor a name of it is kept.
        processors: what was done, in this order.
        models: what it was done with.
        limits: for each of the processors, in the same order, in which part of the time and of the frame it worked, as
            texts of the options `when` and `region`; nothing where all was done everywhere.
        source_type: kind of media that the output is, an address of IPTC's list.
        watermark: the 64 bits that the invisible watermark carries; None when there is none.
        marks: what else the output bears, such as its label or the number under which it is known.
        when: moment of the edit, with its time zone; nothing is said when None.
    """

    version: str
    target: Path | None = None
    target_digest: str | None = None
    source_digests: tuple[str, ...] = ()
    processors: tuple[str, ...] = ()
    models: tuple[ModelFact, ...] = ()
    limits: tuple[Mapping[str, str], ...] = ()
    source_type: str = COMPOSITE
    watermark: int | None = None
    marks: Mapping[str, str] = field(default_factory=dict)
    when: datetime | None = None
