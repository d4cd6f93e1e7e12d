"""From pixels to the bytes of a picture file."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow

from facefusion.media import forms
from facefusion.media.forms import Form
from facefusion.media.frame import Image
from facefusion.media.info import PictureInfo
from facefusion.media.pixels import Alpha
from facefusion.media.still.deep import Deep, Samples, to_16_bits
from facefusion.media.still.png import png_bytes
from facefusion.media.still.tiff import tiff_bytes

LONGEST_SIDE = {"JPEG": 65500, "WEBP": 16383, "AVIF": 65536}
"""Pixels that a side may have, by `Form.writer`."""
LONGEST_EXIF = {"JPEG": 65533}
"""Bytes that an EXIF block may have, by `Form.writer`."""

_WHITE = 255
_DEEP = (forms.PNG, forms.TIFF)


def not_held(form: Form, info: PictureInfo) -> Iterator[str]:
    """Yield what a form of pictures does not hold of a picture; a sentence each."""
    if info.has_alpha and form is forms.JPEG:
        yield f"{form.name} files hold no transparency: that of {info.path} is shown on white"
    if info.bit_depth > 8 and form not in _DEEP:
        yield f"{info.path} has {info.bit_depth} bits, and is written with 8"


def encode(
    form: Form,
    image: Image,
    alpha: Alpha | None,
    *,
    deep: Deep | None,
    quality: int,
    icc_profile: bytes | None,
    exif: bytes | None,
) -> bytes:
    """Encode a picture.

    Args:
        form: a form of pictures that is written.
        image: RGB uint8 (height, width, 3).
        alpha: opacity, uint8 (height, width), if there is any.
        deep: the same with 16 bits, if there are; used where the form holds them.
        quality: of JPEG, WebP and AVIF, 1 to 100.
        icc_profile: of the RGB values.
        exif: EXIF block of the picture.
    """
    if form in _DEEP:
        samples = _joined(image, alpha) if deep is None else _deepest(deep, alpha)
        return (png_bytes if form is forms.PNG else tiff_bytes)(samples, icc_profile=icc_profile, exif=exif)
    stored = _on_white(image, alpha) if form is forms.JPEG and alpha is not None else _joined(image, alpha)
    kept = {"icc_profile": icc_profile, "exif": exif}
    encoded = io.BytesIO()
    Pillow.fromarray(stored).save(
        encoded, form.writer, **_settings(form, quality), **{name: value for name, value in kept.items() if value}
    )
    return encoded.getvalue()


def _settings(form: Form, quality: int) -> dict[str, Any]:
    """Return what Pillow's writer of this form is told."""
    settings: dict[str, dict[str, Any]] = {
        "JPEG": {"quality": quality, "subsampling": 0},
        "WEBP": {"quality": quality, "exact": True},
        "AVIF": {"quality": quality, "subsampling": "4:4:4"},
    }
    return settings.get(form.writer, {})


def _deepest(deep: Deep, alpha: Alpha | None) -> Samples:
    """Put opacity beside 16-bit colours."""
    opacity = None if alpha is None else to_16_bits(alpha)
    return _joined(deep.image, opacity if deep.alpha is None else deep.alpha)


def _joined(image: npt.NDArray[Any], alpha: npt.NDArray[Any] | None) -> npt.NDArray[Any]:
    """Put opacity beside the colours."""
    return image if alpha is None else np.dstack([image, alpha])


def _on_white(image: Image, alpha: Alpha) -> Image:
    """Show transparent parts on white."""
    opacity = alpha[..., None].astype(np.float32) / _WHITE
    return np.rint(image * opacity + _WHITE * (1 - opacity)).astype(np.uint8)
