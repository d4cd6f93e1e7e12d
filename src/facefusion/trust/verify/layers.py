"""A layer of marks: one of the ways by which a file says what it is, and what reading it has shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol


class LayerState(StrEnum):
    """What a layer of a file is worth."""

    HOLDS = "holds"
    """It is there and right."""
    UNKNOWN = "unknown"
    """It is there and whole, but comes from somebody, or somewhere, that is not known here."""
    BROKEN = "broken"
    """It is there, but was changed, or contradicts another layer."""
    STRIPPED = "stripped"
    """It is not there, but another layer says that it was."""
    ABSENT = "absent"
    """It is not there."""
    UNREAD = "unread"
    """Nobody can tell: the file cannot be read so far, or what it takes to look is not here."""


@dataclass(frozen=True, slots=True)
class LayerReading:
    """What reading one layer has shown.

    Attributes:
        layer: its name, such as `provenance`.
        state: what it is worth.
        what: that in words, without a final stop.
        facts: what it says, by name. Layers agree on `watermark` (16 hexadecimal digits), `produce_id`, and `marks`,
            the names of the layers that it says the file bears.
        vouches: whether it can only come from who has a key; else anybody may have written it.
    """

    layer: str
    state: LayerState
    what: str
    facts: Mapping[str, object] = field(default_factory=dict)
    vouches: bool = True


class LayerReader(Protocol):
    """Reads one layer."""

    @property
    def layer(self) -> str:
        """Name of the layer."""

    def read(self, path: Path, before: Sequence[LayerReading]) -> LayerReading:
        """Read the layer of a file.

        Args:
            path: of the file.
            before: what the layers read before this one have shown.

        Raises:
            InputError: the file cannot be read.
            TrustError: the keys or records that it takes cannot be used.
        """


@dataclass(frozen=True, slots=True)
class UnreadLayer:
    """Names a layer that cannot be read here, so that nobody takes its silence for an answer.

    Attributes:
        layer: its name.
        why: the reason, without a final stop.
    """

    layer: str
    why: str

    def read(self, path: Path, before: Sequence[LayerReading]) -> LayerReading:
        """Say why; see `LayerReader`."""
        del path, before
        return LayerReading(self.layer, LayerState.UNREAD, self.why)
