"""Envelope encryption of stored media: AES-256-GCM in chunks, under a key of the file's own, wrapped by the customer's.

The file begins with a header of 80 bytes:

    20  what it is: "FACEFUSION SEALED 1" and a line feed
     4  bytes in a chunk, big endian
    16  which key it was wrapped by: the first bytes of HMAC-SHA256(key, "facefusion sealed key")
    40  the file's own key, wrapped (AES key wrap, RFC 3394)

Chunks follow, each with its tag of 16 bytes. The nonce is the chunk's number (11 bytes) and whether it is the last (1),
the header is associated data (the STREAM construction: Hoang, Reyhanitabar, Rogaway, Vizár, CRYPTO 2015). So a chunk
that is altered, missing, doubled, moved or taken from another file is found, and so is an end that was cut off.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final, NoReturn

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from facefusion.errors import InputDamagedError, InputMissingError, InputTypeError, OutputExistsError, SecretError
from facefusion.media.faults import HIDDEN, writing
from facefusion.trust.keys.file import read_private, write_private

_MAGIC: Final = b"FACEFUSION SEALED 1\n"
_KEY_BYTES: Final = 32
_ID_BYTES: Final = 16
_WRAPPED_BYTES: Final = 40
_SIZE_BYTES: Final = 4
HEADER_BYTES: Final = len(_MAGIC) + _SIZE_BYTES + _ID_BYTES + _WRAPPED_BYTES
"""Bytes before the first chunk."""
_TAG_BYTES: Final = 16
_CHUNK: Final = 1 << 20
_LARGEST_CHUNK: Final = 16 << 20


def encrypted(source: Path, target: Path, key: bytes) -> None:
    """Encrypt a file; the other appears whole or not at all, for its owner alone. A chunk of it is in memory at a time.

    Args:
        source: file to read.
        target: file to write, replaced if it is there; it may be `source` itself.
        key: of the customer, 32 bytes.

    Raises:
        InputMissingError: `source` cannot be read.
        InputTypeError: it is encrypted already.
        OutputError: `target` cannot be written.
    """
    if is_encrypted(source):
        raise InputTypeError(f"{source} is encrypted already", "Decrypt it first to encrypt it with another key")
    with _opened(source) as file, _in_place(target) as output:
        for piece in sealed(_chunks(file, _CHUNK), key):
            output.write(piece)


def decrypted(source: Path, target: Path, key: bytes) -> None:
    """Decrypt a file; the other appears only if all of it is as it was encrypted.

    Args:
        source: file to read.
        target: file to write, replaced if it is there.
        key: of the customer, 32 bytes.

    Raises:
        InputMissingError: `source` cannot be read.
        InputTypeError: it was not encrypted here.
        InputDamagedError: it was altered, cut off, or put together of parts.
        SecretError: it was encrypted with another key.
        OutputError: `target` cannot be written.
    """
    with _opened(source) as file:
        opener = Opener(str(source), file.read(HEADER_BYTES), key)
        with _in_place(target) as output:
            for number, chunk, is_last in _numbered(_chunks(file, opener.sealed_chunk)):
                output.write(opener.opened(number, chunk, is_last=is_last))


def sealed(pieces: Iterator[bytes], key: bytes) -> Iterator[bytes]:
    """Yield what is encrypted of some bytes, under a key of its own that the customer's wraps.

    Args:
        pieces: the bytes, in pieces of any size.
        key: of the customer, 32 bytes.
    """
    data_key = secrets.token_bytes(_KEY_BYTES)
    header = _MAGIC + _CHUNK.to_bytes(_SIZE_BYTES, "big") + _id(key) + aes_key_wrap(key, data_key)
    cipher = AESGCM(data_key)
    yield header
    for number, chunk, is_last in _numbered(joined(pieces, _CHUNK)):
        yield cipher.encrypt(_nonce(number, is_last), chunk, header)


def sealed_size(size: int) -> int:
    """Return how many bytes `sealed` makes of so many."""
    return HEADER_BYTES + size + _TAG_BYTES * max(1, -(-size // _CHUNK))


class Opener:
    """Decrypts chunks of what `sealed` made, from wherever they come, and in any order.

    Attributes:
        chunk: bytes of content in a chunk; the last has fewer, and at least one unless there are none at all.
        sealed_chunk: bytes that it takes as it lies there.
    """

    __slots__ = ("_cipher", "_header", "_name", "chunk", "sealed_chunk")

    def __init__(self, name: str, header: bytes, key: bytes) -> None:
        """Take the first bytes.

        Args:
            name: of what they are of, for messages.
            header: the first `HEADER_BYTES`.
            key: of the customer, 32 bytes.

        Raises:
            InputTypeError: it was not encrypted here.
            InputDamagedError: the header was altered or cut off.
            SecretError: it was encrypted with another key.
        """
        self._name = name
        self._header = header
        self._cipher, self.chunk = _unwrapped(name, header, key)
        self.sealed_chunk = self.chunk + _TAG_BYTES

    def content_size(self, size: int) -> int:
        """Return the bytes of content in so many encrypted ones, the header among them.

        Raises:
            InputDamagedError: there cannot be so many.
        """
        chunks = -(-(size - HEADER_BYTES) // self.sealed_chunk)
        content = size - HEADER_BYTES - chunks * _TAG_BYTES
        if chunks < 1 or content < 0 or (chunks > 1 and content <= (chunks - 1) * self.chunk):
            _damaged(self._name, "at its end")
        return content

    def opened(self, number: int, sealed_bytes: bytes, *, is_last: bool) -> bytes:
        """Return the content of a chunk.

        Args:
            number: of the chunk, from 0.
            sealed_bytes: as it lies there.
            is_last: whether nothing follows it.

        Raises:
            InputDamagedError: it is not the chunk that was encrypted as this one.
        """
        try:
            return self._cipher.decrypt(_nonce(number, is_last), sealed_bytes, self._header)
        except InvalidTag:
            _damaged(self._name, f"from byte {number * self.chunk} of its content on")


def joined(pieces: Iterator[bytes], size: int) -> Iterator[bytes]:
    """Yield bytes in pieces of one size; the last may be smaller."""
    kept = bytearray()
    for piece in pieces:
        kept += piece
        while len(kept) >= size:
            yield bytes(kept[:size])
            del kept[:size]
    if kept:
        yield bytes(kept)


def is_encrypted(path: Path) -> bool:
    """Return whether a file begins as encrypted ones do.

    Raises:
        InputMissingError: it cannot be read.
    """
    with _opened(path) as file:
        return file.read(len(_MAGIC)) == _MAGIC


def read_key(path: Path) -> bytes:
    """Return the customer's key: 32 bytes as they are, in hexadecimal digits or in base64.

    Raises:
        SecretError: it cannot be read, is open to others, or is none.
    """
    try:
        data = read_private(path)
    except OSError as error:
        raise SecretError(
            f"The key {path} cannot be read: {error.strerror or error}", "Make one with facefusion storage key FILE"
        ) from error
    for read in (bytes, _of_hexadecimal, _of_base64):
        if len(key := read(data)) == _KEY_BYTES:
            return key
    raise SecretError(
        f"{path} holds no key of 32 bytes, in hexadecimal digits or base64 or as they are",
        "Make one with facefusion storage key FILE",
    )


def write_key(path: Path) -> None:
    """Make a new key and write it, in hexadecimal digits, for its owner alone.

    Raises:
        OutputExistsError: there is a file already; a key is never replaced.
        OutputError: it cannot be written.
    """
    part = path.with_name(f"{HIDDEN}{secrets.token_hex(8)}.part")
    with writing(path):
        write_private(part, f"{secrets.token_hex(_KEY_BYTES)}\n".encode())
        try:
            part.rename(path) if os.name == "nt" else os.link(part, path)  # neither replaces what is there
        except FileExistsError:
            hint = "A key is never replaced: choose another name"
            raise OutputExistsError(f"{path} is there already", hint) from None
        finally:
            part.unlink(missing_ok=True)


def _unwrapped(source: str, header: bytes, key: bytes) -> tuple[AESGCM, int]:
    """Return the cipher and the size of chunks that a header tells."""
    if not header.startswith(_MAGIC):
        raise InputTypeError(f"{source} is not an encrypted file of ours", "Give one that storage encrypt has written")
    rest = header[len(_MAGIC) :]
    size, of_key = int.from_bytes(rest[:_SIZE_BYTES], "big"), rest[_SIZE_BYTES : _SIZE_BYTES + _ID_BYTES]
    if len(header) < HEADER_BYTES or not 1 <= size <= _LARGEST_CHUNK:
        _damaged(source, "in its header")
    if not hmac.compare_digest(of_key, _id(key)):
        raise SecretError(f"{source} was encrypted with another key", "Give the one it was encrypted with")
    try:
        return AESGCM(aes_key_unwrap(key, rest[-_WRAPPED_BYTES:])), size
    except InvalidUnwrap:
        _damaged(source, "in its header")


def _chunks(file: BinaryIO, size: int) -> Iterator[bytes]:
    while chunk := file.read(size):
        yield chunk


def _numbered(chunks: Iterator[bytes]) -> Iterator[tuple[int, bytes, bool]]:
    """Yield number, bytes and whether it is the last, of each chunk; there is always one, empty if need be."""
    number, chunk = 0, next(chunks, b"")
    for following in chunks:
        yield number, chunk, False
        number, chunk = number + 1, following
    yield number, chunk, True


def _nonce(number: int, is_last: bool) -> bytes:
    return number.to_bytes(11, "big") + (b"\1" if is_last else b"\0")


def _id(key: bytes) -> bytes:
    return hmac.digest(key, b"facefusion sealed key", "sha256")[:_ID_BYTES]


def _of_hexadecimal(data: bytes) -> bytes:
    try:
        return bytes.fromhex(data.decode("ascii").strip())
    except ValueError:
        return b""


def _of_base64(data: bytes) -> bytes:
    try:
        return base64.b64decode(data.strip(), validate=True)
    except binascii.Error:
        return b""


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        file = path.open("rb")
    except OSError as error:
        raise InputMissingError(f"{path} cannot be read: {error.strerror or error}", "Check its name") from error
    with file:
        yield file


@contextmanager
def _in_place(path: Path) -> Iterator[BinaryIO]:
    """Yield a file that takes the place of `path`, or of what it links to, when the block ends well."""
    with writing(path):
        path = path.resolve()
    part = path.with_name(f"{HIDDEN}{secrets.token_hex(8)}.part")
    try:
        with writing(path):
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _damaged(name: str, where: str) -> NoReturn:
    raise InputDamagedError(
        f"{name} is not as it was encrypted, {where}: it was altered, cut off or put together", "Nothing was written"
    )
