"""Marks in MP4 and QuickTime: the AIGC object among the named values of the index, XMP in a box of its own.

Nothing is encoded anew, and what need not move stays where it is: a packet of XMP is appended to MP4; an index that has
grown takes the place of free room behind it, or moves what lies behind it, or goes to the end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import IO

from facefusion.trust.metadata import movie
from facefusion.trust.metadata.bits import size_of, taken
from facefusion.trust.metadata.boxes import XMP_UUID, Box, boxes, made
from facefusion.trust.metadata.splice import Edit
from facefusion.trust.metadata.xmp import LARGEST_PACKET

_LARGEST_INDEX = 1 << 30
_LARGEST_META = 1 << 20
_SMALL = frozenset((b"free", b"skip", b"uuid", b"udta"))  # what may lie behind an index at the end
_SMALL_TAIL = 1 << 26  # bytes behind an index that are written anew with it


def read_packet(file: IO[bytes]) -> bytes:
    """Return the XMP packet of an MP4 or QuickTime file; empty where it has none.

    Raises:
        ValueError: the file is damaged.
    """
    top = list(boxes(file, 0, size_of(file)))
    if (box := _packet_box(file, top)) is not None:
        return taken(file, box.inner + 16, box.end - box.inner - 16, most=LARGEST_PACKET)
    return movie.packet_in(_named(file, top))


def read_aigc(file: IO[bytes]) -> str:
    """Return the AIGC object of an MP4 or QuickTime file, as JSON; empty where it has none.

    Raises:
        ValueError: the file is damaged.
    """
    return movie.aigc_in(_named(file, list(boxes(file, 0, size_of(file)))))


def mark_edits(file: IO[bytes], make: Callable[[bytes], bytes], aigc: str) -> list[Edit]:
    """Return what changes when an MP4 or QuickTime file gets marks.

    Args:
        file: the finished file.
        make: makes the XMP packet of the one that the file has.
        aigc: the AIGC object as JSON.

    Raises:
        ValueError: the file is damaged, in fragments, or has no end.
    """
    size = size_of(file)
    top = list(boxes(file, 0, size))
    index = next((box for box in top if box.kind == b"moov"), None)
    if index is None or any(box.kind == b"moof" for box in top) or taken(file, top[-1].start, 4, most=4) == bytes(4):
        raise ValueError("it has no index, is in fragments, or has no end")
    is_quicktime = taken(file, 4, 8, most=8) == b"ftypqt  " or top[0].kind != b"ftyp"
    content = taken(file, index.inner, index.end - index.inner, most=_LARGEST_INDEX)
    new = movie.with_aigc(content, aigc)
    if is_quicktime:
        return _index_edits(file, top, index, movie.with_packet(new, make))
    old = _packet_box(file, top)
    before = b"" if old is None else taken(file, old.inner + 16, old.end - old.inner - 16, most=LARGEST_PACKET)
    packet = make(before)
    if packet == before:
        return _index_edits(file, top, index, new)
    return _index_edits(file, top, index, new, last=made(b"uuid", XMP_UUID, packet), old=old)


def _index_edits(
    file: IO[bytes], top: list[Box], index: Box, content: bytes, *, last: bytes = b"", old: Box | None = None
) -> list[Edit]:
    """Return what changes when a file gets another index, and a box at its end in the place of an old one."""
    size = size_of(file)
    behind = [box for box in top if box.start >= index.end]
    new = made(b"moov", content)
    growth = len(new) - (index.end - index.start)
    is_same = new == taken(file, index.start, index.end - index.start, most=_LARGEST_INDEX + 16)
    if not is_same and all(box.kind in _SMALL for box in behind) and size - index.end <= _SMALL_TAIL:
        kept = (taken(file, box.start, box.end - box.start, most=_SMALL_TAIL) for box in behind if box is not old)
        return [Edit(index.start, size, new + b"".join(kept) + last)]
    ending = []
    if last:
        is_last = old is not None and old.end == size
        ending.append(Edit(old.start if old is not None and is_last else size, size, last))
        if old is not None and not is_last:
            ending.append(Edit(old.start + 4, old.start + 8, b"free"))
    if is_same:
        return ending
    room = _room(top, index)
    if room == growth or room - growth >= 8:
        free = made(b"free", bytes(room - growth - 8)) if room > growth else b""
        return [Edit(index.start, index.end + room, new + free), *ending]
    try:
        new = made(b"moov", movie.moved(content, index.end, growth))
    except OverflowError:
        return [Edit(index.start + 4, index.start + 8, b"free"), *ending[1:], _appended(ending, size, new)]
    return [Edit(index.start, index.end, new), *ending]


def _appended(ending: list[Edit], size: int, new: bytes) -> Edit:
    """Return what changes at the end of a file when an index comes there too."""
    return replace(ending[0], content=new + ending[0].content) if ending else Edit(size, size, new)


def _room(top: list[Box], index: Box) -> int:
    """Return how many bytes of free room follow an index."""
    place = index.end
    for box in top:
        if box.start == place and box.kind == b"free":
            place = box.end
    return place - index.end


def _packet_box(file: IO[bytes], top: list[Box]) -> Box | None:
    """Return the box that holds XMP."""
    for box in top:
        if box.kind == b"uuid" and box.end - box.inner >= 16 and taken(file, box.inner, 16, most=16) == XMP_UUID:
            return box
    return None


def _named(file: IO[bytes], top: list[Box]) -> bytes:
    """Return the boxes of an index in which texts are, one after the other; its tables are passed over."""
    index = next((box for box in top if box.kind == b"moov"), None)
    if index is None:
        return b""
    inner = list(boxes(file, index.inner, index.end))
    first = (next((box for box in inner if box.kind == kind), None) for kind in (b"udta", b"meta"))
    found = [box for box in first if box is not None]
    return b"".join(taken(file, box.start, box.end - box.start, most=LARGEST_PACKET + _LARGEST_META) for box in found)
