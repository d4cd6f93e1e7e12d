"""The encoders' own parameters."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from facefusion.media.encoding.encoders import FFV1, PRORES, SVT_AV1, VP9, X264, X265, EncoderSpec
from facefusion.media.encoding.wish import VideoWish
from facefusion.media.hdr import HdrMetadata
from facefusion.media.info import FieldOrder
from facefusion.media.planes.fit import Pixels
from facefusion.media.planes.layout import Layout

USUAL_QUALITY = 18
"""On the scale of x264: by eye no different from the original."""
_X265_UNIT = 64
_SLICES = ((2, 2), (2, 3), (3, 3), (3, 4), (4, 4), (4, 5), (5, 5), (1, 1))
_PRORES_PROFILES = {"yuv422p10le": "3", "yuv444p10le": "4", "yuva444p10le": "4"}  # HQ and 4444


def codec_options(
    spec: EncoderSpec, pixels: Pixels, field_order: FieldOrder, hdr: HdrMetadata | None, wish: VideoWish
) -> dict[str, str]:
    """Return the options that make an encoder do what is wished, and the same for each segment.

    Args:
        spec: the encoder.
        pixels: that it is given.
        field_order: of the frames.
        hdr: the display that they were mastered on, where it is known.
        wish: what is asked for; its bit rate is no option, but a property of the encoder.
    """
    return dict(_usual(spec, wish)) | dict(_own(spec, pixels, field_order, hdr, wish))


def lossless_options(pixels: Pixels) -> dict[str, str]:
    """Return the options of FFV1.

    It codes a picture in slices, so that several threads may share it. libav's cuts no odd chroma where both parts
    would be even, and codes no picture above 352x288 in one slice.
    """
    return dict(FFV1.options) | {
        "slices": next(str(down * across) for down, across in _SLICES if _cuts(pixels, down, across))
    }


def _cuts(pixels: Pixels, down: int, across: int) -> bool:
    """Whether FFV1 can cut a picture into so many slices."""
    layout = Layout.of(pixels.pixel_format)
    cuts = ((pixels.width, across, layout.sub_x), (pixels.height, down, layout.sub_y))
    return not any(
        side % (1 << sub) and (side - side * (count - 1) // count) % (1 << sub) == 0 for side, count, sub in cuts
    )


def _usual(spec: EncoderSpec, wish: VideoWish) -> Iterator[tuple[str, str]]:
    """Yield what all encoders have, each by its own name."""
    yield from spec.options.items()
    if spec.presets:
        yield spec.preset_option, spec.presets[wish.preset]
    if spec.quality_option and wish.bit_rate is None:
        quality = USUAL_QUALITY if wish.quality is None else wish.quality
        yield spec.quality_option, str(round(quality * spec.quality_scale))
        yield from spec.quality_extras.items()


def _own(
    spec: EncoderSpec, pixels: Pixels, field_order: FieldOrder, hdr: HdrMetadata | None, wish: VideoWish
) -> Iterator[tuple[str, str]]:
    """Yield what one encoder alone has."""
    if spec is X264:
        yield from _x264(field_order)
    elif spec is X265:
        yield "x265-params", ":".join(_x265(pixels, hdr))
    elif spec is SVT_AV1:
        yield from _svt(hdr, wish)
    elif spec is VP9 and Layout.of(pixels.pixel_format).has_alpha:
        yield "auto-alt-ref", "0"  # frames that are never shown have no alpha
    elif spec is PRORES:
        yield "profile", _PRORES_PROFILES[pixels.pixel_format]
    elif spec is FFV1:
        yield from lossless_options(pixels).items()


def _x264(field_order: FieldOrder) -> Iterator[tuple[str, str]]:
    """Yield options that make x264 give the same file for the same frames, and keep fields as they are.

    Its AVX-512 code for the macroblock tree reads past the ends of rows at many widths (192, 320, 854, …), so that what
    happens to lie in memory sways the rate control. Its AVX2 code does not, at the same speed.
    """
    found = np.show_config(mode="dicts")["SIMD Extensions"]["found"]
    words = ["asm=avx2"] if any(name.startswith("AVX512") for name in found) else []
    words += {"top": ["tff=1"], "bottom": ["bff=1"]}.get(field_order, [])
    if words:
        yield "x264-params", ":".join(words)
    if field_order != "progressive":
        yield "weightp", "none"  # x264 cannot weigh fields, and says so on the terminal


def _x265(pixels: Pixels, hdr: HdrMetadata | None) -> Iterator[str]:
    """Yield the parameters of x265.

    Without `info`, which would write all settings, threads among them, into the head of each segment. Where a picture
    has one coding tree unit along a side, x265 reads what it has not written, so that results differ: small pictures
    get the smallest units.
    """
    yield from ("log-level=error", "info=0", "open-gop=0")
    if min(pixels.width, pixels.height) <= _X265_UNIT:
        yield "ctu=16"
    if hdr is not None:
        yield hdr.x265()


def _svt(hdr: HdrMetadata | None, wish: VideoWish) -> Iterator[tuple[str, str]]:
    """Yield the parameters of SVT-AV1; with several threads its rate control goes by who finishes first."""
    words = ["lp=1"] if wish.bit_rate is not None else []
    words += [hdr.svt()] if hdr else []
    if words:
        yield "svtav1-params", ":".join(words)
