"""The pieces that files are built of, each with the field that tells its length, found without trusting any of them."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Literal

from benchmarks.fuzzing import nested, picture_pieces, streamed
from benchmarks.fuzzing.piece import Piece

__all__ = ["Piece", "grow", "pieces", "replaced"]


def pieces(content: bytes | bytearray, form: str) -> list[Piece]:
    """Return all pieces of a file, those within others too, as far as they make sense; none for forms without.

    Args:
        content: the file.
        form: its form, as the product calls it.
    """
    found: list[Piece] = []
    with suppress(IndexError, OverflowError, struct.error):  # it ends in mid-piece, or states the impossible
        for piece in _FINDERS.get(form, _none)(bytes(content)):
            found.append(piece)  # noqa: PERF402 - those before the error count
    return found


def replaced(content: bytearray, form: str, piece: Piece, new: bytes, *, is_told: bool = True) -> bytearray:
    """Put other bytes in the place of a piece.

    Args:
        content: the file; it is changed.
        form: its form.
        piece: of it.
        new: what stands in its place; it may be longer or shorter.
        is_told: whether the pieces that it lies in state their new length then.
    """
    grown = len(new) - (piece.end - piece.start)
    if is_told:
        for holder in pieces(content, form):
            if holder.holds(piece):
                grow(content, holder, grown)
    content[piece.start : piece.end] = new
    return content


def grow(content: bytearray, piece: Piece, grown: int) -> None:
    """Have a piece state a length that is greater by so much, as far as its field can."""
    if piece.field is None:
        return
    at, width = piece.field
    order: Literal["big", "little"] = "little" if piece.order == "little" else "big"
    bits = 7 * width if piece.order == "ebml" else 8 * width
    mark = 1 << bits if piece.order == "ebml" else 0
    value = int.from_bytes(content[at : at + width], order) - mark
    content[at : at + width] = ((value + grown) % (1 << bits) + mark).to_bytes(width, order)


def _none(_: bytes) -> Iterator[Piece]:
    return iter(())


_FINDERS: dict[str, Callable[[bytes], Iterator[Piece]]] = {
    **dict.fromkeys(("MP4", "QuickTime", "AVIF"), nested.boxes),
    "Matroska": nested.elements,
    **dict.fromkeys(("AVI", "WebP", "animated WebP"), nested.chunks),
    **dict.fromkeys(("PNG", "animated PNG"), picture_pieces.png),
    **dict.fromkeys(("GIF", "animated GIF"), picture_pieces.gif),
    "JPEG": picture_pieces.jpeg,
    "TIFF": picture_pieces.tiff,
    "MPEG-TS": streamed.transport,
    "MPEG-PS": streamed.program,
    "FLV": streamed.flash,
    "Ogg": streamed.pages,
    "ASF": streamed.objects,
    "MXF": streamed.triplets,
    "DV": streamed.blocks,
}
