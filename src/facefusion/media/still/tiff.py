"""Writing TIFF (6.0, little-endian): 8 or 16 bits, without loss, with opacity, ICC profile and EXIF."""

from __future__ import annotations

import io
import zlib

import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow
from PIL.ExifTags import IFD, Base
from PIL.TiffImagePlugin import ImageFileDirectory_v2

_STRIP_BYTES = 1 << 20
_LEVEL = 4  # of 1 to 9; more costs twice the time for 3 % of the size of a photograph
_DEFLATE, _RGB, _CONTIGUOUS, _HORIZONTAL, _UNASSOCIATED, _UNSIGNED = 8, 2, 1, 2, 2, 1
_ICC_PROFILE = 34675


def tiff_bytes(
    samples: npt.NDArray[np.uint8] | npt.NDArray[np.uint16], *, icc_profile: bytes | None, exif: bytes | None
) -> bytes:
    """Encode a picture.

    Args:
        samples: uint8 or uint16 (height, width, 3 or 4): RGB, and opacity that is not multiplied into it.
        icc_profile: of the RGB values.
        exif: EXIF block of the picture.
    """
    height, width, count = samples.shape
    rows = max(1, _STRIP_BYTES // samples[0].nbytes)
    strips = [_strip(samples[start : start + rows]) for start in range(0, height, rows)]
    tags = ImageFileDirectory_v2()
    _add_exif(tags, exif)
    tags[Base.ImageWidth], tags[Base.ImageLength] = width, height
    tags[Base.BitsPerSample] = (samples.itemsize * 8,) * count
    tags[Base.Compression], tags[Base.Predictor] = _DEFLATE, _HORIZONTAL
    tags[Base.PhotometricInterpretation], tags[Base.PlanarConfiguration] = _RGB, _CONTIGUOUS
    tags[Base.SamplesPerPixel], tags[Base.RowsPerStrip] = count, rows
    tags[Base.SampleFormat] = (_UNSIGNED,) * count
    # Counted from the end of the directory; Pillow adds where that is.
    tags[Base.StripOffsets] = tuple(np.cumsum([0, *(len(strip) for strip in strips[:-1])]).tolist())
    tags[Base.StripByteCounts] = tuple(len(strip) for strip in strips)
    if count == 4:
        tags[Base.ExtraSamples] = _UNASSOCIATED
    if icc_profile:
        tags[_ICC_PROFILE] = icc_profile
    file = io.BytesIO()
    tags.save(file)
    file.writelines(strips)
    return file.getvalue()


def _strip(rows: npt.NDArray[np.uint8] | npt.NDArray[np.uint16]) -> bytes:
    """Compress rows, each sample as its difference from the one to its left (TIFF 6.0, section 14)."""
    differences = rows.copy()
    differences[:, 1:] -= rows[:, :-1]
    return zlib.compress(differences.astype(differences.dtype.newbyteorder("<"), copy=False).tobytes(), _LEVEL)


def _add_exif(tags: ImageFileDirectory_v2, block: bytes | None) -> None:
    """Spread an EXIF block over the tags of the file, which are EXIF's own first directory."""
    exif = Pillow.Exif()
    if block:
        exif.load(block)
    for tag, value in exif.items():
        if tag not in (IFD.Exif, IFD.GPSInfo):
            tags[tag] = value
    for directory in (IFD.Exif, IFD.GPSInfo):
        if inner := dict(exif.get_ifd(directory)):
            tags[directory] = inner
