"""The index (`moov`) of MP4 and QuickTime: with another value in it, and for samples that have moved."""

from __future__ import annotations

import struct
from collections.abc import Callable

from facefusion.trust.metadata.boxes import handler, joined, parts
from facefusion.trust.metadata.keyed import value_of, with_value

AIGC = "AIGC"
"""Name under which the AIGC object stands."""

_XMP = b"XMP_"
_WAY = {b"moov": b"trak", b"trak": b"mdia", b"mdia": b"minf", b"minf": b"stbl"}
_WIDTH = {b"stco": "I", b"co64": "Q"}


def with_aigc(moov: bytes, text: str) -> bytes:
    """Return the content of an index that holds the AIGC object, once.

    It comes where the practice guide wants it, in the user data; where there are the tags of Apple's player, beside
    which nothing else has a place, into the list of named values of the movie itself, in QuickTime's form of it.

    Raises:
        ValueError: the index is damaged.
    """
    if aigc_in(moov) == text:
        return moov
    inner = parts(moov)
    user, metas = _first(inner, b"udta"), _first(inner, b"meta")
    tags = None if user is None else _first(parts(user), b"meta")
    has_other_tags = tags is not None and handler(tags) != b"mdta"
    if metas is not None and handler(metas) != b"mdta":
        if has_other_tags:
            raise ValueError("there is no place for named values")
    elif has_other_tags or (metas is not None and value_of(metas, AIGC)):
        return joined(_replaced(inner, b"meta", with_value(metas, AIGC, text, is_full=False)))
    meta = with_value(tags, AIGC, text, is_full=True)
    return joined(_replaced(inner, b"udta", joined(_replaced(parts(user or b""), b"meta", meta))))


def aigc_in(moov: bytes) -> str:
    """Return the AIGC object that an index holds; empty where it holds none.

    Args:
        moov: content of the index; its boxes `udta` and `meta` are enough.
    """
    inner = parts(moov)
    user = _first(inner, b"udta")
    metas = [_first(inner, b"meta"), None if user is None else _first(parts(user), b"meta")]
    for meta in metas:
        if meta is not None and handler(meta) == b"mdta" and (found := value_of(meta, AIGC)):
            return found
    return ""


def with_packet(moov: bytes, make: Callable[[bytes], bytes]) -> bytes:
    """Return the content of a QuickTime index with another XMP packet, made from the one that it has."""
    inner = parts(moov)
    user = parts(_first(inner, b"udta") or b"")
    content = make(_first(user, _XMP) or b"")
    return joined(_replaced(inner, b"udta", joined(_replaced(user, _XMP, content))))


def packet_in(moov: bytes) -> bytes:
    """Return the XMP packet that a QuickTime index holds; empty where it holds none."""
    return _first(parts(_first(parts(moov), b"udta") or b""), _XMP) or b""


def moved(content: bytes, start: int, by: int, kind: bytes = b"moov") -> bytes:
    """Return the content of an index for samples that lie elsewhere.

    Args:
        content: of the index.
        start: samples from this place of the file on have moved.
        by: how many bytes, towards the end.
        kind: of the box whose content it is.

    Raises:
        OverflowError: a place has more than the 32 bits that it is written in.
    """
    result = []
    for name, inner in parts(content):
        if name == _WAY.get(kind):
            inner = moved(inner, start, by, name)  # noqa: PLW2901
        elif kind == b"stbl" and name in _WIDTH:
            inner = _shifted(inner, start, by, _WIDTH[name])  # noqa: PLW2901
        result.append((name, inner))
    return joined(result)


def _shifted(table: bytes, start: int, by: int, width: str) -> bytes:
    """Return a table of places (`stco`, `co64`) of which some have moved."""
    count = int.from_bytes(table[4:8])
    layout = f">{count}{width}"
    if len(table) < 8 + struct.calcsize(layout):
        raise ValueError("a table of places breaks off")
    places = (place + by if place >= start else place for place in struct.unpack_from(layout, table, 8))
    try:
        return table[:8] + struct.pack(layout, *places)
    except struct.error as error:
        raise OverflowError("a place in the file is too large") from error


def _first(inner: list[tuple[bytes, bytes]], kind: bytes) -> bytes | None:
    return next((content for name, content in inner if name == kind), None)


def _replaced(inner: list[tuple[bytes, bytes]], kind: bytes, content: bytes) -> list[tuple[bytes, bytes]]:
    """Return parts with one of a kind, where the first of them was, or at the end."""
    place = next((at for at, (name, _) in enumerate(inner) if name == kind), len(inner))
    rest = [(name, old) for name, old in inner[place:] if name != kind]
    return [*inner[:place], (kind, content), *rest]
