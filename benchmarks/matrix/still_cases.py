"""Still pictures, made by Pillow and OpenCV."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image as Pillow
from PIL import ImageCms

from benchmarks.matrix.drawing import drawn, opacity
from benchmarks.matrix.stills import COPYRIGHT, MAKER, NUMBER, Still, Values

_SIZE = (128, 96)
_ORIENTATION = 0x0112
_TURNS = {
    2: Pillow.Transpose.FLIP_LEFT_RIGHT,
    3: Pillow.Transpose.ROTATE_180,
    5: Pillow.Transpose.TRANSPOSE,
    6: Pillow.Transpose.ROTATE_90,
    8: Pillow.Transpose.ROTATE_270,
}
"""How a picture is to be stored for an orientation of EXIF to bring it upright."""


def _values(top: int = 255, *, alpha: bool = False) -> Values:
    """Return the picture in whole numbers; of 16 bits, all of them are used."""
    picture = drawn(NUMBER, *_SIZE)
    if alpha:
        picture = np.dstack([picture, opacity(NUMBER, *_SIZE)])
    return np.rint(picture * top).astype(np.uint8 if top == 255 else np.uint16)


def _by_pillow(*, mode: str = "RGB", turn: int = 1, icc: bool = False, **options: object) -> Callable[[Path], None]:
    """Return what writes 8 bits by Pillow, in a mode of its own."""

    def make(path: Path) -> None:
        image = Pillow.fromarray(_values(alpha="A" in mode or mode == "PA")).convert(mode)
        exif = Pillow.Exif()
        exif[MAKER], exif[COPYRIGHT] = "Maker", "Nobody"
        if turn != 1:
            exif[_ORIENTATION] = turn
            image = image.transpose(_TURNS[turn])
        given: dict[str, Any] = dict(options)
        if icc:
            given["icc_profile"] = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
        if path.suffix not in (".bmp", ".gif"):
            given["exif"] = exif
        image.save(path, **given)

    return make


def _by_opencv(*, alpha: bool = False, grey: bool = False, options: Sequence[int] = ()) -> Callable[[Path], None]:
    """Return what writes 16 bits by OpenCV."""

    def make(path: Path) -> None:
        values = _values(65535, alpha=alpha)
        values = values[..., 1] if grey else np.dstack([values[..., 2::-1], values[..., 3:]])
        cv2.imwrite(str(path), values, list(options))

    return make


def _ten_bits(path: Path) -> None:
    """Write an AVIF of 10 bits."""
    values = np.rint(drawn(NUMBER, *_SIZE)[..., ::-1] * 1023).astype(np.uint16)
    cv2.imwrite(str(path), values, [cv2.IMWRITE_AVIF_DEPTH, 10, cv2.IMWRITE_AVIF_QUALITY, 100])


def still_cases() -> list[Still]:
    """Return all of them."""
    fine = {"output_image_quality": 98}
    lossy: dict[str, Any] = {"is_exact": False, "options": fine, "remark": "lossy"}
    white = {**lossy, "lost": frozenset(("alpha",)), "remark": "lossy"}
    return [
        Still("PNG", "rgb.png", ".png", _by_pillow(icc=True)),
        Still("PNG, transparent", "rgba.png", ".png", _by_pillow(mode="RGBA")),
        Still("PNG, palette", "palette.png", ".png", _by_pillow(mode="P")),
        Still("PNG, grey", "grey.png", ".png", _by_pillow(mode="L")),
        Still("PNG, grey and alpha", "grey-alpha.png", ".png", _by_pillow(mode="LA")),
        Still("PNG, 16 bits", "deep.png", ".png", _by_opencv()),
        Still("PNG, 16 bits, transparent", "deep-alpha.png", ".tiff", _by_opencv(alpha=True)),
        Still("PNG, 16 bits, grey", "deep-grey.png", ".png", _by_opencv(grey=True)),
        Still("TIFF", "plain.tiff", ".tiff", _by_pillow(icc=True)),
        Still("TIFF, LZW, transparent", "lzw.tiff", ".png", _by_pillow(mode="RGBA", compression="tiff_lzw")),
        Still("TIFF, 16 bits", "deep.tiff", ".tiff", _by_opencv()),
        Still("TIFF, turned 90", "turned.tiff", ".tiff", _by_pillow(turn=6)),
        Still("JPEG", "plain.jpg", ".jpg", _by_pillow(quality=95, icc=True), **lossy),
        Still("JPEG to PNG", "exact.jpg", ".png", _by_pillow(quality=95)),
        Still("JPEG, turned 90", "turned-6.jpg", ".png", _by_pillow(quality=95, turn=6)),
        Still("JPEG, turned 180", "turned-3.jpg", ".png", _by_pillow(quality=95, turn=3)),
        Still("JPEG, turned 270", "turned-8.jpg", ".jpg", _by_pillow(quality=95, turn=8), **lossy),
        Still("JPEG, mirrored", "turned-2.jpg", ".png", _by_pillow(quality=95, turn=2)),
        Still("JPEG, turned and mirrored", "turned-5.jpg", ".png", _by_pillow(quality=95, turn=5)),
        Still("JPEG, grey", "grey.jpg", ".jpg", _by_pillow(mode="L", quality=95), **lossy),
        Still("JPEG, CMYK", "cmyk.jpg", ".png", _by_pillow(mode="CMYK", quality=95)),
        Still("WebP", "plain.webp", ".webp", _by_pillow(quality=95, icc=True), **lossy),
        Still("lossless WebP, transparent", "exact.webp", ".png", _by_pillow(mode="RGBA", lossless=True, exact=True)),
        Still("AVIF", "plain.avif", ".avif", _by_pillow(quality=95, icc=True), **lossy),
        Still("AVIF, transparent", "clear.avif", ".png", _by_pillow(mode="RGBA", quality=95)),
        Still(
            "AVIF, 10 bits, to PNG", "10-bits.avif", ".png", _ten_bits, is_exact=False, remark="written with 16 bits"
        ),
        Still("PNG, transparent, to JPEG", "white.png", ".jpg", _by_pillow(mode="RGBA"), **white),
        Still("PNG to AVIF", "to-avif.png", ".avif", _by_pillow(mode="RGBA"), **lossy),
        Still("BMP", "plain.bmp", ".png", _by_pillow()),
        Still("GIF", "still.gif", ".png", _by_pillow(mode="P")),
        Still("PNG, a part", "part.png", ".png", _by_pillow(), options={"crop": (16, 8, 96, 64)}),
    ]
