"""XMP in PNG and animated PNG: an iTXt chunk (ISO 16684-3, 10)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from itertools import islice
from typing import IO

from facefusion.trust.metadata.bits import MOST_STEPS, taken
from facefusion.trust.metadata.splice import Edit
from facefusion.trust.metadata.xmp import LARGEST_PACKET

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_KEYWORD = b"XML:com.adobe.xmp\0"
_MOST_PACKETS = 4  # of which all but the first are taken out
_FRAME = 12  # length, kind and checksum


def read_packet(file: IO[bytes]) -> bytes:
    """Return the packet of a PNG file; empty where it has none.

    Raises:
        ValueError: it is no PNG file, or breaks off.
    """
    return next((packet for _, _, packet in _packets(file)), b"")


def packet_edits(file: IO[bytes], make: Callable[[bytes], bytes]) -> list[Edit]:
    """Return what changes when a PNG file gets another packet, made from the one that it has.

    The packet comes before the pixels, where viewers look for it.

    Raises:
        ValueError: it is no PNG file, or breaks off.
    """
    found = list(islice(_packets(file), _MOST_PACKETS)) or [_place(file)]
    start, end, old = found[0]
    content = b"iTXt" + _KEYWORD + bytes(4) + make(old)
    chunk = struct.pack(">I", len(content) - 4) + content + struct.pack(">I", zlib.crc32(content))
    return [Edit(start, end, chunk), *(Edit(*each[:2], b"") for each in found[1:])]


def _packets(file: IO[bytes]) -> Iterator[tuple[int, int, bytes]]:
    """Yield start, end and packet of the chunks that hold one."""
    for start, end, kind in _chunks(file):
        if kind == b"iTXt" and taken(file, start + 8, len(_KEYWORD), most=len(_KEYWORD)) == _KEYWORD:
            inner = start + 8 + len(_KEYWORD)
            yield start, end, _text(taken(file, inner, end - 4 - inner, most=LARGEST_PACKET))


def _place(file: IO[bytes]) -> tuple[int, int, bytes]:
    """Return where a packet belongs, twice, and that there is none."""
    place = next((start for start, _, kind in _chunks(file) if kind in (b"IDAT", b"IEND")), 0)
    if not place:
        raise ValueError("it has no pixels")
    return place, place, b""


def _chunks(file: IO[bytes]) -> Iterator[tuple[int, int, bytes]]:
    """Yield start, end and kind of the chunks."""
    if taken(file, 0, 8, most=8) != _SIGNATURE:
        raise ValueError("this is no PNG")
    position, kind = 8, b""
    for _ in range(MOST_STEPS):
        if kind == b"IEND":
            return
        length, kind = struct.unpack(">I4s", taken(file, position, 8, most=8))
        if kind == b"iTXt" and length < len(_KEYWORD) + 4:
            kind = b""
        yield position, position + _FRAME + length, kind
        position += _FRAME + length


def _text(content: bytes) -> bytes:
    """Return the text of an iTXt chunk, of which the keyword is gone."""
    is_compressed = content[:1] == b"\1"
    parts = content[2:].split(b"\0", 2)
    if len(parts) != 3:
        return b""
    if not is_compressed:
        return parts[2]
    try:
        return zlib.decompressobj().decompress(parts[2], LARGEST_PACKET)
    except zlib.error:
        return b""
