"""Tiny pictures and animations of every form."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow
from PIL import ImageCms

from benchmarks.fuzzing.clips import drawn

_SIZE = (64, 48)
_MAKER, _ORIENTATION, _THUMBNAIL = 0x010F, 0x0112, 0x0201
_INTERLACED = 28
_Make = Callable[[Path], object]


def _pixels(mode: str, number: int = 0) -> Pillow.Image:
    values = drawn(number, *_SIZE)
    if mode.endswith(("A", "a")):
        opaque = (values[..., :1] > 60 + 2 * number).astype(np.uint8) * 255
        return Pillow.fromarray(np.dstack([values, opaque])).convert(mode)
    return Pillow.fromarray(values).convert(mode)


def _by_pillow(mode: str = "RGB", **options: Any) -> _Make:
    """Return what writes a still picture by Pillow, with EXIF and a profile where the form has them."""

    def make(path: Path) -> None:
        exif = Pillow.Exif()
        exif[_MAKER], exif[_ORIENTATION] = "Maker", 6
        beside: dict[str, Any] = (
            {"exif": exif, "icc_profile": _profile()} if path.suffix not in (".bmp", ".gif") else {}
        )
        _pixels(mode).save(path, **{**beside, **options})

    return make


def _profile() -> bytes:
    """Return a profile of sRGB without the time at which it was made."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return profile[:24] + bytes(12) + profile[36:]


def _moving(mode: str, **options: Any) -> _Make:
    """Return what writes an animation by Pillow."""

    def make(path: Path) -> None:
        images = [_pixels(mode, number) for number in range(5)]
        durations = [40, 70, 20, 100, 50]
        images[0].save(path, save_all=True, append_images=images[1:], duration=durations, loop=0, **options)

    return make


def _deep(values: npt.NDArray[np.uint16], *options: int) -> _Make:
    return lambda path: cv2.imwrite(str(path), values, options)


def _rgb16(channels: int) -> npt.NDArray[np.uint16]:
    values = drawn(3, *_SIZE).astype(np.uint16) * 257
    return np.ascontiguousarray(np.dstack([values, values[..., :1]])[..., :channels])


def png_chunk(kind: bytes, data: bytes) -> bytes:
    """Return a chunk of a PNG (PNG 3rd edition, 5.3)."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _deep_animation(path: Path) -> None:
    """Write an animated PNG of 16 bits by hand."""
    width, height = _SIZE
    rows = _rgb16(4).astype(">u2").reshape(height, -1).view(np.uint8)
    data = zlib.compress(np.hstack([np.zeros((height, 1), np.uint8), rows]).tobytes())
    place = struct.pack(">4I2H2B", width, height, 0, 0, 1, 25, 1, 1)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, 6, 0, 0, 0))
        + png_chunk(b"acTL", struct.pack(">II", 2, 0))
        + png_chunk(b"fcTL", struct.pack(">I", 0) + place)
        + png_chunk(b"IDAT", data)
        + png_chunk(b"fcTL", struct.pack(">I", 1) + place)
        + png_chunk(b"fdAT", struct.pack(">I", 2) + data)
        + png_chunk(b"IEND", b"")
    )


def _stills() -> dict[str, _Make]:
    """What writes each."""
    grey = np.ascontiguousarray(_rgb16(3)[..., 0])
    return {
        "rgb.png": _by_pillow(),
        "rgba.png": _by_pillow("RGBA"),
        "palette.png": _by_pillow("P", transparency=3),
        "grey.png": _by_pillow("L"),
        "bits.png": _by_pillow("1"),
        "deep.png": _deep(_rgb16(3)),
        "deep-clear.png": _deep(_rgb16(4)),
        "deep-grey.png": _deep(grey),
        "plain.jpg": _by_pillow(quality=80),
        "progressive.jpg": _by_pillow(progressive=True, quality=80),
        "press.jpg": _by_pillow("CMYK", quality=80),
        "grey.jpg": _by_pillow("L", quality=80),
        "plain.webp": _by_pillow(quality=80),
        "lossless.webp": _by_pillow("RGBA", lossless=True),
        "clear.webp": _by_pillow("RGBA", quality=50),
        "plain.avif": _by_pillow(quality=60, speed=10, max_threads=1),
        "clear.avif": _by_pillow("RGBA", quality=60, speed=10, max_threads=1),
        "deep.avif": _deep(_rgb16(3) // np.uint16(64), cv2.IMWRITE_AVIF_DEPTH, 10, cv2.IMWRITE_AVIF_SPEED, 10),
        "plain.tiff": _by_pillow(),
        "lzw.tiff": _by_pillow("RGBA", compression="tiff_lzw"),
        "deflate.tiff": _by_pillow(compression="tiff_adobe_deflate"),
        "jpeg.tiff": _by_pillow(compression="jpeg"),
        "fax.tiff": _by_pillow("1", compression="group4"),
        "bits.tiff": _by_pillow("1", compression="packbits"),
        "press.tiff": _by_pillow("CMYK"),
        "big.tiff": _by_pillow(big_tiff=True),
        "deep.tiff": _deep(_rgb16(3)),
        "deep-clear.tiff": _deep(_rgb16(4), cv2.IMWRITE_TIFF_COMPRESSION, 8),
        "plain.bmp": _by_pillow(),
        "palette.bmp": _by_pillow("P"),
        "bits.bmp": _by_pillow("1"),
        "still.gif": _by_pillow("P", interlace=True),
        "moving.gif": _moving("P"),
        "clear.gif": _moving("RGBA", disposal=2),
        "moving.png": _moving("RGB", disposal=1),
        "clear.apng": _moving("RGBA", blend=1),
        "deep.apng": _deep_animation,
        "moving.webp": _moving("RGB", quality=60),
        "clear-moving.webp": _moving("RGBA", lossless=True),
    }


def stills(folder: Path) -> Iterator[Path]:
    """Make all of them in a folder."""
    for name, make in _stills().items():
        path = folder / name
        make(path)
        yield path
