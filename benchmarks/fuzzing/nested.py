"""The pieces of containers that nest: boxes, elements, chunks; each ends where it stops making sense."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from benchmarks.fuzzing.piece import Piece

_LEVELS = 20
"""How deep pieces within each other are followed."""

_BOXES = frozenset(b"moov trak mdia minf stbl dinf edts udta mvex moof traf tref gmhd meta iprp ipco".split())


def boxes(content: bytes, start: int = 0, end: int | None = None, levels: int = _LEVELS) -> Iterator[Piece]:
    """Boxes of MP4, QuickTime and AVIF (ISO 14496-12, 4.2)."""
    end = len(content) if end is None else end
    while start + 8 <= end:
        length, kind = struct.unpack_from(">I4s", content, start)
        if length < 8 or start + length > end:
            return
        yield Piece(start, start + 8, start + length, (start, 4))
        if kind in _BOXES and levels:
            skipped = 12 if kind == b"meta" and content[start + 8 : start + 12] == bytes(4) else 8
            yield from boxes(content, start + skipped, start + length, levels - 1)
        start += length


_MASTERS = frozenset(
    bytes.fromhex(text)
    for text in [
        "1a45dfa3",
        "18538067",
        "114d9b74",
        "4dbb",
        "1549a966",
        "1654ae6b",
        "ae",
        "e0",
        "e1",
        "55b0",
        "55d0",
        "6d80",
        "6240",
        "1c53bb6b",
        "bb",
        "b7",
        "1f43b675",
        "a0",
        "1043a770",
        "45b9",
        "b6",
        "80",
        "1941a469",
        "61a7",
        "1254c367",
        "7373",
        "63c0",
        "67c8",
    ]
)


def elements(content: bytes, start: int = 0, end: int | None = None, levels: int = _LEVELS) -> Iterator[Piece]:
    """Elements of Matroska and WebM (RFC 8794, 4 to 6)."""
    end = len(content) if end is None else end
    while start + 2 <= end:
        size_at = start + 9 - content[start].bit_length()
        if content[start] == 0 or size_at >= end or content[size_at] == 0:
            return
        width = 9 - content[size_at].bit_length()
        body = size_at + width
        length = int.from_bytes(content[size_at:body]) & ((1 << 7 * width) - 1)
        stop = end if length == (1 << 7 * width) - 1 else body + length
        if stop > end:
            return
        yield Piece(start, body, stop, (size_at, width), "ebml")
        if content[start:size_at] in _MASTERS and levels:
            yield from elements(content, body, stop, levels - 1)
        start = stop


def chunks(content: bytes, start: int = 0, end: int | None = None, levels: int = _LEVELS) -> Iterator[Piece]:
    """Chunks of AVI and WebP (RIFF)."""
    end = len(content) if end is None else end
    while start + 8 <= end:
        kind, length = struct.unpack_from("<4sI", content, start)
        stop = min(start + 8 + length + length % 2, end)
        yield Piece(start, start + 8, stop, (start + 4, 4), "little")
        if kind in (b"RIFF", b"LIST") and levels:
            yield from chunks(content, start + 12, stop, levels - 1)
        elif kind == b"ANMF" and levels:
            yield from chunks(content, start + 24, stop, levels - 1)
        start = stop
