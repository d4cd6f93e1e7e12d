"""Videos that say that a part of them lies elsewhere."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence

from benchmarks.fuzzing.crafted import DAMAGED, READ, TYPE, Crafted
from benchmarks.fuzzing.pieces import pieces, replaced
from benchmarks.fuzzing.seed import Seed

_INFO, _PREVIOUS, _ATTACHED = b"\x15\x49\xa9\x66", b"\x3c\x83\xab", b"\x46\x6e"


def references(seeds: Sequence[Seed], url: str) -> Iterator[Crafted]:
    """Yield all of them.

    Args:
        seeds: sound files that they are made of.
        url: of a server that must never be asked, with a slash at its end.
    """
    named = {seed.name: seed for seed in seeds}
    movie, loud = named["png.mov"], named["rich.mov"]
    for target in (f"{url}a.mov", "file:///etc/passwd", "/etc/passwd", "../../etc/passwd", "0.mov"):
        yield Crafted(f"pictures by alias in {target}", ".mov", with_reference(movie, _alias(target)), DAMAGED)
        content = with_reference(movie, _address(target))
        yield Crafted(f"pictures by address in {target}", ".mov", content, READ + DAMAGED + TYPE)
        content = with_reference(loud, _alias(target), number=1)
        yield Crafted(f"sound by alias in {target}", ".mov", content, READ + DAMAGED + TYPE)
        yield Crafted(f"reference movie to {target}", ".mov", _reference_movie(target), DAMAGED + TYPE)
    for target in (f"{url}a.mkv", "/etc/passwd"):
        yield Crafted(f"Matroska that goes on in {target}", ".mkv", _continued(named["vp9.webm"], target), READ)
    name = b"../../etc/pass\x1b[2J\nwd"
    yield Crafted("attached file named to do harm", ".mkv", _with_attachment_named(named["rich.mkv"], name), READ)


def with_reference(seed: Seed, entry: bytes, *, number: int = 0) -> bytes:
    """Have a track of a QuickTime file lie elsewhere.

    Args:
        seed: the file; its index is its last part.
        entry: of the list of data references.
        number: which of the lists.
    """
    content = bytearray(seed.content)
    lists = [piece for piece in pieces(content, seed.form) if content[piece.start + 4 : piece.body] == b"dref"]
    return bytes(replaced(content, seed.form, lists[number], _box(b"dref", struct.pack(">II", 0, 1) + entry)))


def _alias(target: str) -> bytes:
    """Return an alias record, as QuickTime for Mac OS wrote them."""
    path = target.encode()
    alias = bytes(10) + bytes([3]) + b"vol".ljust(27, b"\0") + bytes(12) + bytes([4]) + b"name".ljust(63, b"\0")
    alias += bytes(16) + struct.pack(">hh", 0, 0) + bytes(16)
    alias += struct.pack(">hh", 2, len(path)) + path + bytes(len(path) % 2) + struct.pack(">hh", -1, 0)
    return _box(b"alis", bytes(4) + alias)


def _address(target: str) -> bytes:
    return _box(b"url ", bytes(4) + target.encode() + b"\0")


def _reference_movie(target: str) -> bytes:
    """Return a QuickTime file that is nothing but the address of another."""
    address = target.encode() + b"\0"
    data = _box(b"rdrf", bytes(4) + b"url " + struct.pack(">I", len(address)) + address)
    return _box(b"ftyp", b"qt  " + bytes(4) + b"qt  ") + _box(b"moov", _box(b"rmra", _box(b"rmda", data)))


def _continued(seed: Seed, target: str) -> bytes:
    """Have a Matroska file name another as the one before it (RFC 9559, 5.1.2.5)."""
    content = bytearray(seed.content)
    info = next(piece for piece in pieces(content, seed.form) if content[piece.start :].startswith(_INFO))
    named = _PREVIOUS + bytes([0x80 | len(target)]) + target.encode()
    body = bytes(content[info.body : info.end]) + named
    return bytes(replaced(content, seed.form, info, _INFO + struct.pack(">Q", 1 << 56 | len(body)) + body))


def _with_attachment_named(seed: Seed, name: bytes) -> bytes:
    """Give an attached file of a Matroska another name."""
    content = bytearray(seed.content)
    old = next(piece for piece in pieces(content, seed.form) if content[piece.start :].startswith(_ATTACHED + b"\x89"))
    return bytes(replaced(content, seed.form, old, _ATTACHED + bytes([0x80 | len(name)]) + name))


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content
