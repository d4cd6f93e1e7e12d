"""XMP in JPEG: an APP1 segment (ISO 16684-3, 7)."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from itertools import islice
from typing import IO

from facefusion.trust.metadata.bits import MOST_STEPS, taken
from facefusion.trust.metadata.splice import Edit

_NAME = b"http://ns.adobe.com/xap/1.0/\0"
_EXIF = b"Exif\0"
_LARGEST = 65_533
_MOST_PACKETS = 16  # of which all but the first are taken out
_APP0, _APP1 = 0xE0, 0xE1
_SOS, _EOI = 0xDA, 0xD9
_ALONE = frozenset((0x01, *range(0xD0, 0xD9)))


def read_packet(file: IO[bytes]) -> bytes:
    """Return the packet of a JPEG file; empty where it has none.

    Raises:
        ValueError: it is no JPEG file.
    """
    return next((packet for _, _, packet in _packets(file)), b"")


def packet_edits(file: IO[bytes], make: Callable[[bytes], bytes]) -> list[Edit]:
    """Return what changes when a JPEG file gets another packet, made from the one that it has.

    The packet comes behind JFIF and EXIF, which must be the first.

    Raises:
        ValueError: it is no JPEG file, or the packet is too long for a segment.
    """
    found = list(islice(_packets(file), _MOST_PACKETS)) or [_place(file)]
    start, end, old = found[0]
    content = _NAME + make(old)
    if len(content) > _LARGEST:
        raise ValueError("its metadata are longer than JPEG holds")
    more = (Edit(*each[:2], b"") for each in found[1:])
    return [Edit(start, end, struct.pack(">BBH", 0xFF, _APP1, len(content) + 2) + content), *more]


def _packets(file: IO[bytes]) -> Iterator[tuple[int, int, bytes]]:
    """Yield start, end and packet of the segments that hold one."""
    for start, end, marker in _segments(file):
        inner = start + 4 + len(_NAME)
        if marker == _APP1 and inner <= end and taken(file, start + 4, len(_NAME), most=len(_NAME)) == _NAME:
            yield start, end, taken(file, inner, end - inner, most=_LARGEST)


def _place(file: IO[bytes]) -> tuple[int, int, bytes]:
    """Return where a packet belongs, twice, and that there is none."""
    place = 2
    for start, end, marker in _segments(file):
        is_exif = marker == _APP1 and taken(file, start + 4, min(5, end - start - 4), most=5) == _EXIF
        if marker == _APP0 or is_exif:
            place = end
    return place, place, b""


def _segments(file: IO[bytes]) -> Iterator[tuple[int, int, int]]:
    """Yield start, end and marker of the segments before the picture."""
    if taken(file, 0, 2, most=2) != b"\xff\xd8":
        raise ValueError("this is no JPEG")
    position = 2
    for _ in range(MOST_STEPS):
        lead, marker = taken(file, position, 2, most=2)
        if lead != 0xFF or marker in (_SOS, _EOI):
            return
        if marker == 0xFF or marker in _ALONE:
            position += 1 if marker == 0xFF else 2
            continue
        length = int.from_bytes(taken(file, position + 2, 2, most=2))
        if length < 2:
            return
        yield position, position + 2 + length, marker
        position += 2 + length
