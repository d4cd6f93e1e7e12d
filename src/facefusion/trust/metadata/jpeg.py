"""XMP in JPEG: an APP1 segment (ISO 16684-3, 7)."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import IO

from facefusion.trust.metadata.bits import MOST_STEPS, taken
from facefusion.trust.metadata.splice import Edit

_NAME = b"http://ns.adobe.com/xap/1.0/\0"
_EXIF = b"Exif\0"
_LARGEST = 65_533
_APP0, _APP1 = 0xE0, 0xE1
_SOS, _EOI = 0xDA, 0xD9
_ALONE = frozenset((0x01, *range(0xD0, 0xD9)))


def read_packet(file: IO[bytes]) -> bytes:
    """Return the packet of a JPEG file; empty where it has none.

    Raises:
        ValueError: it is no JPEG file.
    """
    return _find(file)[2]


def packet_edits(file: IO[bytes], make: Callable[[bytes], bytes]) -> list[Edit]:
    """Return what changes when a JPEG file gets another packet, made from the one that it has.

    The packet comes behind JFIF and EXIF, which must be the first.

    Raises:
        ValueError: it is no JPEG file, or the packet is too long for a segment.
    """
    start, end, old = _find(file)
    content = _NAME + make(old)
    if len(content) > _LARGEST:
        raise ValueError("its metadata are longer than JPEG holds")
    return [Edit(start, end, struct.pack(">BBH", 0xFF, _APP1, len(content) + 2) + content)]


def _find(file: IO[bytes]) -> tuple[int, int, bytes]:
    """Return where the packet's segment starts and ends, or where it belongs, and the packet."""
    place = 2
    for start, end, marker in _segments(file):
        name = taken(file, start + 4, min(len(_NAME), end - start - 4), most=len(_NAME))
        if marker == _APP1 and name == _NAME:
            inner = start + 4 + len(_NAME)
            return start, end, taken(file, inner, end - inner, most=_LARGEST)
        if marker == _APP0 or (marker == _APP1 and name.startswith(_EXIF)):
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
