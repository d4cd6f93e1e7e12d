"""The facts that cameras write into pictures, kept true for the upright picture."""

from __future__ import annotations

import struct
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow
from PIL.ExifTags import IFD, Base

# The tags of a TIFF file mix facts about the photograph with the layout of its own bytes; only the former carry over.
_FACTS = frozenset(
    (
        *(Base.ImageDescription, Base.Make, Base.Model, Base.Software, Base.DateTime, Base.Artist, Base.Copyright),
        *(Base.XResolution, Base.YResolution, Base.ResolutionUnit, Base.ExifOffset, Base.GPSInfo),
    )
)
_TURNS = {
    2: Pillow.Transpose.FLIP_LEFT_RIGHT,
    3: Pillow.Transpose.ROTATE_180,
    4: Pillow.Transpose.FLIP_TOP_BOTTOM,
    5: Pillow.Transpose.TRANSPOSE,
    6: Pillow.Transpose.ROTATE_270,
    7: Pillow.Transpose.TRANSVERSE,
    8: Pillow.Transpose.ROTATE_90,
}

_Array = TypeVar("_Array", bound=npt.NDArray[Any])


def read_exif(image: Pillow.Image) -> Pillow.Exif:
    """Return the EXIF of a picture; empty where there is none or it cannot be understood."""
    try:
        return image.getexif()
    except (SyntaxError, ValueError, KeyError, TypeError, OSError, struct.error):
        return Pillow.Exif()


def turn(exif: Pillow.Exif) -> Pillow.Transpose | None:
    """Return what brings the stored picture upright; None where it is."""
    return _TURNS.get(exif.get(Base.Orientation, 1))


def turned(samples: _Array, method: Pillow.Transpose | None) -> _Array:
    """Bring an array (height, width, …) upright; the array itself where nothing needs doing."""
    if method is None:
        return samples
    transpose, left_right, top_bottom = {
        Pillow.Transpose.FLIP_LEFT_RIGHT: (False, True, False),
        Pillow.Transpose.ROTATE_180: (False, True, True),
        Pillow.Transpose.FLIP_TOP_BOTTOM: (False, False, True),
        Pillow.Transpose.TRANSPOSE: (True, False, False),
        Pillow.Transpose.ROTATE_270: (True, True, False),
        Pillow.Transpose.TRANSVERSE: (True, True, True),
        Pillow.Transpose.ROTATE_90: (True, False, True),
    }[method]
    upright: Any = samples.swapaxes(0, 1) if transpose else samples
    upright = upright[:, ::-1] if left_right else upright
    return np.ascontiguousarray(upright[::-1] if top_bottom else upright)  # type: ignore[return-value]


def swaps_sides(method: Pillow.Transpose | None) -> bool:
    """Whether width and height change places."""
    upright = (None, Pillow.Transpose.FLIP_LEFT_RIGHT, Pillow.Transpose.FLIP_TOP_BOTTOM, Pillow.Transpose.ROTATE_180)
    return method not in upright


def upright_bytes(exif: Pillow.Exif, width: int, height: int, *, from_tiff: bool) -> bytes | None:
    """Return EXIF for the upright picture, as bytes to be written into a file.

    The orientation is dropped, sizes are made those of the upright picture, and the embedded thumbnail, which would
    still show the unedited picture, is left out.

    Args:
        exif: as read.
        width: of the upright picture in pixels.
        height: of the upright picture in pixels.
        from_tiff: whether `exif` is the tag list of a TIFF file.
    """
    details, place = dict(exif.get_ifd(IFD.Exif)), dict(exif.get_ifd(IFD.GPSInfo))
    kept = Pillow.Exif()
    for tag, value in exif.items():
        if tag not in (Base.Orientation, IFD.Exif, IFD.GPSInfo) and (tag in _FACTS or not from_tiff):
            kept[tag] = value
    if Base.ExifImageWidth in details:
        details |= {Base.ExifImageWidth: width, Base.ExifImageHeight: height}
    for tag, value in ((IFD.Exif, details), (IFD.GPSInfo, place)):
        if value:
            kept[tag] = value
    if not dict(kept):
        return None
    try:
        return kept.tobytes()
    except (ValueError, TypeError, OverflowError, AttributeError, struct.error):
        return None
