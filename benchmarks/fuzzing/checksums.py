"""Checksums made right again, so that damage comes past them."""

from __future__ import annotations

import zlib
from collections.abc import Callable

from benchmarks.fuzzing.pieces import Piece, pieces

_POLYNOMIAL = 0x04C11DB7


def repaired(content: bytearray, form: str) -> bytearray:
    """Return a file whose checksums fit what it holds: those of PNG, Ogg and the tables of MPEG-TS.

    Args:
        content: the file; it is changed.
        form: its form, as the product calls it.
    """
    repair = _REPAIRS.get(form)
    if repair is not None:
        for piece in pieces(content, form):
            repair(content, piece)
    return content


def crc32_mpeg(data: bytes | bytearray, start: int = 0) -> int:
    """Return the checksum of Ogg pages (`start` 0) and of MPEG-TS tables (`start` 0xFFFFFFFF)."""
    value = start
    for byte in data:
        value = (value << 8 & 0xFFFFFFFF) ^ _TABLE[value >> 24 ^ byte]
    return value


def _entry(index: int) -> int:
    value = index << 24
    for _ in range(8):
        value = (value << 1 ^ (_POLYNOMIAL if value >> 31 else 0)) & 0xFFFFFFFF
    return value


_TABLE = tuple(_entry(index) for index in range(256))


def _png(content: bytearray, piece: Piece) -> None:
    if piece.end - piece.start >= 12:
        crc = zlib.crc32(content[piece.start + 4 : piece.end - 4])
        content[piece.end - 4 : piece.end] = crc.to_bytes(4)


def _ogg(content: bytearray, piece: Piece) -> None:
    field = slice(piece.start + 22, piece.start + 26)
    content[field] = bytes(4)
    content[field] = crc32_mpeg(content[piece.start : piece.end]).to_bytes(4, "little")


def _transport(content: bytearray, piece: Piece) -> None:
    """Repair a table that lies in one packet: PAT, SDT, PMT (ISO 13818-1, 2.4.4)."""
    head, body = piece.body - 4, piece.body
    if not content[head + 1] & 0x40 or content[head + 3] & 0x30 == 0x20:
        return
    if content[head + 3] & 0x20:
        body += 1 + content[body]
    if body + 4 > piece.end or content[body : body + 3] == b"\0\0\1":
        return
    start = body + 1 + content[body]
    end = start + 3 + (int.from_bytes(content[start + 1 : start + 3]) & 0xFFF)
    if start + 8 <= end <= piece.end:
        content[end - 4 : end] = crc32_mpeg(content[start : end - 4], 0xFFFFFFFF).to_bytes(4)


_REPAIRS: dict[str, Callable[[bytearray, Piece], None]] = {
    "PNG": _png,
    "animated PNG": _png,
    "Ogg": _ogg,
    "MPEG-TS": _transport,
}
