"""PNG: whether a file is whole, and writing with 8 or 16 bits, with opacity, ICC profile and EXIF."""

from __future__ import annotations

import struct
import zlib
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

_AFTER_HEADER = 33  # signature, and IHDR of 13 bytes with its length, kind and checksum
_EXIF_MARK = b"Exif\0\0"
_SIGNATURE_BYTES, _FRAME_BYTES = 8, 12  # a chunk is framed by its length, its kind and its checksum


def check_chunks(content: bytes) -> None:
    """Make sure that a PNG file is whole, chunk by chunk: decoders make room for whatever length one states.

    Raises:
        ValueError: a chunk reaches past the end, or its checksum is wrong.
    """
    view, position, kind = memoryview(content), _SIGNATURE_BYTES, b""
    while kind != b"IEND":
        length = int.from_bytes(view[position : position + 4])
        end = position + _FRAME_BYTES + length
        if end > len(content) or position + _FRAME_BYTES > len(content):
            raise ValueError("a chunk reaches past its end")
        kind = bytes(view[position + 4 : position + 8])
        if zlib.crc32(view[position + 4 : end - 4]) != int.from_bytes(view[end - 4 : end]):
            raise ValueError(f"the checksum of a chunk is wrong ({kind.decode('ascii', 'replace')})")
        position = end


def png_bytes(samples: npt.NDArray[np.unsignedinteger[Any]], *, icc_profile: bytes | None, exif: bytes | None) -> bytes:
    """Encode a picture.

    Args:
        samples: uint8 or uint16 (height, width, 3 or 4): RGB, and opacity.
        icc_profile: of the RGB values.
        exif: EXIF block of the picture.
    """
    # OpenCV knows 16 bits, which Pillow does not, and writes 8 bits in a tenth of the time, a fifth larger.
    values: npt.NDArray[Any] = np.ascontiguousarray(samples[..., [2, 1, 0, 3][: samples.shape[2]]])
    done, encoded = cv2.imencode(".png", values)
    if not done:
        raise ValueError("the PNG encoder refuses the picture")
    content = encoded.tobytes()
    # OpenCV writes no colour space of its own; older versions of it have no way to be given one.
    chunks = b""
    if icc_profile:
        chunks += _chunk(b"iCCP", b"ICC\0\0" + zlib.compress(icc_profile))
    if exif:
        chunks += _chunk(b"eXIf", exif.removeprefix(_EXIF_MARK))
    return content[:_AFTER_HEADER] + chunks + content[_AFTER_HEADER:]


def _chunk(kind: bytes, data: bytes) -> bytes:
    """Frame one chunk (PNG 3rd edition, 5.3)."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
