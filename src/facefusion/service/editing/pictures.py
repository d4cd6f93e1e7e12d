"""Pictures as they are sent to pages: small and made quickly."""

from __future__ import annotations

import math
from typing import Final, Literal

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.media.frame import Image

Form = Literal["jpg", "webp"]
TYPES: Final = {"jpg": "image/jpeg", "webp": "image/webp"}
HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Vary": "Authorization, Cookie",
}
"""What keeps a browser from taking a picture for anything else, and from showing it to who signs in there next."""


def encoded(image: Image, form: Form, quality: int) -> bytes:
    """Return a picture as bytes of a file.

    Args:
        image: RGB uint8 (H, W, 3).
        form: of the file.
        quality: 1 to 100.
    """
    ending, setting = (".jpg", cv2.IMWRITE_JPEG_QUALITY) if form == "jpg" else (".webp", cv2.IMWRITE_WEBP_QUALITY)
    _, found = cv2.imencode(ending, cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [setting, quality])
    return found.tobytes()


def encoded_exactly(image: Image) -> bytes:
    """Return a picture, RGB uint8 (H, W, 3), as the bytes of a PNG, which holds every pixel as it is."""
    _, found = cv2.imencode(".png", cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    return found.tobytes()


def encoded_mask(mask: npt.NDArray[np.uint8]) -> bytes:
    """Return a mask, uint8 (H, W), as the bytes of a grey PNG."""
    _, found = cv2.imencode(".png", mask, [cv2.IMWRITE_PNG_COMPRESSION, 3])
    return found.tobytes()


def scaled(image: Image, width: int | None) -> Image:
    """Return a picture at most so many pixels wide, RGB uint8 (H, W, 3); never enlarged."""
    height, own = image.shape[:2]
    if width is None or own <= width:
        return image
    size = width, max(1, math.ceil(height * width / own))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
