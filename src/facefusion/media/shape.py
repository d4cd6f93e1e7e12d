"""Telling Matroska the shape of pixels.

libav's muxer writes the shape that its stream has, and there is no way to give the stream one. So room is left in the
header (in the name of the track, which nothing refers to by its place), and when the file is finished the track's entry
is written anew into the same number of bytes.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from fractions import Fraction
from typing import IO

from facefusion.media.ebml import children, element, find

ROOM = " " * 96
"""Appended to the name of the track of moving pictures."""

_HEAD = 1 << 20
_SEGMENT, _TRACKS, _TRACK, _TYPE, _NAME, _VIDEO = 0x18538067, 0x1654AE6B, 0xAE, 0x83, 0x536E, 0xE0
_WIDTH, _HEIGHT, _UNIT = 0x54B0, 0x54BA, 0x54B2
_CRC, _VOID = 0xBF, 0xEC
_PIXELS, _RATIO = 0, 3
_MOVING = 1


def tell_shape(file: IO[bytes], size: tuple[int, int], aspect: Fraction) -> None:
    """Write the shape of pixels into a finished Matroska file whose picture track's name ends with `ROOM`.

    Args:
        file: open for reading and writing.
        size: width and height of the pictures in pixels.
        aspect: width of a pixel over its height.

    Raises:
        ValueError: this is no such file.
        OSError: it cannot be read or written.
    """
    head = file.read(_HEAD)
    segment, _ = find(head, _SEGMENT, 0, len(head))
    start, end = find(head, _TRACKS, segment, len(head))
    tracks = _told(head[start:end], _display(size, aspect))
    file.seek(start)
    file.write(tracks)


def _told(tracks: bytes, display: bytes) -> bytes:
    """Return the content of a list of tracks, as long as it was, with the display size in that of moving pictures."""
    made = [
        element(number, _entry(content, display)) if number == _TRACK and _is_moving(content) else whole
        for number, content, whole in children(tracks)
        if number != _CRC
    ]
    has_crc = next(children(tracks))[0] == _CRC
    body = b"".join(made)
    body += _void(len(tracks) - len(body) - (6 if has_crc else 0))
    if has_crc:
        body = bytes((_CRC, 0x84)) + zlib.crc32(body).to_bytes(4, "little") + body
    return body


def _entry(content: bytes, display: bytes) -> bytes:
    """Return the content of a track's entry with the room taken from its name and the display size in its picture."""
    return b"".join(_entry_parts(content, display))


def _entry_parts(content: bytes, display: bytes) -> Iterator[bytes]:
    for number, value, whole in children(content):
        if number == _VIDEO:
            kept = (part for inner, _, part in children(value) if inner not in (_WIDTH, _HEIGHT, _UNIT))
            yield element(_VIDEO, b"".join(kept) + display)
        elif number == _NAME:
            name = value.decode("utf-8", "replace").removesuffix(ROOM)
            yield element(_NAME, name.encode()) if name else b""
        else:
            yield whole


def _display(size: tuple[int, int], aspect: Fraction) -> bytes:
    """Return the elements of the display size: in pixels where those are whole, else as a ratio, which is exact."""
    width, height = size
    wide = width * aspect
    unit = _PIXELS
    if wide.denominator != 1:
        ratio = wide / height
        unit, wide, height = _RATIO, Fraction(ratio.numerator), ratio.denominator
    values = ((_WIDTH, int(wide)), (_HEIGHT, height), (_UNIT, unit))
    return b"".join(element(number, value.to_bytes(max(1, (value.bit_length() + 7) // 8))) for number, value in values)


def _void(length: int) -> bytes:
    """Return an element that says nothing, of so many bytes.

    Raises:
        ValueError: there is no room.
    """
    if length == 0:
        return b""
    if length < 9:
        raise ValueError("there is no room for the shape of pixels")
    return element(_VOID, bytes(length - 9))


def _is_moving(content: bytes) -> bool:
    return any(number == _TYPE and int.from_bytes(value) == _MOVING for number, value, _ in children(content))
