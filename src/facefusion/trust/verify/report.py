"""All layers of one file, held against one another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from facefusion.errors import (
    FaceFusionError,
    InputError,
    InputMissingError,
    InputTypeError,
    MarkBrokenError,
    SigningError,
    TrustError,
    UnmarkedError,
)
from facefusion.media.probe import probe
from facefusion.options import LimitOptions
from facefusion.trust.privacy.envelope import is_encrypted
from facefusion.trust.verify.layers import LayerReader, LayerReading, LayerState

_AGREED: Final = {"watermark": "number of the watermark", "produce_id": "number of the output"}
_THERE: Final = (LayerState.HOLDS, LayerState.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Report:
    """What the marks of a file have shown.

    Attributes:
        path: of the file.
        layers: in the order in which they were read, every one of them.
        unread: why a layer could not be read, the first such error; None where all could be.
    """

    path: Path
    layers: tuple[LayerReading, ...]
    unread: FaceFusionError | None = None

    def bears_any(self) -> bool:
        """Return whether any layer is there, or was."""
        return any(layer.state not in (LayerState.ABSENT, LayerState.UNREAD) for layer in self.layers)

    def fault(self) -> FaceFusionError | None:
        """Return what is wrong with the file as an error; None where all that is there holds."""
        broken = [layer for layer in self.layers if layer.state is LayerState.BROKEN]
        if broken:
            named = "; ".join(f"{layer.layer}: {layer.what}" for layer in broken)
            return MarkBrokenError(f"The file {self.path} is not as it was marked: {named}", "Do not rely on it")
        there = [layer for layer in self.layers if layer.state in _THERE]
        if not there:
            hint = "It was not made here, or everything was taken away; its marks cannot tell which"
            return self.unread or UnmarkedError(f"The file {self.path} bears no mark", hint)
        if not any(layer.state is LayerState.HOLDS and layer.vouches for layer in there):
            named = "; ".join(f"{layer.layer}: {layer.what}" for layer in there)
            is_signed = any(layer.state is LayerState.UNKNOWN and "signer" in layer.facts for layer in there)
            hint = "If you know the signer, give their root certificate with --trust-anchors"
            hint = hint if is_signed else "Anybody can write metadata; ask whoever published it"
            return SigningError(f"Nobody known here vouches for the file {self.path}: {named}", hint)
        return self.unread

    def as_json(self) -> dict[str, Any]:
        """Return it for programs."""
        fault = self.fault()
        return {
            "file": str(self.path),
            "verdict": "holds" if fault is None else type(fault).__name__,
            "exit_code": 0 if fault is None else fault.exit_code,
            "what": "" if fault is None else fault.what,
            "layers": [
                {"layer": layer.layer, "state": str(layer.state), "what": layer.what, "facts": dict(layer.facts)}
                for layer in self.layers
            ],
        }


def verify_file(path: Path, readers: Sequence[LayerReader], limits: LimitOptions) -> Report:
    """Read every layer of a file, and hold them against one another.

    Args:
        path: of the file.
        readers: of the layers; later ones are handed what earlier ones have shown.
        limits: what is not read.

    Raises:
        InputError: the file is not there, is encrypted, or bears no mark and is no picture or video.
    """
    if path.is_file() and is_encrypted(path):
        raise InputTypeError(f"{path} is encrypted", "Decrypt it first, with facefusion storage decrypt")
    found: list[LayerReading] = []
    unread: list[FaceFusionError] = []
    for reader in readers:
        try:
            found.append(reader.read(path, tuple(found)))
        except (InputError, TrustError) as error:  # another layer may still have found the file tampered with
            unread.append(error)
            found.append(LayerReading(reader.layer, LayerState.UNREAD, error.what))
    layers = tuple(_with_stripped(_with_contradictions(found)))
    report = Report(path, layers, next(iter(unread), None))
    fault = report.fault()
    if fault is report.unread and isinstance(fault, InputMissingError | InputTypeError) and not report.bears_any():
        raise _sealed(path) or fault
    if isinstance(fault, UnmarkedError):
        probe(path, limits)
    return report


def _sealed(path: Path) -> InputTypeError | None:
    """Return what is to be said of a file that was stored encrypted; None where it was not."""
    if not path.is_file() or not is_encrypted(path):
        return None
    return InputTypeError(f"The file {path} is encrypted", "Verify what facefusion storage decrypt makes of it")


def _with_contradictions(layers: Sequence[LayerReading]) -> Iterator[LayerReading]:
    """Break what contradicts a layer before it that holds: a mark was put onto a file that it does not belong to."""
    said: dict[str, tuple[str, object]] = {}
    for layer in layers:
        against = [
            f"its {words} is not that of the {said[name][0]}"
            for name, words in _AGREED.items()
            if layer.state in _THERE
            and name in layer.facts
            and layer.facts[name] != said.get(name, ("", layer.facts[name]))[1]
        ]
        if against:
            yield replace(layer, state=LayerState.BROKEN, what=", and ".join(against))
            continue
        if layer.state in _THERE:
            said |= {
                name: (layer.layer, layer.facts[name]) for name in _AGREED if name in layer.facts and name not in said
            }
        yield layer


def _with_stripped(layers: Iterator[LayerReading]) -> Iterator[LayerReading]:
    """Tell what is missing from what never was there, by what the other layers say."""
    every = list(layers)
    promised = {str(mark): layer.layer for layer in every if layer.state in _THERE for mark in _marks(layer.facts)}
    for layer in every:
        if layer.state is LayerState.ABSENT and layer.layer in promised:
            what = f"taken away: the {promised[layer.layer]} says that it was there"
            yield replace(layer, state=LayerState.STRIPPED, what=what)
        else:
            yield layer


def _marks(facts: Mapping[str, object]) -> Iterator[object]:
    marks = facts.get("marks")
    yield from marks if isinstance(marks, list | tuple) else ()
    if "watermark" in facts:
        yield "watermark"
