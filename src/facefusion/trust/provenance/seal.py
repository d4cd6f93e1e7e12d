"""A seal over every byte of a signed file.

C2PA hashes the content, and leaves room: padding behind the signature, the file type of an MP4, names of boxes. A
byte changed there is not noticed by a reader that keeps to the specification. So a key is made for each file, its
public half is put into the signed manifest, and its private half signs the SHA-256 of the whole file and is forgotten.
The signature takes some of the padding in the unprotected header of the manifest's COSE signature (RFC 9052), under a
name of our own, which other readers pass over; while the file is hashed, its own 64 bytes count as zeros.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import BinaryIO, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from facefusion.trust.provenance.facts import NAMESPACE

_NAME: Final = f"{NAMESPACE}.seal".encode()
_HEAD: Final = bytes((0x60 + len(_NAME),)) + _NAME + b"\x58\x40"  # CBOR: a text of this length, then 64 bytes
_SIGNATURE: Final = 64
_ENTRY: Final = len(_HEAD) + _SIGNATURE
_PAD: Final = b"\xa1\x63pad\x59"  # CBOR: a map of one entry, `pad`, whose value has a length of two bytes
_CONTEXT: Final = b"facefusion seal 1\0"
_BEFORE: Final = 32
_CHUNK: Final = 1 << 20
_MOST: Final = 8


class NoRoomError(Exception):
    """The padding is not where it should be, or the form of the file cuts it up."""


def place_seal(file: BinaryIO, manifest: bytes, key: Ed25519PrivateKey) -> None:
    """Seal a file that has just been signed.

    Args:
        file: open for reading and writing.
        manifest: as the C2PA library returned it.
        key: whose public half stands in the manifest.

    Raises:
        NoRoomError: the seal cannot be placed here; it can after the manifest was made a little longer.
        OSError: the file cannot be read or written.
    """
    at = manifest.rfind(_PAD)
    if at < _BEFORE:
        raise NoRoomError
    header = manifest[at : at + len(_PAD) + 2]
    needle = manifest[at - _BEFORE : at] + header
    places = list(_places(file, needle))
    room = int.from_bytes(header[-2:]) - _ENTRY
    if len(places) != 1 or room < 256:  # a shorter length would be written in another way
        raise NoRoomError
    _write_entry(file, places[0] + _BEFORE, header, room)
    place = places[0] + _BEFORE + 1 + len(_HEAD)
    signature = key.sign(_message(file, place))
    file.seek(place)
    file.write(signature)


def seal_holds(file: BinaryIO, key: bytes) -> bool:
    """Return whether no byte of a file was changed since it was sealed.

    Args:
        file: open for reading.
        key: public key of the seal, as the manifest has it.

    Raises:
        OSError: the file cannot be read.
    """
    try:
        public = Ed25519PublicKey.from_public_bytes(key)
    except ValueError:
        return False
    places = [place + len(_HEAD) for place in _places(file, _HEAD)]
    return any(_holds_at(file, public, place) for place in reversed(places[-_MOST:]))


def is_trace(file: BinaryIO) -> bool:
    """Return whether a file that seems to bear no manifest once had one: remains of it are still there."""
    return any(True for needle in (_HEAD, b"jumdc2pa", b"c2pa.assertions") for _ in _places(file, needle))


def _holds_at(file: BinaryIO, public: Ed25519PublicKey, place: int) -> bool:
    file.seek(place)
    signature = file.read(_SIGNATURE)
    try:
        public.verify(signature, _message(file, place))
    except InvalidSignature:
        return False
    return True


def _write_entry(file: BinaryIO, at: int, header: bytes, room: int) -> None:
    """Put the seal, still without its signature, before the padding, and shorten that by as much."""
    file.seek(at)
    there = file.read(len(header) + _ENTRY)
    if there != header + bytes(_ENTRY):
        raise NoRoomError
    file.seek(at)
    file.write(b"\xa2" + _HEAD + bytes(_SIGNATURE) + _PAD[1:] + room.to_bytes(2))
    file.flush()


def _message(file: BinaryIO, place: int) -> bytes:
    """Return what is signed: the digest of the file in which the 64 bytes at `place` are zeros."""
    digest = hashlib.sha256()
    file.seek(0)
    _feed(digest, file, place)
    file.seek(place + _SIGNATURE)
    digest.update(bytes(_SIGNATURE))
    _feed(digest, file, None)
    return _CONTEXT + digest.digest()


def _feed(digest: hashlib._Hash, file: BinaryIO, count: int | None) -> None:
    while chunk := file.read(_CHUNK if count is None else min(_CHUNK, count)):
        digest.update(chunk)
        count = None if count is None else count - len(chunk)


def _places(file: BinaryIO, needle: bytes) -> Iterator[int]:
    """Yield where some bytes stand, without holding more of the file than a chunk."""
    file.seek(0)
    start, kept = 0, b""
    while chunk := file.read(_CHUNK):
        window = kept + chunk
        at = window.find(needle)
        while at >= 0:
            yield start + at
            at = window.find(needle, at + 1)
        kept = window[-(len(needle) - 1) :]
        start += len(window) - len(kept)
