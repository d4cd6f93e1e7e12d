"""Samples of more than 8 bits: read exactly, shown as 8 bits, edited through those without losing the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow
from PIL.TiffImagePlugin import TiffImageFile

from facefusion.media.frame import Image
from facefusion.media.still.png import check_chunks

Samples = npt.NDArray[np.uint16]
"""Values 0 to 65535, shape (height, width, 3) for RGB or (height, width) for opacity."""

_MOST = 65535
_STEP = 257
"""One step of 8 bits in steps of 16: 255 * 257 = 65535."""

_BITS_PER_SAMPLE, _PHOTOMETRIC, _PLANAR, _EXTRA, _SAMPLE_FORMAT = 258, 262, 284, 338, 339
_BLACK_IS_ZERO, _RGB = 1, 2
_CONTIGUOUS, _UNSIGNED = 1, 1
_ASSOCIATED, _UNASSOCIATED = 1, 2


@dataclass(frozen=True, slots=True, eq=False)
class Deep:
    """Pixels of 16 bits.

    Attributes:
        image: RGB uint16 (height, width, 3), 0 to 65535.
        alpha: opacity, uint16 (height, width); None where there is none.
    """

    image: Samples
    alpha: Samples | None


def read_deep(content: bytes, stored: Pillow.Image) -> Deep | None:
    """Return the samples of a picture that stores more than 8 bits; None where it does not.

    Samples of 10 and 12 bits are stretched to 16. Opacity that is multiplied into the colours is divided out. Of TIFF
    files that store each colour apart (planar) only 8 bits are read, so they give None.

    Args:
        content: the file.
        stored: the same, decoded without damage to 8 bits by Pillow, which says what the file holds.

    Raises:
        ValueError: the picture is damaged in a way that Pillow passes over.
    """
    depth = stated_depth(content, stored)
    if depth <= 8:
        return None
    if stored.format == "PNG":
        check_chunks(content)
    # OpenCV keeps 16 bits, which Pillow does not; it says of damage no more than that there is some, on stderr.
    decoded: npt.NDArray[Any] | None = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    if decoded is None and stored.format in ("PNG", "AVIF"):
        raise ValueError(f"its {depth} bits cannot be read")
    if decoded is None or decoded.dtype != np.uint16 or decoded.shape[:2] != (stored.height, stored.width):
        return None
    values: Samples = decoded
    samples = values if depth == 16 else _stretched(values, depth)
    if samples.ndim == 2:
        return _grey(samples, stored.info.get("transparency"))
    image = np.ascontiguousarray(samples[..., 2::-1])
    extra = _extra(stored)
    if samples.shape[2] == 3 or extra not in (None, _ASSOCIATED, _UNASSOCIATED):
        return Deep(image, None)
    alpha = np.ascontiguousarray(samples[..., 3])
    return Deep(_divided(image, alpha) if extra == _ASSOCIATED else image, alpha)


def to_8_bits(samples: Samples) -> npt.NDArray[np.uint8]:
    """Scale 0..65535 to 0..255, to the nearest."""
    return cv2.convertScaleAbs(samples, alpha=1 / _STEP).reshape(samples.shape)  # type: ignore[return-value]


def to_16_bits(values: npt.NDArray[np.uint8]) -> Samples:
    """Scale 0..255 to 0..65535."""
    return values * np.uint16(_STEP)


def changed(samples: Samples, image: Image) -> Samples:
    """Bring the changes of an 8-bit view into 16-bit samples.

    What did not change stays as it is to the last bit; what did moves by as much as its view, so that the finer
    gradation remains.

    Args:
        samples: RGB uint16 (height, width, 3).
        image: RGB uint8 of the same size; equal to `to_8_bits(samples)` where nothing changed.
    """
    before = to_8_bits(samples)
    rows, columns = (np.flatnonzero((before != image).any(axis=axis)) for axis in ((1, 2), (0, 2)))
    if not rows.size:
        return samples
    part = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    moved = samples[part].astype(np.int32) + _STEP * (image[part].astype(np.int32) - before[part])
    result = samples.copy()
    result[part] = moved.clip(0, _MOST)
    return result


def stated_depth(content: bytes, stored: Pillow.Image) -> int:
    """Return the bits of a sample, 8 where they are not more or not read as more.

    Args:
        content: the file.
        stored: the same, opened by Pillow; it need not be decoded.
    """
    if stored.format == "PNG":
        return max(8, content[24])
    if stored.format == "AVIF":
        return _av1_depth(content)
    return 16 if isinstance(stored, TiffImageFile) and _is_plain_16_bits(stored) else 8


def _is_plain_16_bits(stored: TiffImageFile) -> bool:
    """Whether a TIFF holds unsigned 16-bit grey or RGB, sample after sample."""
    tags: Any = stored.tag_v2
    return (
        set(tags.get(_BITS_PER_SAMPLE, (1,))) == {16}
        and tags.get(_PHOTOMETRIC) in (_BLACK_IS_ZERO, _RGB)
        and tags.get(_PLANAR, _CONTIGUOUS) == _CONTIGUOUS
        and set(_numbers(tags.get(_SAMPLE_FORMAT, _UNSIGNED))) == {_UNSIGNED}
    )


def _av1_depth(content: bytes) -> int:
    """Read the depth from the configuration of the AV1 stream (AV1-ISOBMFF 2.3.3)."""
    place = content.find(b"av1C\x81")
    flags = content[place + 6] if 0 <= place < len(content) - 6 else 0
    return (12 if flags & 0x20 else 10) if flags & 0x40 else 8


def _stretched(values: npt.NDArray[np.uint16], depth: int) -> Samples:
    """Scale samples of fewer bits to 16."""
    most = (1 << depth) - 1
    return ((values.astype(np.uint32) * _MOST + most // 2) // most).astype(np.uint16)


def _grey(values: Samples, transparent: Any) -> Deep:
    """Make RGB of grey; one of its values may mean transparent (PNG)."""
    alpha = None
    if isinstance(transparent, int):
        alpha = np.where(values == transparent, 0, _MOST).astype(np.uint16)
    return Deep(np.repeat(values[..., None], 3, axis=2), alpha)


def _extra(stored: Pillow.Image) -> int | None:
    """Return what a TIFF says of its fourth sample; None for other forms."""
    if not isinstance(stored, TiffImageFile):
        return None
    return next(iter(_numbers(stored.tag_v2.get(_EXTRA, ()))), 0)


def _numbers(value: Any) -> Sequence[int]:
    """Return the numbers of a tag that has one or several."""
    return value if isinstance(value, tuple) else (value,)


def _divided(image: Samples, alpha: Samples) -> Samples:
    """Take the opacity out of colours that were multiplied with it."""
    share = np.maximum(alpha, 1).astype(np.float32)[..., None] / _MOST
    return np.rint(image / share).clip(0, _MOST).astype(np.uint16)
