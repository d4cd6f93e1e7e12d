"""A consent as a signed file, which anybody with the public key can verify without a network."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import AwareDatetime, Base64Bytes, BaseModel, ConfigDict, ValidationError

from facefusion.errors import ConsentRecordError
from facefusion.faces.types import Vector
from facefusion.trust.consent.evidence import check_evidence
from facefusion.trust.consent.record import Consent
from facefusion.trust.pem import fingerprint

_HEAD: Final = b"facefusion consent 1\n"
_LARGEST: Final = 512 << 20
_FLOAT: Final = "<f4"
_DIMENSIONS: Final = 128
_ANEW: Final = "Ask for the file anew"


class _Content(BaseModel):
    """What is signed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["facefusion consent"] = "facefusion consent"
    version: Literal[1] = 1
    exported: AwareDatetime
    consent: Consent
    faces: tuple[Base64Bytes, ...] = ()
    evidence: tuple[Base64Bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class ConsentFile:
    """What a file says, once its signature held.

    Attributes:
        consent: the consent, as it was when it was exported.
        exported: when that was.
        signed_by: fingerprint of the key.
        faces: identity vectors, float32 (128,); none where the file was made without.
        evidence: the bytes of the files of evidence; none where the file was made without.
    """

    consent: Consent
    exported: datetime
    signed_by: str
    faces: tuple[Vector, ...] = ()
    evidence: tuple[bytes, ...] = ()


def file_text(
    consent: Consent,
    key: Ed25519PrivateKey,
    moment: datetime,
    *,
    faces: Sequence[Vector] = (),
    evidence: Sequence[bytes] = (),
) -> str:
    """Return a consent as the text of a signed file.

    Args:
        consent: as it is on record.
        key: of the place that vouches for it.
        moment: now.
        faces: identity vectors, which another place needs to take the consent over; biometric data.
        evidence: the bytes of all files of evidence; none to leave them out.
    """
    content = {
        **_Content(exported=moment, consent=consent).model_dump(mode="json"),
        "faces": [_text(np.asarray(face, _FLOAT).tobytes()) for face in faces],
        "evidence": [_text(each) for each in evidence],
    }
    signature = _text(key.sign(_HEAD + _canonical(content)))
    return json.dumps(content | {"key": fingerprint(key.public_key()), "signature": signature}, indent=1) + "\n"


def verify_file(path: Path, keys: Sequence[Ed25519PublicKey]) -> ConsentFile:
    """Read a file, and make sure that it is as one of some keys signed it.

    Args:
        path: the file.
        keys: of the places that may vouch for consents.

    Raises:
        ConsentRecordError: it is no such file, was changed, or is signed by another key.
    """
    content = _parsed(path)
    signed_by, signature = str(content.pop("key", "")), content.pop("signature", "")
    known = {fingerprint(key): key for key in keys}
    if signed_by not in known:
        raise ConsentRecordError(
            f"The consent in {path} is signed by a key that was not named ({signed_by[:64]!r})",
            "Get the public key from whoever exported it, and name it with --key",
        )
    _check(known[signed_by], signature, content, path)
    return _made(content, signed_by, path)


def _check(key: Ed25519PublicKey, signature: Any, content: Mapping[str, Any], path: Path) -> None:
    try:
        key.verify(base64.b64decode(signature, validate=True), _HEAD + _canonical(content))
    except (InvalidSignature, ValueError, TypeError) as error:
        raise ConsentRecordError(f"The consent in {path} is not as it was signed: it was changed", _ANEW) from error


def _made(content: Mapping[str, Any], signed_by: str, path: Path) -> ConsentFile:
    try:
        found = _Content.model_validate(content)
        faces = tuple(np.frombuffer(each, _FLOAT) for each in found.faces)
        if any(face.shape != (_DIMENSIONS,) or not np.isfinite(face).all() or not face.any() for face in faces):
            raise ValueError("a face is none")
    except (ValidationError, ValueError) as error:
        raise ConsentRecordError(
            f"The consent in {path} is signed, but of a form that this version does not know", "Update, and try again"
        ) from error
    if found.evidence:
        check_evidence(found.consent, found.evidence)
    return ConsentFile(found.consent, found.exported, signed_by, faces, found.evidence)


def _parsed(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
        content = json.loads(data[:_LARGEST])
    except OSError as error:
        raise ConsentRecordError(f"The file {path} cannot be read: {error.strerror}", "Name another") from error
    except (ValueError, RecursionError) as error:
        raise ConsentRecordError(f"{path} is no file of a consent, or was cut short", _ANEW) from error
    if not isinstance(content, dict) or content.get("format") != "facefusion consent":
        raise ConsentRecordError(f"{path} is no file of a consent", "Name one that facefusion consent export wrote")
    return content


def _canonical(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()
