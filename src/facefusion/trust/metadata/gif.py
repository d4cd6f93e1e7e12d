"""XMP in GIF: an application extension (ISO 16684-3, 5)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import IO

from facefusion.trust.metadata.bits import MOST_STEPS, size_of, taken
from facefusion.trust.metadata.splice import Edit
from facefusion.trust.metadata.xmp import LARGEST_PACKET

_HEAD = b"\x21\xff\x0bXMP DataXMP"
# Readers that know nothing of XMP take its bytes for lengths of blocks; wherever they land, this leads them out.
_TRAILER = bytes((1, *range(255, -1, -1), 0))
_LOOP = b"\x21\xff\x0bNETSCAPE2.0"
_EXTENSION, _IMAGE, _END = 0x21, 0x2C, 0x3B


def read_packet(file: IO[bytes]) -> bytes:
    """Return the packet of a GIF file; empty where it has none.

    Raises:
        ValueError: it is no GIF file, or breaks off.
    """
    return _find(file)[2]


def packet_edits(file: IO[bytes], make: Callable[[bytes], bytes]) -> list[Edit]:
    """Return what changes when a GIF file gets another packet, made from the one that it has.

    The packet comes before the first picture, behind the extension that says how often they are shown, which must be
    the first.

    Raises:
        ValueError: it is no GIF file, or breaks off.
    """
    start, end, old = _find(file)
    edits = [Edit(start, end, _HEAD + make(old) + _TRAILER)]
    if taken(file, 0, 6, most=6) == b"GIF87a":
        edits.append(Edit(0, 6, b"GIF89a"))  # only this version has extensions
    return edits


def _find(file: IO[bytes]) -> tuple[int, int, bytes]:
    """Return where the packet's extension starts and ends, or where it belongs, and the packet."""
    place = _after_screen(file)
    for start, end in _blocks(file, place):
        head = taken(file, start, min(len(_HEAD), end - start), most=len(_HEAD))
        if head == _HEAD:
            content = taken(file, start + len(_HEAD), end - start - len(_HEAD), most=LARGEST_PACKET)
            return start, end, content.removesuffix(_TRAILER)
        if head == _LOOP and start == place:
            place = end
    return place, place, b""


def _after_screen(file: IO[bytes]) -> int:
    """Return where the blocks begin, after the header and the common palette."""
    head = taken(file, 0, 13, most=13)
    if head[:6] not in (b"GIF87a", b"GIF89a"):
        raise ValueError("this is no GIF")
    return 13 + _palette(head[10])


def _palette(packed: int) -> int:
    """Return the bytes of a palette, as the packed field before it says."""
    return 3 << (packed & 7) + 1 if packed & 0x80 else 0


def _blocks(file: IO[bytes], position: int) -> Iterator[tuple[int, int]]:
    """Yield start and end of the blocks."""
    size = size_of(file)
    for _ in range(MOST_STEPS):
        if position >= size:
            return
        kind = taken(file, position, 1, most=1)[0]
        if kind == _EXTENSION:
            inner = position + 2  # a packet is no chain of blocks, but read as one it ends with its trailer
        elif kind == _IMAGE:
            inner = position + 11 + _palette(taken(file, position + 9, 1, most=1)[0])
        else:
            return
        end = _after_blocks(file, inner)
        yield position, end
        position = end


def _after_blocks(file: IO[bytes], position: int) -> int:
    """Return where a chain of blocks ends, each with its length before it."""
    for _ in range(MOST_STEPS * 10):
        length = taken(file, position, 1, most=1)[0]
        position += 1 + length
        if not length:
            return position
    raise ValueError("a picture has too many blocks")
