"""The encoders of moving pictures that are offered, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from facefusion.options.media import VideoPreset

_PRESETS: tuple[VideoPreset, ...] = (
    "ultrafast",
    "superfast",
    "veryfast",
    "faster",
    "fast",
    "medium",
    "slow",
    "slower",
    "veryslow",
)
_SAME: Mapping[VideoPreset, str] = {name: name for name in _PRESETS}
_NVENC = dict(zip(_PRESETS, ("p1", "p1", "p2", "p3", "p3", "p4", "p5", "p6", "p7"), strict=True))
_QSV = dict(zip(_PRESETS, ("veryfast", "veryfast", "veryfast", *_PRESETS[3:7], "slower", "veryslow"), strict=True))
_SVT = dict(zip(_PRESETS, ("12", "11", "10", "9", "8", "6", "4", "3", "2"), strict=True))
_VP9 = dict(zip(_PRESETS, ("5", "5", "5", "4", "3", "2", "1", "1", "0"), strict=True))

_420 = ("yuv420p",)
_420_10 = ("yuv420p", "yuv420p10le")
_H264 = ("yuv420p", "yuv444p", "yuv420p10le", "yuv444p10le", "yuv422p", "yuv422p10le")
_DEEP = ("yuv420p", "yuv444p", "yuv420p10le", "yuv444p10le", "yuv420p12le", "yuv444p12le")
_ISO, _EBML = ("mp4", "mov"), ("matroska",)


@dataclass(frozen=True, slots=True)
class EncoderSpec:
    """One encoder.

    Attributes:
        name: as people ask for it.
        codec: libav's name of the encoder.
        title: what it makes, as people know it.
        muxers: libav's names of the containers that hold what it makes.
        pixel_formats: that it is given, in order of preference.
        presets: its own word for each preset; empty where it has none.
        preset_option: its option for that.
        quality_option: its option for constant quality; empty where it has none.
        quality_scale: its scale's end over that of x264 (51).
        quality_extras: what else is given with a quality.
        options: always given.
        has_bit_rate: whether it can aim at a bit rate.
        has_passes: whether it can make two passes.
        has_fields: whether it can keep interlaced pictures as such.
        has_odd_sides: whether 4:2:0 pictures may have odd sides.
        least_side: of a picture, in pixels; x265 and SVT-AV1 crash or hang below.
        needs: what it runs on, where that is not the processor.
    """

    name: str
    codec: str
    title: str
    muxers: tuple[str, ...]
    pixel_formats: tuple[str, ...]
    presets: Mapping[VideoPreset, str] = field(default_factory=dict, hash=False)
    preset_option: str = "preset"
    quality_option: str = "crf"
    quality_scale: float = 1.0
    quality_extras: Mapping[str, str] = field(default_factory=dict, hash=False)
    options: Mapping[str, str] = field(default_factory=dict, hash=False)
    has_bit_rate: bool = True
    has_passes: bool = False
    has_fields: bool = False
    has_odd_sides: bool = False
    least_side: int = 1
    needs: str = ""


X264 = EncoderSpec("libx264", "libx264", "H.264", (*_ISO, *_EBML), _H264, _SAME, has_passes=True, has_fields=True)
X265 = EncoderSpec("libx265", "libx265", "HEVC", (*_ISO, *_EBML), _DEEP, _SAME, has_passes=True, least_side=32)
SVT_AV1 = EncoderSpec(
    "libsvtav1",
    "libsvtav1",
    "AV1",
    ("mp4", "matroska", "webm"),
    _420_10,
    _SVT,
    quality_scale=63 / 51,
    has_odd_sides=True,
    least_side=32,
)
VP9 = EncoderSpec(
    "libvpx-vp9",
    "libvpx-vp9",
    "VP9",
    ("mp4", "matroska", "webm"),
    ("yuv420p", "yuv444p", "yuva420p"),
    _VP9,
    "cpu-used",
    quality_scale=63 / 51,
    quality_extras={"b": "0"},
    options={"deadline": "good", "row-mt": "1"},
    has_odd_sides=True,
)
PRORES = EncoderSpec(
    "prores",
    "prores_ks",
    "ProRes",
    ("mov", "matroska"),
    ("yuv422p10le", "yuv444p10le", "yuva444p10le"),
    quality_option="",
    options={"vendor": "apl0"},
    has_bit_rate=False,
    has_fields=True,
    has_odd_sides=True,
)
FFV1 = EncoderSpec(
    "ffv1",
    "ffv1",
    "FFV1",
    ("matroska",),
    (
        *("yuv420p", "yuv422p", "yuv444p", "yuv440p", "yuv411p", "yuv410p", "yuva420p", "yuva422p", "yuva444p"),
        *(f"yuv{sampling}p{depth}le" for depth in (9, 10, 12, 14, 16) for sampling in ("420", "422", "444")),
        *(f"yuva{sampling}p{depth}le" for depth in (9, 10, 16) for sampling in ("420", "422", "444")),
        *("yuva422p12le", "yuva444p12le", "yuv440p10le", "yuv440p12le"),
        *("bgr0", "bgra", *(f"gbrp{depth}le" for depth in (9, 10, 12, 14, 16))),
        *(f"gbrap{depth}le" for depth in (10, 12, 14, 16)),
        *("gray", *(f"gray{depth}le" for depth in (9, 10, 12, 14, 16))),
    ),
    quality_option="",
    options={"level": "3", "slicecrc": "1", "slices": "4"},
    has_bit_rate=False,
    has_fields=True,
    has_odd_sides=True,
)


def _nvenc(codec: str, title: str, muxers: tuple[str, ...], formats: tuple[str, ...]) -> EncoderSpec:
    return EncoderSpec(
        f"{codec}_nvenc",
        f"{codec}_nvenc",
        title,
        muxers,
        formats,
        _NVENC,
        quality_option="cq",
        quality_extras={"b": "0"},
        options={"rc": "vbr", "forced-idr": "1"},
        needs="an NVIDIA GPU with its driver",
    )


def _qsv(codec: str, title: str, muxers: tuple[str, ...], formats: tuple[str, ...]) -> EncoderSpec:
    return EncoderSpec(
        f"{codec}_qsv",
        f"{codec}_qsv",
        title,
        muxers,
        formats,
        _QSV,
        quality_option="global_quality",
        options={"idr_interval": "0"},
        needs="an Intel GPU with its driver",
    )


ENCODERS: Mapping[str, EncoderSpec] = {
    spec.name: spec
    for spec in (
        *(X264, X265, SVT_AV1, VP9, PRORES, FFV1),
        _nvenc("h264", "H.264", (*_ISO, *_EBML), _420),
        _nvenc("hevc", "HEVC", (*_ISO, *_EBML), ("yuv420p", "p010le")),
        _nvenc("av1", "AV1", ("mp4", "matroska", "webm"), ("yuv420p", "p010le")),
        _qsv("h264", "H.264", (*_ISO, *_EBML), ("nv12",)),
        _qsv("hevc", "HEVC", (*_ISO, *_EBML), ("nv12", "p010le")),
        _qsv("av1", "AV1", ("mp4", "matroska", "webm"), ("nv12", "p010le")),
    )
}
"""By the names that people give."""
