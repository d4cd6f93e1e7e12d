"""Reading a manifest back, and saying whether it holds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from io import BytesIO, FileIO
from pathlib import Path
from typing import Any, BinaryIO

import c2pa

from facefusion.errors import InputError
from facefusion.media.sniff import open_input, sniff
from facefusion.trust.provenance.carriers import can_hold, sidecar_path
from facefusion.trust.provenance.engine import offline_context
from facefusion.trust.provenance.said import Said, said_of
from facefusion.trust.provenance.seal import is_trace, seal_holds


class ManifestState(StrEnum):
    """What a manifest is worth."""

    TRUSTED = "trusted"
    """It holds, and its signer is one of those whose roots were given."""
    VALID = "valid"
    """It holds, but nobody here knows its signer."""
    INVALID = "invalid"
    """It does not hold: the file or the manifest was changed, or its certificate does not serve."""
    ABSENT = "absent"
    """There is none."""


@dataclass(frozen=True, slots=True)
class ManifestReading:
    """What the manifest of a file is worth and what it says.

    Attributes:
        state: what it is worth.
        why: the reason, a sentence without a final stop.
        part: what does not hold when it is invalid: `content`, `manifest`, `signature`, `certificate` or `seal`.
        said: what it says; of one that does not hold it is what it claims.
        sealed: whether every byte of the file is covered, which only our own manifests are.
        codes: of the C2PA for what failed.
    """

    state: ManifestState
    why: str
    part: str = ""
    said: Said | None = None
    sealed: bool = False
    codes: tuple[str, ...] = field(default=())


_PARTS = (
    ("dataHash", "content", "the content was changed after it was signed"),
    ("bmffHash", "content", "the content was changed after it was signed"),
    ("boxesHash", "content", "the content was changed after it was signed"),
    ("signingCredential.expired", "certificate", "the certificate of its signer has run out"),
    ("signingCredential", "certificate", "the certificate of its signer does not serve"),
    ("claimSignature.outsideValidity", "certificate", "it was signed outside the time its certificate is valid for"),
    ("claimSignature", "signature", "its signature does not hold"),
    ("timeStamp", "signature", "its time stamp does not hold"),
)
_UNTRUSTED = "signingCredential.untrusted"
_MANIFEST = ("manifest", "the manifest itself was changed or is damaged")


def read_manifest(path: Path, anchors: Sequence[str] = ()) -> ManifestReading:
    """Read the manifest of a file, or the one beside it, without any network.

    Args:
        path: of the file.
        anchors: root certificates whose signers are trusted, PEM.

    Raises:
        InputError: there is no such file, it may not be read or is empty.
    """
    with open_input(path) as file:
        beside = _beside(file, path)
        try:
            found = _found(file, beside, anchors)
        except c2pa.C2paError.ManifestNotFound:
            found = None
        except c2pa.C2paError:
            return _unreadable(file, beside)
        if found is None:
            return _absent(file, beside)
        return _judged(file if beside is None else BytesIO(beside), found)


def _found(file: BinaryIO, beside: bytes | None, anchors: Sequence[str]) -> dict[str, Any] | None:
    """Return what the C2PA library read."""
    with offline_context(anchors) as context:
        form = "application/c2pa" if beside is not None else None
        with c2pa.Reader(form, file, beside, context=context) as reader:
            found: dict[str, Any] = json.loads(reader.json())
    return found if found.get("active_manifest") else None


def _beside(file: FileIO, path: Path) -> bytes | None:
    """Return the manifest beside a file, unless its form holds one within."""
    with suppress(InputError):
        if can_hold(sniff(file, path)):
            return None
    try:
        return sidecar_path(path).read_bytes()
    except OSError:
        return None


def _judged(bearer: BinaryIO, found: dict[str, Any]) -> ManifestReading:
    """Return what a manifest is worth that could be read.

    Args:
        bearer: what the manifest lies in, which is sealed with it.
        found: what the C2PA library read.
    """
    said = said_of(found)
    codes = tuple(_failures(found))
    broken = [code for code in codes if code != _UNTRUSTED]
    if broken or found.get("validation_state") not in {"Valid", "Trusted"}:
        part, why = _part(broken)
        return ManifestReading(ManifestState.INVALID, why, part, said, codes=codes)
    if said.seal_key is not None and not seal_holds(bearer, said.seal_key):
        why = "something was changed after it was signed, in a place that only the seal covers"
        return ManifestReading(ManifestState.INVALID, why, "seal", said, codes=codes)
    sealed = said.seal_key is not None
    if found["validation_state"] == "Trusted":
        return ManifestReading(ManifestState.TRUSTED, f"signed by {said.signer}, who is trusted here", "", said, sealed)
    why = f"it holds, but its signer {said.signer} is nobody whom this place trusts"
    return ManifestReading(ManifestState.VALID, why, "", said, sealed, codes)


def _failures(found: dict[str, Any]) -> list[str]:
    """Return the codes of what failed, in the active manifest and what it adds about its ingredients."""
    results = found.get("validation_results", {})
    groups = [results.get("activeManifest", {})]
    return [failure["code"] for group in groups for failure in group.get("failure", ())]


def _part(codes: Sequence[str]) -> tuple[str, str]:
    """Return which part does not hold, and why; the manifest itself before the content, which it vouches for."""
    known = {(part, why): code for code in codes for begin, part, why in _PARTS[::-1] if begin in code}
    named = [(part, why) for _, part, why in _PARTS if (part, why) in known]
    others = [code for code in codes if not any(begin in code for begin, _, _ in _PARTS)]
    return _MANIFEST if others or not named else named[0]


def _absent(file: BinaryIO, beside: bytes | None) -> ManifestReading:
    if beside is not None or is_trace(file):
        why = "remains of a manifest are there, but it can no longer be read"
        return ManifestReading(ManifestState.INVALID, why, "manifest")
    return ManifestReading(ManifestState.ABSENT, "there is no signed manifest")


def _unreadable(file: BinaryIO, beside: bytes | None) -> ManifestReading:
    """Tell a file whose manifest is destroyed from one that has none and is of a form C2PA does not know."""
    found = _absent(file, beside)
    if found.state is ManifestState.ABSENT:
        return found
    return ManifestReading(ManifestState.INVALID, _MANIFEST[1], "manifest")
