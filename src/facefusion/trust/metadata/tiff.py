"""XMP in TIFF and BigTIFF: tag 700 (ISO 16684-3, 13)."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Self

from facefusion.trust.metadata.bits import size_of, taken
from facefusion.trust.metadata.splice import Edit
from facefusion.trust.metadata.xmp import LARGEST_PACKET

_TAG, _BYTE = 700, 1
_MOST_ENTRIES = 4096
_WIDTHS = {1: 1, 2: 1, 3: 2, 4: 4, 6: 1, 7: 1}  # bytes of a value, by type


@dataclass(frozen=True, slots=True)
class _Layout:
    """How numbers lie in a file: in which order, and how wide.

    Attributes:
        order: `<` or `>`.
        is_big: whether it is BigTIFF, whose places have 64 bits.
    """

    order: str
    is_big: bool

    @classmethod
    def of(cls, file: IO[bytes]) -> Self:
        """Read the header.

        Raises:
            ValueError: it is no TIFF file.
        """
        head = taken(file, 0, 4, most=4)
        order = {b"II": "<", b"MM": ">"}.get(head[:2], "")
        version = struct.unpack(f"{order}H", head[2:])[0] if order else 0
        if version not in (42, 43):
            raise ValueError("this is no TIFF")
        return cls(order, version == 43)

    @property
    def place(self) -> str:
        """Format of a place in the file."""
        return self.order + ("Q" if self.is_big else "I")

    @property
    def count(self) -> str:
        """Format of the number of entries."""
        return self.order + ("Q" if self.is_big else "H")

    @property
    def entry(self) -> str:
        """Format of an entry: tag, type, number of values, and where they are."""
        return self.order + ("HHQQ" if self.is_big else "HHII")

    @property
    def pointer(self) -> int:
        """Where the place of the first directory stands."""
        return 8 if self.is_big else 4


def read_packet(file: IO[bytes]) -> bytes:
    """Return the packet of a TIFF file; empty where it has none.

    Raises:
        ValueError: it is no TIFF file, or breaks off.
    """
    layout = _Layout.of(file)
    return _packet(file, layout, _entries(file, layout)[0])


def packet_edits(file: IO[bytes], make: Callable[[bytes], bytes]) -> list[Edit]:
    """Return what changes when a TIFF file gets another packet, made from the one that it has.

    The packet is appended, and behind it the directory with an entry for it, to which the header then points.

    Raises:
        ValueError: it is no TIFF file, breaks off, or grows too long.
    """
    layout = _Layout.of(file)
    entries, after = _entries(file, layout)
    content = make(_packet(file, layout, entries))
    size = size_of(file)
    start = size + size % 2
    directory = start + len(content) + len(content) % 2
    entries[_TAG] = struct.pack(layout.entry, _TAG, _BYTE, len(content), start)
    body = struct.pack(layout.count, len(entries)) + b"".join(entries[tag] for tag in sorted(entries)) + after
    if not layout.is_big and directory + len(body) > 0xFFFFFFFF:
        raise ValueError("it grows longer than TIFF may be")
    appended = b"\0" * (size % 2) + content + b"\0" * (len(content) % 2) + body
    pointer = Edit(layout.pointer, layout.pointer + len(after), struct.pack(layout.place, directory))
    return [pointer, Edit(size, size, appended)]


def _entries(file: IO[bytes], layout: _Layout) -> tuple[dict[int, bytes], bytes]:
    """Return the entries of the first directory by tag, and the bytes that point to the next."""
    wide, counted, each = (struct.calcsize(form) for form in (layout.place, layout.count, layout.entry))
    (start,) = struct.unpack(layout.place, taken(file, layout.pointer, wide, most=wide))
    (count,) = struct.unpack(layout.count, taken(file, start, counted, most=counted))
    if count > _MOST_ENTRIES:
        raise ValueError("its directory is too long")
    body = taken(file, start + counted, count * each + wide, most=_MOST_ENTRIES * each + wide)
    parts = (body[at : at + each] for at in range(0, count * each, each))
    return {struct.unpack(layout.order + "H", part[:2])[0]: part for part in parts}, body[count * each :]


def _packet(file: IO[bytes], layout: _Layout, entries: dict[int, bytes]) -> bytes:
    """Return what the entry of the packet points to."""
    if _TAG not in entries:
        return b""
    _, kind, count, start = struct.unpack(layout.entry, entries[_TAG])
    return taken(file, start, count * _WIDTHS.get(kind, 1), most=LARGEST_PACKET)
