"""Small files that would become large, or take long."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence

from benchmarks.fuzzing.checksums import repaired
from benchmarks.fuzzing.crafted import DAMAGED, LIMIT, READ, TYPE, Crafted
from benchmarks.fuzzing.pieces import pieces, replaced
from benchmarks.fuzzing.seed import Seed
from benchmarks.fuzzing.stills import png_chunk

_HUGE = 60_000
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_ZEROS = zlib.compress(bytes(10_000_000), 9)
_SAMPLES = 150_000_000


def bombs(seeds: Sequence[Seed]) -> Iterator[Crafted]:
    """Yield all of them.

    Args:
        seeds: sound files that they are made of.
    """
    named = {seed.name: seed for seed in seeds}
    yield from _large_pictures(named)
    yield from _large_text()
    yield from _large_videos(named)
    yield from _changing(named)
    yield from _deep()


def _large_pictures(named: dict[str, Seed]) -> Iterator[Crafted]:
    """Yield pictures whose headers state a size that would fill the memory."""
    size = struct.pack(">II", _HUGE, _HUGE)
    yield Crafted("PNG of 60000x60000", ".png", _png(_HUGE, _HUGE), LIMIT)
    yield Crafted("PNG of 60000x60000, 16 bits", ".png", _png(_HUGE, _HUGE, depth=16), LIMIT)
    yield Crafted("PNG of 4294967295x1", ".png", _png(0xFFFFFFFF, 1), LIMIT + DAMAGED)
    yield Crafted("animated PNG of 60000x60000", ".png", _with(named["moving.png"], 16, size), LIMIT)
    for name in ("still.gif", "moving.gif"):
        content = _with(named[name], 6, struct.pack("<HH", 65535, 65535))
        yield Crafted(f"GIF of 65535x65535 ({name})", ".gif", content, LIMIT)
    canvas = (16383).to_bytes(3, "little") * 2
    for name in ("clear.webp", "moving.webp"):
        yield Crafted(f"WebP of 16384x16384 ({name})", ".webp", _with(named[name], 24, canvas), LIMIT)
    yield Crafted("BMP of 60000x60000", ".bmp", _with(named["plain.bmp"], 18, struct.pack("<ii", _HUGE, _HUGE)), LIMIT)
    jpeg = named["plain.jpg"]
    at = jpeg.content.index(b"\xff\xc0") + 5
    yield Crafted("JPEG of 65500x65500", ".jpg", _with(jpeg, at, struct.pack(">HH", 65500, 65500)), LIMIT)
    avif = named["plain.avif"]
    at = avif.content.index(b"ispe") + 8
    yield Crafted("AVIF of 60000x60000", ".avif", _with(avif, at, size), LIMIT + DAMAGED)
    for name in ("plain.tiff", "deep.tiff", "big.tiff", "lzw.tiff"):
        yield Crafted(f"TIFF of 60000x60000 ({name})", ".tiff", _tiff_of(named[name], {256: _HUGE, 257: _HUGE}), LIMIT)
    yield Crafted(
        "TIFF of 65535 samples a pixel", ".tiff", _tiff_of(named["plain.tiff"], {277: 65535}), TYPE + DAMAGED + LIMIT
    )


def _large_text() -> Iterator[Crafted]:
    """Yield pictures that carry packed text, profiles and EXIF of many megabytes."""
    for kind, head in ((b"zTXt", b"Comment\0\0"), (b"iTXt", b"Comment\0\1\0\0\0"), (b"iCCP", b"ICC\0\0")):
        chunk = png_chunk(kind, head + zlib.compress(bytes(100_000_000), 9))
        content = _png(16, 16, before=chunk, data=zlib.compress(bytes(16 * 49)))
        yield Crafted(f"PNG with {kind.decode()} of 100 MB", ".png", content, READ + DAMAGED)


def _large_videos(named: dict[str, Seed]) -> Iterator[Crafted]:
    """Yield videos whose headers, or whose pictures, state too much."""
    movie = named["png.mov"]
    pictures = bytearray(movie.content)
    for at in _all(pictures, b"IHDR"):
        pictures[at + 4 : at + 12] = struct.pack(">II", _HUGE, _HUGE)
        pictures[at + 17 : at + 21] = zlib.crc32(pictures[at : at + 17]).to_bytes(4)
    yield Crafted("QuickTime with pictures of 60000x60000", ".mov", bytes(pictures), LIMIT + DAMAGED)
    header = bytearray(movie.content)
    at = header.index(b"stsd") + 44
    header[at : at + 4] = struct.pack(">HH", 65535, 65535)
    yield Crafted("QuickTime that states 65535x65535", ".mov", bytes(header), LIMIT + DAMAGED + READ)
    for name in ("raw.mkv", "ffv1.mkv", "vp9.webm"):
        wide = named[name].content.replace(b"\xb0\x81\x40", b"\xb0\x84\x00\x00\xea\x60", 1)
        content = repaired(bytearray(wide), "Matroska")
        yield Crafted(f"Matroska that states another width ({name})", ".mkv", bytes(content), LIMIT + DAMAGED + READ)
    yield Crafted("MP4 of 3000 tracks", ".mp4", _many_tracks(named["png.mov"], 3000), LIMIT + DAMAGED)
    yield Crafted("QuickTime of 150 million samples", ".mov", _many_samples(named["v210.mov"]), LIMIT + DAMAGED + READ)


def _changing(named: dict[str, Seed]) -> Iterator[Crafted]:
    """Yield a video whose pictures change in kind, and pictures whose parts state more bytes than there are."""
    tapes = named["tape.dv"].content + named["professional.dv"].content
    yield Crafted("DV that changes from 4:2:0 to 4:1:1", ".dv", tapes, DAMAGED + READ)
    for name in ("deep.png", "deep-grey.png", "rgb.png"):
        content = bytearray(named[name].content)
        at = content.index(b"IDAT") - 4
        content[at : at + 4] = struct.pack(">I", 0x7FFFFFFF)
        yield Crafted(f"PNG with a chunk of 2 GiB ({name})", ".png", bytes(content), DAMAGED + READ)


def _deep() -> Iterator[Crafted]:
    """Yield boxes and elements within each other, and directories that go round in a circle."""
    boxes = b""
    for _ in range(20_000):
        boxes = struct.pack(">I4s", 8 + len(boxes), b"moov") + boxes
    yield Crafted("QuickTime of 20000 boxes within each other", ".mov", boxes, DAMAGED + TYPE)
    head = b"\x1aE\xdf\xa3\x88\x42\x82\x85webm\0" + b"\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff"
    tags = (b"\x12\x54\xc3\x67\x01" + b"\xff" * 7) + (b"\x67\xc8\x01" + b"\xff" * 7) * 20_000
    yield Crafted("Matroska of 20000 tags within each other", ".mkv", head + tags, DAMAGED + TYPE)
    circle = b"II*\0" + struct.pack("<IHHHII", 8, 1, 256, 4, 1, 16) + struct.pack("<I", 8)
    yield Crafted("TIFF whose directories go round in a circle", ".tiff", circle, DAMAGED + TYPE)


def _png(width: int, height: int, *, depth: int = 8, before: bytes = b"", data: bytes = _ZEROS) -> bytes:
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, 2, 0, 0, 0))
    return _SIGNATURE + header + before + png_chunk(b"IDAT", data) + png_chunk(b"IEND", b"")


def _with(seed: Seed, at: int, new: bytes) -> bytes:
    """Overwrite bytes; checksums are made right again."""
    content = bytearray(seed.content)
    content[at : at + len(new)] = new
    return bytes(repaired(content, seed.form))


def _tiff_of(seed: Seed, values: dict[int, int]) -> bytes:
    """Give tags of the first directory of a little-endian TIFF other values."""
    content = bytearray(seed.content)
    for piece in pieces(content, seed.form):
        tag = int.from_bytes(content[piece.start : piece.start + 2], "little")
        if tag in values:
            width = piece.end - piece.body - piece.field[1] if piece.field else 4
            content[piece.start + 2 : piece.body] = struct.pack("<H", 4)
            content[piece.end - width : piece.end] = values[tag].to_bytes(width, "little")
    return bytes(content)


def _all(content: bytes | bytearray, wanted: bytes) -> Iterator[int]:
    at = content.find(wanted)
    while at >= 0:
        yield at
        at = content.find(wanted, at + 1)


def _many_tracks(seed: Seed, count: int) -> bytes:
    """Have the one track of a QuickTime file many times."""
    content = bytearray(seed.content)
    track = next(piece for piece in pieces(content, seed.form) if content[piece.start + 4 : piece.body] == b"trak")
    return bytes(replaced(content, seed.form, track, bytes(content[track.start : track.end]) * count))


def _many_samples(seed: Seed) -> bytes:
    """State very many samples of one byte each, in one chunk."""
    content = bytearray(seed.content)
    tables = {
        b"stts": struct.pack(">IIII", 0, 1, _SAMPLES, 1),
        b"stsz": struct.pack(">III", 0, 1, _SAMPLES),
        b"stsc": struct.pack(">IIIII", 0, 1, 1, _SAMPLES, 1),
    }
    for kind, body in tables.items():
        old = next(piece for piece in pieces(content, seed.form) if content[piece.start + 4 : piece.body] == kind)
        content = replaced(content, seed.form, old, struct.pack(">I4s", 8 + len(body), kind) + body)
    return bytes(content)
