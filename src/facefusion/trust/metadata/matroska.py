"""Marks in Matroska and WebM: tags of the whole file (RFC 9559, 5.1.8).

Matroska has no place for XMP. The AIGC object stands in a tag of this name, as the practice guide TC260-PG-20257A to
GB 45438-2025 wants it; the digital source type and the sentence for people stand beside it.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import IO

from facefusion.media.ebml import children, element
from facefusion.trust.metadata.bits import MOST_STEPS, size_of, taken
from facefusion.trust.metadata.splice import Edit

_SEGMENT, _SEEK_HEAD, _TAGS, _VOID, _CRC = 0x18538067, 0x114D9B74, 0x1254C367, 0xEC, 0xBF
_SEEK, _SEEK_ID, _SEEK_POSITION = 0x4DBB, 0x53AB, 0x53AC
_TAG, _TARGETS, _SIMPLE, _NAME, _TEXT = 0x7373, 0x63C0, 0x67C8, 0x45A3, 0x4487
_LARGEST = 4 << 20
_LEAST_VOID, _LONG_VOID = 2, 9


@dataclass(frozen=True, slots=True)
class _Part:
    """Where an element of the segment lies."""

    kind: int
    start: int
    inner: int
    end: int


def read_tags(file: IO[bytes], names: Collection[str]) -> dict[str, str]:
    """Return those tags of the whole file that have some names.

    Raises:
        ValueError: it is no Matroska file.
    """
    found: dict[str, str] = {}
    for part in _parts(file)[1]:
        if part.kind == _TAGS:
            tags = _simple_tags(taken(file, part.inner, part.end - part.inner, most=_LARGEST))
            found |= {name: tags[name] for name in names if name in tags}
    return found


def tag_edits(file: IO[bytes], tags: Mapping[str, str]) -> list[Edit]:
    """Return what changes when a Matroska file gets tags, in the place of those with the same names.

    All tags are written anew at the end of the file, where nothing has to move; where they were becomes empty, and the
    list at the beginning, by which players find them, says where they are.

    Raises:
        ValueError: it is no Matroska file, or one that was not finished, or its list has no room.
    """
    segment, parts = _parts(file)
    old = [part for part in parts if part.kind == _TAGS]
    contents = [taken(file, part.inner, part.end - part.inner, most=_LARGEST) for part in old]
    if all(_simple_tags(b"".join(contents)).get(name) == value for name, value in tags.items()):
        return []
    if segment.end != size_of(file) or (parts and parts[-1].end != segment.end):
        raise ValueError("it was not finished")
    kept = b"".join(entry for content in contents for entry in _without(content, frozenset(tags)))
    new = _checked(_TAGS, kept + element(_TAG, element(_TARGETS, b"") + _simples(tags)))
    width = segment.inner - segment.start - 4
    length = segment.end - segment.inner + len(new)
    if length >= (1 << 7 * width) - 1:
        raise ValueError("it grows longer than its header can say")
    size = (length | 1 << 7 * width).to_bytes(width)
    head, room = _seek_head(parts)
    listed = _listed(taken(file, head.inner, head.end - head.inner, most=_LARGEST), segment.end - segment.inner)
    spare = room - head.start - len(listed)
    if spare < 0 or spare == 1:
        raise ValueError("its list of parts has no room")
    return [
        Edit(segment.start + 4, segment.inner, size),
        Edit(head.start, room, listed + (_void(spare) if spare else b"")),
        *(Edit(part.start, part.end, _void(part.end - part.start)) for part in old),
        Edit(segment.end, segment.end, new),
    ]


def _parts(file: IO[bytes]) -> tuple[_Part, list[_Part]]:
    """Return the segment, and the elements of which it is made, as far as their lengths are known."""
    size = size_of(file)
    position = 0
    for _ in range(16):
        segment = _part(file, position, size)
        if segment.kind == _SEGMENT:
            return segment, list(_inner(file, segment))
        position = segment.end
    raise ValueError("this is no Matroska")


def _inner(file: IO[bytes], segment: _Part) -> Iterator[_Part]:
    position = segment.inner
    for _ in range(MOST_STEPS):
        if position >= segment.end:
            return
        part = _part(file, position, segment.end)
        yield part
        position = part.end


def _part(file: IO[bytes], start: int, limit: int) -> _Part:
    """Read the head of an element; one of unknown length reaches to the limit."""
    head = taken(file, start, min(12, limit - start), most=12)
    if len(head) < 2 or not head[0]:
        raise ValueError("this is no Matroska")
    wide = 9 - head[0].bit_length()
    lead = head[wide] if wide < len(head) else 0
    width = 9 - lead.bit_length()
    if wide > 4 or not lead or wide + width > len(head):
        raise ValueError("an element is damaged")
    mask = (1 << 7 * width) - 1
    length = int.from_bytes(head[wide : wide + width]) & mask
    inner = start + wide + width
    end = limit if length == mask else inner + length
    if end > limit:
        raise ValueError("an element reaches past the end")
    return _Part(int.from_bytes(head[:wide]), start, inner, end)


def _seek_head(parts: list[_Part]) -> tuple[_Part, int]:
    """Return the list of parts, and where the free room behind it ends."""
    for part, after in zip(parts, [*parts[1:], None], strict=True):
        if part.kind == _SEEK_HEAD:
            return part, after.end if after is not None and after.kind == _VOID else part.end
    raise ValueError("it has no list of parts")


def _listed(content: bytes, position: int) -> bytes:
    """Return a list of parts in which the tags lie at a place of the segment's content."""
    kept = b"".join(whole for kind, entry, whole in children(content) if kind == _SEEK and not _is_of_tags(entry))
    entry = _short(_SEEK_ID, _TAGS.to_bytes(4)) + _short(_SEEK_POSITION, position.to_bytes(8))
    body = kept + _short(_SEEK, entry)
    return _checked(_SEEK_HEAD, body)


def _is_of_tags(entry: bytes) -> bool:
    return any(kind == _SEEK_ID and value == _TAGS.to_bytes(4) for kind, value, _ in children(entry))


def _checked(kind: int, body: bytes) -> bytes:
    """Return an element with its checksum before everything else (RFC 8794, 11.3.1)."""
    return element(kind, _short(_CRC, zlib.crc32(body).to_bytes(4, "little")) + body)


def _short(kind: int, content: bytes) -> bytes:
    """Return an element of less than 127 bytes."""
    return kind.to_bytes((kind.bit_length() + 7) // 8) + bytes((0x80 | len(content),)) + content


def _void(length: int) -> bytes:
    """Return an element that says nothing, of so many bytes, two or more."""
    if length < _LONG_VOID:
        return _short(_VOID, bytes(length - _LEAST_VOID))
    return element(_VOID, bytes(length - _LONG_VOID))


def _simples(tags: Mapping[str, str]) -> bytes:
    return b"".join(
        element(_SIMPLE, element(_NAME, name.encode()) + element(_TEXT, value.encode())) for name, value in tags.items()
    )


def _simple_tags(content: bytes) -> dict[str, str]:
    """Return the tags of the whole file in the content of a list of tags."""
    found: dict[str, str] = {}
    for kind, tag, _ in children(content):
        if kind == _TAG and _is_of_file(tag):
            for inner, simple, _ in children(tag):
                if inner == _SIMPLE:
                    name, text = _simple(simple)
                    found.setdefault(name, text)
    return found


def _simple(content: bytes) -> tuple[str, str]:
    values = {kind: value for kind, value, _ in children(content)}
    name, text = values.get(_NAME, b""), values.get(_TEXT, b"")
    return name.decode("utf-8", "replace"), text.decode("utf-8", "replace").rstrip("\0")


def _is_of_file(tag: bytes) -> bool:
    """Whether a tag speaks of the whole file: it names no track, edition, chapter or attachment."""
    targets = (content for kind, content, _ in children(tag) if kind == _TARGETS)
    return all(kind in (0x68CA, 0x63CA) for content in targets for kind, _, _ in children(content))


def _without(content: bytes, names: frozenset[str]) -> Iterator[bytes]:
    """Yield the tags of a list, those of the whole file without some names."""
    for kind, tag, whole in children(content):
        if kind != _TAG:
            continue
        if not _is_of_file(tag):
            yield whole
            continue
        kept = [part for inner, simple, part in children(tag) if inner != _SIMPLE or _simple(simple)[0] not in names]
        if any(int.from_bytes(part[:2]) == _SIMPLE for part in kept):
            yield element(_TAG, b"".join(kept))
