"""Boxes of the ISO base media file format (ISO 14496-12, 4.2), of which MP4, QuickTime and AVIF are made."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import IO

from facefusion.trust.metadata.bits import MOST_STEPS, taken

XMP_UUID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
"""Kind of the box that holds XMP in MP4 (ISO 16684-3, 9)."""


@dataclass(frozen=True, slots=True)
class Box:
    """Where a box lies.

    Attributes:
        kind: four characters.
        start: of its header.
        inner: of its content.
        end: behind it.
    """

    kind: bytes
    start: int
    inner: int
    end: int


def boxes(file: IO[bytes], start: int, end: int) -> Iterator[Box]:
    """Yield the boxes between two places of a file; bytes at the end that are too few for one are passed over.

    Raises:
        ValueError: a box reaches past the end, or there are too many.
    """
    for _ in range(MOST_STEPS):
        if start + 8 > end:
            return
        length, kind = struct.unpack(">I4s", taken(file, start, 8, most=8))
        inner = start + 8
        if length == 1:
            length = int.from_bytes(taken(file, inner, 8, most=8))
            inner += 8
        elif length == 0:
            length = end - start
        if length < inner - start or start + length > end:
            raise ValueError("a box reaches past the end")
        yield Box(kind, start, inner, start + length)
        start += length
    raise ValueError("there are too many boxes")


def parts(content: bytes) -> list[tuple[bytes, bytes]]:
    """Return kind and content of the boxes of which some content is made."""
    return [(box.kind, content[box.inner : box.end]) for box in boxes(BytesIO(content), 0, len(content))]


def made(kind: bytes, *content: bytes) -> bytes:
    """Return a box."""
    body = b"".join(content)
    if len(body) + 8 > 0xFFFFFFFF:
        raise ValueError("a box grows too long")
    return struct.pack(">I4s", len(body) + 8, kind) + body


def joined(inner: list[tuple[bytes, bytes]]) -> bytes:
    """Return boxes one after the other; the reverse of `parts`."""
    return b"".join(made(kind, content) for kind, content in inner)


def split_meta(content: bytes) -> tuple[bytes, bytes]:
    """Return what stands before the boxes of a `meta` box, nothing in QuickTime's own form, and the boxes."""
    return (b"", content) if content[4:8] == b"hdlr" else (content[:4], content[4:])


def handler(content: bytes) -> bytes:
    """Return what kind of things a `meta` box holds, such as `mdta` or `mdir`."""
    return next((inner[8:12] for kind, inner in parts(split_meta(content)[1]) if kind == b"hdlr"), b"")
