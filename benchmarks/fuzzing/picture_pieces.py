"""The pieces of pictures; each ends where it stops making sense."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from benchmarks.fuzzing.piece import Order, Piece


def png(content: bytes) -> Iterator[Piece]:
    """Chunks of PNG (PNG 3rd edition, 5.3)."""
    start = 8
    while start + 12 <= len(content):
        stop = start + 12 + int.from_bytes(content[start : start + 4])
        if stop > len(content):
            return
        yield Piece(start, start + 8, stop, (start, 4))
        start = stop


def jpeg(content: bytes) -> Iterator[Piece]:
    """Marker segments; the coded picture counts to the one before it (ITU-T T.81, B.1)."""
    start = 2
    while start + 4 <= len(content) and content[start] == 0xFF:
        body = start + 2 + int.from_bytes(content[start + 2 : start + 4])
        stop = body
        while (
            stop < len(content)
            and content[start + 1] == 0xDA
            and (
                content[stop] != 0xFF
                or content[stop + 1 : stop + 2] in (b"\0", *(bytes([m]) for m in range(0xD0, 0xD8)))
            )
        ):
            stop += 1
        yield Piece(start, start + 4, min(stop, len(content)), (start + 2, 2))
        start = stop


def gif(content: bytes) -> Iterator[Piece]:
    """Blocks, and the sub-blocks within (GIF89a, 15)."""
    start = 13 + (3 << ((content[10] & 7) + 1) if content[10] & 0x80 else 0)
    while start + 2 < len(content) and content[start] in b"!,":
        if content[start] == 0x21:
            at = start + 2
        else:
            at = start + 11 + (3 << ((content[start + 9] & 7) + 1) if content[start + 9] & 0x80 else 0)
        inner = []
        while at < len(content) and content[at]:
            inner.append(Piece(at, at + 1, at + 1 + content[at], (at, 1)))
            at += 1 + content[at]
        yield Piece(start, start + 2, min(at + 1, len(content)))
        yield from (piece for piece in inner if piece.end <= len(content))
        start = at + 1


def tiff(content: bytes) -> Iterator[Piece]:
    """Entries of the directories: the number of values of each is the field (TIFF 6.0, section 2)."""
    end = "<" if content[:2] == b"II" else ">"
    order: Order = "little" if end == "<" else "big"
    is_big = struct.unpack_from(end + "H", content, 2)[0] == 43
    at, head, size, entry = (8, "Q", 8, 20) if is_big else (4, "H", 2, 12)
    start = struct.unpack_from(end + ("Q" if is_big else "I"), content, at)[0]
    for _ in range(4):
        if not 0 < start < len(content) - size:
            return
        count = struct.unpack_from(end + head, content, start)[0]
        for number in range(min(count, 64)):
            here = start + size + number * entry
            if here + entry + 8 > len(content):
                return
            yield Piece(here, here + 4, here + entry, (here + 4, 8 if is_big else 4), order)
        start = struct.unpack_from(end + ("Q" if is_big else "I"), content, start + size + count * entry)[0]
