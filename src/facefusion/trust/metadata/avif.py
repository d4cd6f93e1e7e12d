"""XMP in AVIF: an item of the type `mime` that describes the picture (ISO 23008-12, A.3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import IO, Self

from facefusion.trust.metadata.bits import MOST_STEPS, size_of, taken
from facefusion.trust.metadata.boxes import boxes, joined, made, parts
from facefusion.trust.metadata.splice import Edit
from facefusion.trust.metadata.xmp import LARGEST_PACKET

_LARGEST_META = 1 << 24
_TYPE = b"application/rdf+xml"
_IN_FILE = 0


@dataclass(frozen=True, slots=True)
class _Extent:
    start: int
    length: int
    index: int = 0


@dataclass(frozen=True, slots=True)
class _Item:
    """Where an item lies: its number, how its places are meant, and its parts."""

    number: int
    method: int
    reference: int
    base: int
    extents: tuple[_Extent, ...]

    def moved(self, start: int, by: int) -> Self:
        """Return it for a file in which everything from a place on has moved."""
        if self.method != _IN_FILE:
            return self
        places = (self.base + extent.start for extent in self.extents)
        extents = tuple(
            replace(extent, start=place + by if place >= start else place)
            for extent, place in zip(self.extents, places, strict=True)
        )
        return replace(self, base=0, extents=extents)


def read_packet(file: IO[bytes]) -> bytes:
    """Return the packet of an AVIF file; empty where it has none.

    Raises:
        ValueError: it is no AVIF file, or is damaged.
    """
    return _packet(file, _Meta.of(file))


def packet_edits(file: IO[bytes], make: Callable[[bytes], bytes]) -> list[Edit]:
    """Return what changes when an AVIF file gets another packet, made from the one that it has.

    The packet comes at the end of the file; the list of items grows, and what lies behind it moves.

    Raises:
        ValueError: it is no AVIF file, or is damaged.
    """
    meta = _Meta.of(file)
    size = size_of(file)
    content = make(_packet(file, meta))
    number = meta.packet or max((item.number for item in meta.items), default=0) + 1
    new = meta.with_item(number, _Item(number, _IN_FILE, 0, 0, (_Extent(0, len(content)),)))
    growth = len(new) - (meta.end - meta.start)
    place = size + growth + 8
    items = [item.moved(meta.end, growth) for item in meta.items if item.number != number]
    items.append(_Item(number, _IN_FILE, 0, 0, (_Extent(place, len(content)),)))
    return [
        Edit(meta.start, meta.end, replace(meta, items=tuple(items)).with_item(number, items[-1])),
        Edit(size, size, made(b"mdat", content)),
    ]


@dataclass(frozen=True, slots=True)
class _Meta:
    """The `meta` box of a file.

    Attributes:
        start: of the box in the file.
        end: behind it.
        inner: kinds and contents of its boxes.
        items: where its items lie.
        primary: number of the picture.
        packet: number of the item that holds XMP; 0 where there is none.
    """

    start: int
    end: int
    inner: tuple[tuple[bytes, bytes], ...]
    items: tuple[_Item, ...]
    primary: int
    packet: int

    @classmethod
    def of(cls, file: IO[bytes]) -> Self:
        """Read it.

        Raises:
            ValueError: there is none, or it is damaged.
        """
        size = size_of(file)
        top = list(boxes(file, 0, size))
        box = next((box for box in top if box.kind == b"meta"), None)
        if box is None or any(other.kind == b"moov" for other in top):
            raise ValueError("it has no list of items, or moves")
        inner = tuple(parts(taken(file, box.inner, box.end - box.inner, most=_LARGEST_META)[4:]))
        found = dict(inner)
        if not {b"iloc", b"iinf", b"pitm"} <= set(found):
            raise ValueError("its list of items is not whole")
        pitm = found[b"pitm"]
        primary = int.from_bytes(pitm[4:8] if pitm[0] else pitm[4:6])
        return cls(box.start, box.end, inner, _located(found[b"iloc"]), primary, _number(found[b"iinf"]))

    def with_item(self, number: int, item: _Item) -> bytes:
        """Return the box with an item that holds XMP, listed once."""
        found = dict(self.inner)
        others = tuple(other for other in self.items if other.number != number)
        changed = {b"iloc": _iloc((*others, item))}
        if not self.packet:
            changed[b"iinf"] = _listed(found[b"iinf"], number)
            changed[b"iref"] = _described(found.get(b"iref"), number, self.primary)
        kept = [(kind, changed.pop(kind, content)) for kind, content in self.inner]
        return made(b"meta", bytes(4), joined([*kept, *changed.items()]))


def _packet(file: IO[bytes], meta: _Meta) -> bytes:
    """Return the bytes of the item that holds XMP."""
    item = next((item for item in meta.items if item.number == meta.packet), None)
    if item is None or not meta.packet or item.method not in (_IN_FILE, 1):
        return b""
    if item.method == 1:
        data = dict(meta.inner).get(b"idat", b"")
        return b"".join(data[item.base + part.start : item.base + part.start + part.length] for part in item.extents)
    read = (taken(file, item.base + part.start, part.length, most=LARGEST_PACKET) for part in item.extents[:64])
    return b"".join(read)


def _located(iloc: bytes) -> tuple[_Item, ...]:
    """Read the list of places (ISO 14496-12, 8.11.3)."""
    version = iloc[0]
    offset, length, base, index = iloc[4] >> 4, iloc[4] & 15, iloc[5] >> 4, iloc[5] & 15 if version else 0
    wide = 4 if version == 2 else 2
    reader = _Reader(iloc, 6)
    items = []
    for _ in range(reader.number(wide)):
        number = reader.number(wide)
        method = reader.number(2) & 15 if version else 0
        reference, start = reader.number(2), reader.number(base)
        extents = []
        for _ in range(reader.number(2)):
            at = reader.number(index)
            extents.append(_Extent(reader.number(offset), reader.number(length), at))
        items.append(_Item(number, method, reference, start, tuple(extents)))
    return tuple(items)


def _iloc(items: tuple[_Item, ...]) -> bytes:
    """Return the list of places, in the plainest version that holds them: readers often know no other."""
    numbers = [value for item in items for part in item.extents for value in (part.start, part.length)]
    width = 8 if max(numbers, default=0) > 0xFFFFFFFF - LARGEST_PACKET - _LARGEST_META else 4
    based = 8 if any(item.base for item in items) else 0
    indexed = 4 if any(part.index for item in items for part in item.extents) else 0
    wide = 2 if len(items) < 0xFFFF and all(item.number <= 0xFFFF for item in items) else 4
    version = 2 if wide == 4 else 1 if indexed or any(item.method for item in items) else 0
    result = [bytes((version, 0, 0, 0, width << 4 | width, based << 4 | indexed)), len(items).to_bytes(wide)]
    for item in items:
        result.append(item.number.to_bytes(wide) + (item.method.to_bytes(2) if version else b""))
        result.append(item.reference.to_bytes(2) + item.base.to_bytes(based) + len(item.extents).to_bytes(2))
        result.extend(
            part.index.to_bytes(indexed) + part.start.to_bytes(width) + part.length.to_bytes(width)
            for part in item.extents
        )
    return b"".join(result)


def _number(iinf: bytes) -> int:
    """Return the number of the item that holds XMP; 0 where there is none."""
    for kind, content in parts(iinf[8 if iinf[0] else 6 :]):
        wide = 4 if content[:1] == b"\3" else 2
        if kind == b"infe" and content[4 + wide + 2 : 4 + wide + 6] == b"mime" and _TYPE in content:
            return int.from_bytes(content[4 : 4 + wide])
    return 0


def _listed(iinf: bytes, number: int) -> bytes:
    """Return the list of items with one more that holds XMP (8.11.6)."""
    wide = 4 if iinf[0] else 2
    count = int.from_bytes(iinf[4 : 4 + wide]) + 1
    version = 2 if number <= 0xFFFF else 3
    numbered = number.to_bytes(2 if version == 2 else 4) + bytes(2)
    entry = made(b"infe", bytes((version, 0, 0, 1)), numbered, b"mime", b"XMP\0", _TYPE, b"\0")
    return iinf[:4] + count.to_bytes(wide) + iinf[4 + wide :] + entry


def _described(iref: bytes | None, number: int, primary: int) -> bytes:
    """Return the list of references with one more: the item describes the picture (8.11.12)."""
    iref = iref or bytes((1 if max(number, primary) > 0xFFFF else 0, 0, 0, 0))
    wide = 4 if iref[0] else 2
    return iref + made(b"cdsc", number.to_bytes(wide), (1).to_bytes(2), primary.to_bytes(wide))


class _Reader:
    """Numbers one after the other.

    Args:
        data: to read from.
        position: of the first.
    """

    def __init__(self, data: bytes, position: int) -> None:
        self._data = data
        self._position = position
        self._left = MOST_STEPS

    def number(self, width: int) -> int:
        """Return the next number of so many bytes.

        Raises:
            ValueError: there are no more.
        """
        end = self._position + width
        self._left -= 1
        if end > len(self._data) or self._left < 0:
            raise ValueError("a list breaks off")
        value = int.from_bytes(self._data[self._position : end])
        self._position = end
        return value
