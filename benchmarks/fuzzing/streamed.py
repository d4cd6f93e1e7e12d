"""The pieces of streams and of other containers; each ends where it stops making sense."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from benchmarks.fuzzing.piece import Piece


def transport(content: bytes) -> Iterator[Piece]:
    """Packets of MPEG-TS, bare or with a camera's four bytes before each (ISO 13818-1, 2.4.3)."""
    size, lead = (192, 4) if content[4] == 0x47 and content[196] == 0x47 else (188, 0)
    for start in range(0, len(content) - size + 1, size):
        yield Piece(start, start + lead + 4, start + size, (start + lead + 4, 1))


def program(content: bytes) -> Iterator[Piece]:
    """Packs and packets, from one start code to the next (ISO 13818-1, 2.5.3)."""
    starts = [at for at in range(len(content) - 4) if content[at : at + 3] == b"\0\0\1" and content[at + 3] >= 0xB9]
    for start, stop in pairwise([*starts, len(content)]):
        field = (start + 4, 2) if content[start + 3] > 0xBA and start + 6 <= stop else None
        yield Piece(start, min(start + 6, stop), stop, field)


def flash(content: bytes) -> Iterator[Piece]:
    """Tags of FLV (Adobe's specification, E.4.1)."""
    start = 9
    while start + 15 <= len(content):
        stop = start + 15 + int.from_bytes(content[start + 5 : start + 8])
        if stop > len(content):
            return
        yield Piece(start, start + 15, stop, (start + 5, 3))
        start = stop


def pages(content: bytes) -> Iterator[Piece]:
    """Pages of Ogg; the number of their segments is the field (RFC 3533, 6)."""
    start = 0
    while content[start : start + 4] == b"OggS" and start + 27 <= len(content):
        body = start + 27 + content[start + 26]
        stop = body + sum(content[start + 27 : body])
        if stop > len(content):
            return
        yield Piece(start, body, stop, (start + 26, 1))
        start = stop


_ASF_HEADER, _ASF_EXTENSION = bytes.fromhex("3026b2758e66cf11"), bytes.fromhex("b503bf5f2ea9cf11")
_LEVELS = 20


def objects(content: bytes, start: int = 0, end: int | None = None, levels: int = _LEVELS) -> Iterator[Piece]:
    """Objects of ASF (Microsoft's specification, 2.1); data packets count to theirs."""
    end = len(content) if end is None else end
    while start + 24 <= end:
        stop = start + int.from_bytes(content[start + 16 : start + 24], "little")
        if not start + 24 <= stop <= end:
            return
        yield Piece(start, start + 24, stop, (start + 16, 8), "little")
        for guid, skipped in ((_ASF_HEADER, 30), (_ASF_EXTENSION, 46)):
            if content[start : start + 8] == guid and levels:
                yield from objects(content, start + skipped, stop, levels - 1)
        start = stop


def triplets(content: bytes) -> Iterator[Piece]:
    """Keys, lengths and values of MXF (SMPTE ST 377-1, 6.3)."""
    start = 0
    while start + 17 <= len(content):
        width = 1 + (content[start + 16] & 0x7F if content[start + 16] & 0x80 else 0)
        field = (start + 16, 1) if width == 1 else (start + 17, width - 1)
        body = start + 16 + width
        stop = body + int.from_bytes(content[field[0] : sum(field)])
        if stop > len(content):
            return
        yield Piece(start, body, stop, field)
        start = stop


def blocks(content: bytes) -> Iterator[Piece]:
    """DIF blocks of DV, of 80 bytes."""
    for start in range(0, min(len(content), 80 * 200), 80):
        yield Piece(start, start + 3, start + 80)
