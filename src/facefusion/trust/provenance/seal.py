"""A seal over every byte of a signed file.

C2PA hashes the content, and leaves room: padding behind the signature, the file type of an MP4, names of boxes. A
byte changed there is not noticed by a reader that keeps to the specification. So a key is made for each file, its
public half is put into the signed manifest, and its private half signs the SHA-256 of the whole file and is forgotten.
The signature takes some of the padding in the unprotected header of the manifest's COSE signature (RFC 9052), under a
name of our own, which other readers pass over. While the file is hashed the 64 bytes of the signature count as zeros,
and so does the checksum of the PNG chunk that holds them, which is checked by itself.
"""

from __future__ import annotations

import hashlib
from typing import BinaryIO, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from facefusion.trust.provenance.checksum import Checksum, checksum_over
from facefusion.trust.provenance.facts import NAMESPACE
from facefusion.trust.provenance.pieces import pieces, places_of

_NAME: Final = f"{NAMESPACE}.seal".encode()
_HEAD: Final = bytes((0x60 + len(_NAME),)) + _NAME + b"\x58\x40"  # CBOR: a text of this length, then 64 bytes
_SIGNATURE: Final = 64
_ENTRY: Final = len(_HEAD) + _SIGNATURE
_PAD: Final = b"\xa1\x63pad\x59"  # CBOR: a map of one entry, `pad`, whose value has a length of two bytes
_CONTEXT: Final = b"facefusion seal 1\0"
_BEFORE: Final = 32
_LEAST_ROOM: Final = 256  # CBOR writes a shorter length in another way
_MOST: Final = 8
_TRACES: Final = (_HEAD, b"jumdc2pa", b"c2pa.assertions")


class NoRoomError(Exception):
    """The padding is not where it should be, or the form of the file cuts it up."""


def place_seal(file: BinaryIO, manifest: bytes, key: Ed25519PrivateKey) -> None:
    """Seal a file that has just been signed.

    Args:
        file: open for reading and writing.
        manifest: as the C2PA library returned it; the last in it is the one that was signed.
        key: whose public half stands in the manifest.

    Raises:
        NoRoomError: the seal cannot be placed here; it can after the manifest was made a little longer.
        OSError: the file cannot be read or written.
    """
    at = manifest.rfind(_PAD)
    if at < _BEFORE:
        raise NoRoomError
    header = manifest[at : at + len(_PAD) + 2]
    places = list(places_of(manifest[at - _BEFORE : at] + header, file))
    room = int.from_bytes(header[-2:]) - _ENTRY
    if not places or room < _LEAST_ROOM:
        raise NoRoomError
    _write_entry(file, places[-1] + _BEFORE, header, room)
    place = places[-1] + _BEFORE + 1 + len(_HEAD)
    checksum = checksum_over(file, place)
    _write(file, place, key.sign(_message(file, place, checksum)))
    if checksum is not None:
        _write(file, checksum.place, checksum.computed(file))


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
    places = [place + len(_HEAD) for place in places_of(_HEAD, file)]
    return any(_holds_at(file, public, place) for place in reversed(places[-_MOST:]))


def is_trace(file: BinaryIO) -> bool:
    """Return whether a file that seems to bear no manifest once had one: remains of it are still there."""
    return any(True for needle in _TRACES for _ in places_of(needle, file))


def _holds_at(file: BinaryIO, public: Ed25519PublicKey, place: int) -> bool:
    checksum = checksum_over(file, place)
    if checksum is not None and not checksum.is_right(file):
        return False
    file.seek(place)
    signature = file.read(_SIGNATURE)
    try:
        public.verify(signature, _message(file, place, checksum))
    except InvalidSignature:
        return False
    return True


def _write_entry(file: BinaryIO, at: int, header: bytes, room: int) -> None:
    """Put the seal, still without its signature, before the padding, and shorten that by as much."""
    file.seek(at)
    if file.read(len(header) + _ENTRY) != header + bytes(_ENTRY):
        raise NoRoomError
    _write(file, at, b"\xa2" + _HEAD + bytes(_SIGNATURE) + _PAD[1:] + room.to_bytes(2))


def _write(file: BinaryIO, at: int, data: bytes) -> None:
    file.seek(at)
    file.write(data)
    file.flush()


def _message(file: BinaryIO, place: int, checksum: Checksum | None) -> bytes:
    """Return what is signed: the digest of the file, in which what the signature changes is zeros."""
    gaps = [(place, _SIGNATURE), *([] if checksum is None else [(checksum.place, checksum.LENGTH)])]
    digest, start = hashlib.sha256(), 0
    for gap, length in sorted(gaps):
        for piece in pieces(file, start, gap):
            digest.update(piece)
        digest.update(bytes(length))
        start = gap + length
    for piece in pieces(file, start):
        digest.update(piece)
    return _CONTEXT + digest.digest()
