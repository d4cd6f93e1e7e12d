"""From every way in which picture files store pixels to 8-bit RGB and alpha."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow
from PIL import ImageCms

from facefusion.media.frame import Image

Alpha = npt.NDArray[np.uint8]

_PLAIN = frozenset(("1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr", "HSV", "LAB"))
_DEEP = ("I;16", "I;16L", "I;16B", "I;16N", "I")


@dataclass(frozen=True, slots=True)
class Pixels:
    """Pixels of a picture.

    Attributes:
        image: RGB uint8 (height, width, 3).
        alpha: opacity, uint8 (height, width); None where the picture is opaque throughout by its form.
        icc_profile: profile of the RGB values; None where there is none, or the stored one was of another colour model.
    """

    image: Image
    alpha: Alpha | None
    icc_profile: bytes | None


def to_rgb(image: Pillow.Image) -> Pixels:
    """Convert a loaded picture.

    16-bit grey is scaled to 8 bits (16-bit colour has been by Pillow). CMYK and Lab are converted by their ICC profile
    where they carry one; the result is then sRGB and carries none.

    Raises:
        ValueError: pixels are stored in a way that has no one meaning in 8-bit RGB (floating point).
    """
    profile = image.info.get("icc_profile") or None
    if image.mode in _DEEP:
        return Pixels(np.repeat(_to_8_bits(image)[..., None], 3, axis=2), None, None)
    if image.mode not in _PLAIN:
        raise ValueError(f"pixels of mode {image.mode}")
    if image.mode in ("CMYK", "LAB"):
        return Pixels(np.array(_by_profile(image, profile)), None, None)
    if stores_alpha(image):
        both = np.array(image.convert("RGBA"))
        return Pixels(np.ascontiguousarray(both[..., :3]), np.ascontiguousarray(both[..., 3]), _for_rgb(profile))
    return Pixels(np.array(image.convert("RGB")), None, _for_rgb(profile))


def stores_alpha(image: Pillow.Image) -> bool:
    """Whether a picture, which need not be decoded, may be transparent in parts."""
    return image.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in image.info


def _to_8_bits(image: Pillow.Image) -> Alpha:
    """Scale 16-bit (or, by their own header, wider) grey values to 0..255."""
    values = np.asarray(image).astype(np.float64)
    most = 65535.0 if values.max(initial=0) <= 65535 else float(2**31 - 1)
    return np.rint(values.clip(0) * (255.0 / most)).astype(np.uint8)


def _by_profile(image: Pillow.Image, profile: bytes | None) -> Pillow.Image:
    """Convert CMYK or Lab to sRGB."""
    srgb = ImageCms.createProfile("sRGB")
    if image.mode == "LAB":
        source: ImageCms.ImageCmsProfile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    elif profile is None or _model(profile) != "CMYK":
        return image.convert("RGB")
    else:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    try:
        converted = ImageCms.profileToProfile(image, source, srgb, outputMode="RGB")
    except ImageCms.PyCMSError:
        return image.convert("RGB")
    return image.convert("RGB") if converted is None else converted


def _for_rgb(profile: bytes | None) -> bytes | None:
    """Keep a profile only if it describes RGB values."""
    return profile if profile is not None and _model(profile) == "RGB" else None


def _model(profile: bytes) -> str:
    """Return the colour model that an ICC profile describes (bytes 16 to 20 of its header, ICC.1)."""
    return profile[16:20].decode("ascii", "replace").strip()
