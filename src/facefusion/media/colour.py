"""RGB and YUV: which matrix and range a stream uses, and exact conversion with them.

Code points are those of ITU-T H.273 (the values that H.264 and the containers store).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import av
import cv2
import numpy as np
import numpy.typing as npt
from av.video.reformatter import ColorRange, Interpolation, VideoReformatter

from facefusion.media.frame import Image

UNSPECIFIED = 2
BT2020 = 9
"""Primaries of ITU-R BT.2020, and its matrix without constant luminance."""
PQ = 16
"""Transfer of SMPTE ST 2084, as in HDR10."""
HLG = 18
"""Transfer of ARIB STD-B67, hybrid log-gamma."""

_Number = TypeVar("_Number", np.uint8, np.uint16)

# Measured on 720p against conversion in floating point, one thread: to planar RGB 1.7 ms with a mean error of 0.32/255
# and no bias. The faster path of swscale (0.3 ms, without ACCURATE_RND) darkens by 1.2/255, its packed RGB with the
# same flags takes 4 ms. Back to YUV 1.5 ms, mean error 0.16/255, no bias.
TO_RGB = Interpolation.BILINEAR | Interpolation.ACCURATE_RND
TO_YUV = Interpolation.AREA | Interpolation.FULL_CHR_H_INP | Interpolation.ACCURATE_RND

_BT709, _BT601 = 1, 5
# H.273 matrix -> swscale's table of coefficients. Matrix 10, BT.2020 with constant luminance, is no linear map of RGB.
_SWS_MATRIX = {1: 1, 4: 4, 5: 5, 6: 5, 7: 7, 9: 9}
_HD_LINES = 720
# swscale's table -> weights of red and blue in luma.
_WEIGHTS = {1: (0.2126, 0.0722), 4: (0.30, 0.11), 5: (0.299, 0.114), 7: (0.212, 0.087), 9: (0.2627, 0.0593)}


@dataclass(frozen=True, slots=True)
class ColourTags:
    """How the numbers of a stream are to be read as colours, as far as the stream says so.

    Attributes:
        matrix: H.273 MatrixCoefficients; 2 where the stream does not say.
        primaries: H.273 ColourPrimaries; 2 where the stream does not say.
        transfer: H.273 TransferCharacteristics; 2 where the stream does not say.
        full_range: whether luma runs 0 to 255 (else 16 to 235); None where the stream does not say.
    """

    matrix: int = UNSPECIFIED
    primaries: int = UNSPECIFIED
    transfer: int = UNSPECIFIED
    full_range: bool | None = None

    @property
    def range_code(self) -> int:
        """Range as libav codes it: 0 unspecified, 1 limited, 2 full."""
        return 0 if self.full_range is None else 2 if self.full_range else 1

    @property
    def is_known(self) -> bool:
        """Whether the matrix is one that is converted exactly (or not tagged, so that the usual guess holds)."""
        return self.matrix in _SWS_MATRIX or self.matrix == UNSPECIFIED

    @property
    def is_hdr(self) -> bool:
        """Whether brightness is coded for screens of high dynamic range."""
        return self.transfer in (PQ, HLG)

    def sws_matrix(self, width: int, height: int) -> int:
        """Return swscale's number of the tagged matrix.

        Untagged, it is that of BT.2020 for high dynamic range, else BT.709 from 720 lines on and BT.601 below.
        """
        guess = BT2020 if self.is_hdr else _BT709 if min(width, height) >= _HD_LINES else _BT601
        return _SWS_MATRIX.get(self.matrix, guess)

    def luma_weights(self, width: int, height: int) -> tuple[float, float]:
        """Return the weights of red and blue in luma; green has the rest."""
        return _WEIGHTS[self.sws_matrix(width, height)]

    @classmethod
    def of(cls, frame: av.VideoFrame) -> ColourTags:
        """Read the tags of a decoded frame."""
        full = True if frame.format.name.startswith("yuvj") else {1: False, 2: True}.get(int(frame.color_range))
        return cls(int(frame.colorspace), int(frame.color_primaries), int(frame.color_trc), full)


class YuvConverter:
    """Turns RGB arrays into frames for the encoder.

    Args:
        colour: tags of the stream that is written.
        width: of the frames.
        height: of the frames.
        pixel_format: libav's name, such as `yuv420p`.
    """

    def __init__(self, colour: ColourTags, width: int, height: int, pixel_format: str) -> None:
        self._reformatter = VideoReformatter()
        self._matrix = colour.sws_matrix(width, height)
        self._full = bool(colour.full_range)
        self._format = pixel_format

    def convert(self, image: Image) -> av.VideoFrame:
        """Return a new frame with the pixels of `image`, RGB uint8 (height, width, 3)."""
        # swscale stretches limited to full range by mapping 16..240 to 0..255, which moves neutral chroma from 128 to
        # 127.5 and tints each generation. For full range it therefore makes 16-bit limited values, stretched here.
        frame = self._reformatter.reformat(
            av.VideoFrame.from_numpy_buffer(np.ascontiguousarray(image)),
            format=f"{self._format}16le" if self._full else self._format,
            src_colorspace=self._matrix,
            dst_colorspace=self._matrix,
            src_color_range=ColorRange.JPEG,
            dst_color_range=ColorRange.MPEG,
            interpolation=TO_YUV,
            threads=1,
        )
        return _stretched(frame, self._format) if self._full else frame


def _stretched(deep: av.VideoFrame, pixel_format: str) -> av.VideoFrame:
    """Turn 16-bit limited-range YUV (luma 16..235, chroma 128 ± 112, times 256) into 8-bit full range."""
    frame = av.VideoFrame(deep.width, deep.height, pixel_format)
    for index, (low, span, zero) in enumerate(((16, 219, 0), (128, 224, 128), (128, 224, 128))):
        scale = 255 / span
        cv2.convertScaleAbs(
            _plane(deep, index, np.uint16), _plane(frame, index, np.uint8), scale / 256, zero - low * scale
        )
    return frame


def _plane(frame: av.VideoFrame, index: int, kind: type[_Number]) -> npt.NDArray[_Number]:
    """Return a view of one plane, without the padding at the end of its lines."""
    plane = frame.planes[index]
    values = np.frombuffer(memoryview(plane), kind)
    return values.reshape(-1, plane.line_size // values.itemsize)[: plane.height, : plane.width]
