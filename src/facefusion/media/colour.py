"""RGB and YUV: which matrix and range a stream uses.

Code points are those of ITU-T H.273 (the values that H.264 and the containers store).
"""

from __future__ import annotations

from dataclasses import dataclass

import av
from av.video.reformatter import Interpolation

UNSPECIFIED = 2
BT2020 = 9
"""Primaries of ITU-R BT.2020, and its matrix without constant luminance."""
PQ = 16
"""Transfer of SMPTE ST 2084, as in HDR10."""
HLG = 18
"""Transfer of ARIB STD-B67, hybrid log-gamma."""

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
