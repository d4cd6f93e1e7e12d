"""XMP in WebP: a chunk at the end, and a flag in the extended header (RFC 9649, 2.7)."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import IO

from facefusion.trust.metadata.bits import MOST_STEPS, size_of, taken
from facefusion.trust.metadata.splice import Edit
from facefusion.trust.metadata.xmp import LARGEST_PACKET

_HAS_XMP, _HAS_ALPHA = 0x04, 0x10
_HEADER = 12
_LOSSY_START = b"\x9d\x01\x2a"
_MOST = 0xFFFFFFFE


def read_packet(file: IO[bytes]) -> bytes:
    """Return the packet of a WebP file; empty where it has none.

    Raises:
        ValueError: it is no WebP file, or breaks off.
    """
    for start, length, kind in _chunks(file):
        if kind == b"XMP ":
            return taken(file, start + 8, length, most=LARGEST_PACKET)
    return b""


def packet_edits(file: IO[bytes], make: Callable[[bytes], bytes]) -> list[Edit]:
    """Return what changes when a WebP file gets another packet, made from the one that it has.

    Raises:
        ValueError: it is no WebP file, breaks off, or grows too long.
    """
    chunks = list(_chunks(file))
    if not chunks:
        raise ValueError("it has no picture")
    first, length, kind = chunks[0]
    edits = []
    if kind == b"VP8X":
        flags = taken(file, first + 8, 1, most=1)[0]
        edits.append(Edit(first + 8, first + 9, bytes((flags | _HAS_XMP,))))
    else:
        header = _extended(taken(file, first + 8, min(length, 10), most=10), kind)
        edits.append(Edit(first, first, header))
    last, length, _ = chunks[-1]
    end = last + 8 + length + length % 2
    there = next(((start, count) for start, count, kind in chunks if kind == b"XMP "), None)
    old = b"" if there is None else taken(file, there[0] + 8, there[1], most=LARGEST_PACKET)
    start, stop = (end, end) if there is None else (there[0], there[0] + 8 + there[1] + there[1] % 2)
    content = make(old)
    chunk = b"XMP " + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)
    edits.append(Edit(start, min(stop, size_of(file)), chunk))
    size = end - 8 + sum(len(edit.content) - (edit.end - edit.start) for edit in edits)
    if size > _MOST:
        raise ValueError("it grows longer than WebP may be")
    return [Edit(4, 8, struct.pack("<I", size)), *edits]


def _chunks(file: IO[bytes]) -> Iterator[tuple[int, int, bytes]]:
    """Yield start, length of the content and kind of the chunks."""
    head = taken(file, 0, _HEADER, most=_HEADER)
    if head[:4] != b"RIFF" or head[8:] != b"WEBP":
        raise ValueError("this is no WebP")
    size = size_of(file)
    end = min(size, 8 + int.from_bytes(head[4:8], "little"))
    position = _HEADER
    for _ in range(MOST_STEPS):
        if position + 8 > end:
            return
        kind, length = struct.unpack("<4sI", taken(file, position, 8, most=8))
        if position + 8 + length > size:
            raise ValueError("the file breaks off")
        yield position, length, kind
        position += 8 + length + length % 2
    raise ValueError("it has too many parts")


def _extended(data: bytes, kind: bytes) -> bytes:
    """Return the extended header of a picture that has none: its size, and whether it has opacity."""
    if kind == b"VP8 " and len(data) == 10 and data[3:6] == _LOSSY_START:
        width, height = (value & 0x3FFF for value in struct.unpack("<HH", data[6:10]))
        flags = _HAS_XMP
    elif kind == b"VP8L" and len(data) >= 5 and data[0] == 0x2F:
        packed = int.from_bytes(data[1:5], "little")
        width, height = (packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1
        flags = _HAS_XMP | (_HAS_ALPHA if packed >> 28 & 1 else 0)
    else:
        raise ValueError("it has no picture")
    sides = b"".join(int(side - 1).to_bytes(3, "little") for side in (width, height))
    return b"VP8X" + struct.pack("<I", 10) + bytes((flags, 0, 0, 0)) + sides
