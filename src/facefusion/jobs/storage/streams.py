"""Bytes on their way into a storage and out of it, a piece at a time."""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from facefusion.errors import InputMissingError, InputTypeError, OptionsError, StorageDamagedError
from facefusion.jobs.storage.base import Stored
from facefusion.jobs.storage.retrying import stop_if
from facefusion.media.faults import HIDDEN, writing

PIECE: Final = 1 << 20
"""Bytes in a piece."""


@dataclass(frozen=True, slots=True)
class Stream:
    """What is put into a storage.

    Attributes:
        size: bytes that it has.
        pieces: begins to yield them, from the start each time it is called.
        sha256: their digest where it is known beforehand.
    """

    size: int
    pieces: Callable[[], Iterator[bytes]]
    sha256: str | None = None


class Tally:
    """Size and digest of what passed."""

    __slots__ = ("_digest", "size")

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self.size = 0

    def passing(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """Yield pieces as they are; counting begins anew."""
        self._digest, self.size = hashlib.sha256(), 0
        for piece in pieces:
            self._digest.update(piece)
            self.size += len(piece)
            yield piece

    @property
    def sha256(self) -> str:
        """Digest of what has passed so far, in hexadecimal digits."""
        return self._digest.hexdigest()


@contextmanager
def source_of(path: Path) -> Iterator[BinaryIO]:
    """Yield a file that is read.

    Raises:
        InputMissingError: it cannot be opened.
        InputTypeError: it is no file.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except OSError as error:
        raise InputMissingError(f"{path} cannot be read: {error.strerror or error}", "Check its name") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise InputTypeError(f"{path} is not a file", "Name a file")
    with os.fdopen(descriptor, "rb") as file:
        yield file


def stream_of(file: BinaryIO, cancel: threading.Event | None, sha256: str | None = None) -> Stream:
    """Return a file, of the size that it has now, as what is put into a storage; one that grows is not followed."""

    def pieces() -> Iterator[bytes]:
        sent = file.seek(0)
        while sent <= size and (piece := file.read(PIECE)):
            stop_if(cancel)
            sent += len(piece)
            yield piece

    size = os.fstat(file.fileno()).st_size
    return Stream(size, pieces, sha256)


def stream_of_bytes(data: bytes) -> Stream:
    """Return bytes as what is put into a storage."""
    return Stream(len(data), lambda: iter((data,)), hashlib.sha256(data).hexdigest())


def check_range(start: int, end: int | None) -> None:
    """Find out whether a range may be one.

    Raises:
        OptionsError: it begins before the first byte, or ends before it begins.
    """
    if start < 0 or (end is not None and end < start):
        raise OptionsError(f"Bytes {start} to {end} are no range", "Begin at 0 or later, and end after that")


def check_sent(sent: int, stream: Stream) -> None:
    """Find out whether a stream was as long as it said.

    Raises:
        StorageDamagedError: it was not.
    """
    if sent != stream.size:
        raise StorageDamagedError(
            f"The file changed while it was stored: {sent} bytes came where it had {stream.size}", "Store it again"
        )


def write_out(pieces: Iterator[bytes], to: Path, known: Stored, cancel: threading.Event | None) -> None:
    """Write pieces to a file that appears when all of them are there, and are what was stored.

    Args:
        pieces: bytes in order.
        to: file to write, replaced if it is there.
        known: its key for messages, its size, and its digest, which is empty where it is not known.
        cancel: stops it.

    Raises:
        StorageDamagedError: size or digest is another.
        OutputUnwritableError, DiskFullError: the file cannot be written.
        CancelledError: `cancel` was set.
    """
    part = to.with_name(f"{HIDDEN}{secrets.token_hex(8)}.part")
    tally = Tally()
    try:
        with writing(to):
            file = os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
        with file:
            for piece in tally.passing(pieces):
                stop_if(cancel)
                with writing(to):
                    file.write(piece)
            with writing(to):
                file.flush()
        check_known(tally, known)
        with writing(to):
            part.replace(to)
    finally:
        with writing(to):
            part.unlink(missing_ok=True)


def check_known(tally: Tally, known: Stored) -> None:
    """Find out whether what came is what was stored.

    Raises:
        StorageDamagedError: it is not.
    """
    if tally.size != known.size:
        raise damaged(known.address, f"{tally.size} bytes came where {known.size} were stored")
    if known.sha256 and tally.sha256 != known.sha256:
        raise damaged(known.address, "its digest is another")


def damaged(key: str, why: str) -> StorageDamagedError:
    """Return the error for a file that is not what was stored."""
    return StorageDamagedError(f"{key!r} is not what was put into the storage: {why}", "Make or upload it again")
