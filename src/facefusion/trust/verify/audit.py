"""The layer of the audit log: what this place itself knows of a file."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from facefusion.media.sniff import open_input
from facefusion.trust.audit import AuditLog, Entry
from facefusion.trust.verify.layers import LayerReading, LayerState

AUDIT: Final = "audit"
_SAME: Final = {"same_file": True}
"""Whether the entry is of these very bytes, and not of what they were made from."""
_THERE: Final = (LayerState.HOLDS, LayerState.UNKNOWN)


@dataclass(frozen=True, slots=True)
class AuditLayer:
    """Finds the entry of a file: by its digest, and where it was changed by the numbers in its other marks.

    Attributes:
        log: opens the log.
    """

    log: Callable[[], AbstractContextManager[AuditLog]]
    layer: str = AUDIT

    def read(self, path: Path, before: Sequence[LayerReading]) -> LayerReading:
        """Find the entry of a file; see `LayerReader`."""
        with open_input(path) as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        numbers = list(_numbers(before))
        with self.log() as log:
            entry = log.find(output_digest=digest)
            if entry is not None:
                return LayerReading(
                    self.layer, LayerState.HOLDS, f"this very file left here {_when(entry)}", _facts(entry) | _SAME
                )
            for number, value, is_sure in numbers:
                entry = log.find(produce_id=value) if number == "produce_id" else log.find(watermark=value)
                if entry is not None and is_sure:
                    what = f"a changed copy of what left here {_when(entry)}"
                    return LayerReading(self.layer, LayerState.HOLDS, what, _facts(entry))
                if entry is not None:
                    what = f"it names what left here {_when(entry)}, but only where anybody may have written that"
                    return LayerReading(self.layer, LayerState.UNKNOWN, what, _facts(entry))
        return LayerReading(self.layer, LayerState.ABSENT, _unknown(numbers))


def _numbers(before: Sequence[LayerReading]) -> Iterator[tuple[str, str, bool]]:
    """Yield what an entry may be found by, and whether only who has a key can have put it there; such first."""
    for layer in sorted(before, key=_is_sure, reverse=True):
        for number in ("watermark", "produce_id"):
            if layer.state in _THERE and number in layer.facts:
                yield number, str(layer.facts[number]), _is_sure(layer)


def _is_sure(layer: LayerReading) -> bool:
    return layer.state is LayerState.HOLDS and layer.vouches


def _unknown(numbers: Sequence[tuple[str, str, bool]]) -> str:
    if not numbers:
        return "no entry of this file"
    named = ", ".join(dict.fromkeys(value for _, value, _ in numbers))
    return f"no entry of {named}: it was made elsewhere, or its entry is no longer kept"


def _when(entry: Entry) -> str:
    return f"on {entry.time:%Y-%m-%d %H:%M} UTC (entry {entry.id[:12]})"


def _facts(entry: Entry) -> dict[str, object]:
    names = ("job", "marks", "produce_id", "watermark", "policy", "models", "version")
    said = {name: entry.facts[name] for name in names if entry.facts.get(name)}
    return {"entry": entry.id, "sequence": entry.sequence, "time": entry.time.isoformat(), **said}
