"""The headers of resumable uploads: tus 1.0 (https://tus.io/protocols/resumable-upload)."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import Any, Final

from facefusion.errors import RequestInvalidError

VERSION: Final = "1.0.0"
EXTENSIONS: Final = "creation,creation-with-upload,expiration,checksum,termination"
CHECKSUMS: Final = ("sha256", "sha1", "md5")
PART_TYPE: Final = "application/offset+octet-stream"
_MOST_METADATA: Final = 8192


@dataclass(frozen=True, slots=True)
class Checksum:
    """The digest that a part shall have.

    Attributes:
        algorithm: one of `CHECKSUMS`.
        digest: its bytes.
    """

    algorithm: str
    digest: bytes

    def begin(self) -> Any:
        """Return what computes such a digest."""
        return hashlib.new(self.algorithm, usedforsecurity=False)


def checksum_of(header: str | None) -> Checksum | None:
    """Return the digest that a part shall have; None where the client does not say.

    Raises:
        RequestInvalidError: it is not understood, or of a kind that is not computed.
    """
    if header is None:
        return None
    algorithm, _, text = header.strip().partition(" ")
    if algorithm not in CHECKSUMS:
        raise RequestInvalidError("Upload-Checksum is of an unknown kind", f"There are {', '.join(CHECKSUMS)}")
    digest = _decoded(text, "Upload-Checksum")
    if len(digest) != hashlib.new(algorithm, usedforsecurity=False).digest_size:
        raise RequestInvalidError("Upload-Checksum has not the length of its kind", "It is the digest in base64")
    return Checksum(algorithm, digest)


def metadata_of(header: str | None) -> Mapping[str, str]:
    """Return what a client says of a file.

    Raises:
        RequestInvalidError: it is not understood.
    """
    if not header:
        return {}
    if len(header) > _MOST_METADATA:
        raise RequestInvalidError("Upload-Metadata is too long", f"It has at most {_MOST_METADATA} characters")
    found: dict[str, str] = {}
    for pair in header.split(","):
        key, _, value = pair.strip().partition(" ")
        if not key or key in found:
            raise RequestInvalidError("Upload-Metadata is not understood", "It is a list of: key base64")
        try:
            found[key] = _decoded(value, "Upload-Metadata").decode()
        except UnicodeDecodeError as error:
            raise RequestInvalidError(f"Upload-Metadata {key[:40]} is no UTF-8") from error
    return found


def number_of(header: str | None, name: str) -> int:
    """Return a header that is a number of bytes.

    Raises:
        RequestInvalidError: it is missing, or no such number.
    """
    if header is None:
        raise RequestInvalidError(f"The header {name} is missing", "It is a number of bytes")
    if not (header.isascii() and header.isdigit() and len(header) <= 18):
        raise RequestInvalidError(f"The header {name} is no number of bytes")
    return int(header)


def http_date(moment: datetime) -> str:
    """Return a time as headers have it."""
    return format_datetime(moment, usegmt=True)


def _decoded(text: str, name: str) -> bytes:
    try:
        return base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError) as error:
        raise RequestInvalidError(f"The header {name} is not base64") from error
