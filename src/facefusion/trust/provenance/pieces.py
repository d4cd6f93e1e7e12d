"""Files of any length, read in pieces."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, Final

_PIECE: Final = 1 << 20


def pieces(file: BinaryIO, start: int, end: int | None = None) -> Iterator[bytes]:
    """Yield the bytes from `start` to before `end`, or to the end of the file, a megabyte at a time.

    Raises:
        OSError: the file cannot be read.
    """
    file.seek(start)
    left = end - start if end is not None else None
    while piece := file.read(_PIECE if left is None else min(_PIECE, left)):
        yield piece
        left = None if left is None else left - len(piece)


def places_of(needle: bytes, file: BinaryIO) -> Iterator[int]:
    """Yield where some bytes stand in a file.

    Raises:
        OSError: the file cannot be read.
    """
    start, kept = 0, b""
    for piece in pieces(file, 0):
        window = kept + piece
        at = window.find(needle)
        while at >= 0:
            yield start + at
            at = window.find(needle, at + 1)
        kept = window[len(window) - len(needle) + 1 :]
        start += len(window) - len(kept)
