"""Clips of which a part is taken, or that are to be written otherwise than they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

from benchmarks.matrix.case import Case
from benchmarks.matrix.clip import Clip, Pictures, Sound
from benchmarks.matrix.usual import AAC, H264, HUNDREDTHS, SDR, UNEVEN

_INTERLACED = replace(H264, fields="top")
_DEEP = Pictures("ffv1", "yuv420p10le", tags=SDR)
_ALPHA = Pictures("ffv1", "bgra", alpha=True)
_FRAME = Fraction(1, 25)


def _parts() -> list[Case]:
    regular = tuple(tick * _FRAME for tick in range(11))

    def case(name: str, file: str, to: str = ".mp4", pictures: Pictures = H264, **rest: Any) -> Case:
        return Case("Parts and rates", name, file, to, Clip(pictures, (AAC,)), **rest)

    first_six = tuple(number * _FRAME for number in range(6))
    cut = "sound is cut by whole packets, of which an edit list hides what lies outside"
    return [
        case(
            "from 0.12 s to 0.36 s",
            "trim-time.mp4",
            options={"trim_start": "0.12", "trim_end": "0.36"},
            numbers=tuple(range(3, 9)),
            times=first_six,
            remark=cut,
        ),
        case(
            "from frame 3 to frame 9, Matroska",
            "trim-frames.mkv",
            ".mkv",
            options={"trim_start": "3f", "trim_end": "9f"},
            numbers=tuple(range(3, 9)),
            times=first_six,
        ),
        case(
            "12.5 frames a second of 25",
            "slow.mp4",
            options={"output_video_fps": "12.5"},
            numbers=tuple(range(0, 12, 2)),
            times=tuple(2 * number * _FRAME for number in range(6)),
        ),
        case(
            "50 frames a second of 25",
            "double.mp4",
            options={"output_video_fps": "50"},
            numbers=tuple(number // 2 for number in range(24)),
            times=tuple(number * _FRAME / 2 for number in range(24)),
        ),
        case(
            "25 frames a second of a variable rate",
            "regular.mkv",
            ".mp4",
            replace(H264, times=UNEVEN, clock=HUNDREDTHS),
            options={"output_video_fps": "25"},
            numbers=tuple(max(n for n, time in enumerate(UNEVEN) if time * HUNDREDTHS <= tick) for tick in regular),
            times=regular,
        ),
        case("a part of the picture", "crop.mp4", options={"crop": (16, 8, 64, 48)}),
        case("half the size", "half.mp4", options={"output_video_size": "50%"}, is_lossless=False),
        case(
            "deinterlaced",
            "comb.mp4",
            ".mp4",
            _INTERLACED,
            options={"deinterlace": True},
            is_lossless=False,
            colour_limit=2.0,
            remark="each frame is held against the picture of one moment",
        ),
    ]


def _encoders() -> list[Case]:
    def case(
        encoder: str,
        file: str,
        to: str,
        pictures: Pictures = H264,
        *,
        name: str = "",
        sounds: tuple[Sound, ...] = (AAC,),
        options: Mapping[str, object] | None = None,
        **rest: Any,
    ) -> Case:
        chosen = {"output_video_encoder": encoder, **(options or {})}
        return Case("Encoders", name or encoder, file, to, Clip(pictures, sounds), options=chosen, **rest)

    noisy: dict[str, Any] = {"colour_limit": 8.0, "remark": "colour: the encoder's own loss"}
    fields: dict[str, Any] = {"lost": frozenset(("fields",))}
    return [
        case("libx264", "x264.mov", ".mov"),
        case("libx265", "x265.mp4", ".mp4"),
        case("libx265", "x265-10.mkv", ".mkv", _DEEP, name="libx265, 10 bits"),
        case("libx264", "x264-10.mkv", ".mp4", _DEEP, name="libx264, 10 bits"),
        case("libsvtav1", "svt.mp4", ".mp4"),
        case("libsvtav1", "svt-10.mkv", ".webm", _DEEP, name="libsvtav1, 10 bits", sounds=(), **noisy),
        case("libvpx-vp9", "vpx.mkv", ".webm", sounds=(Sound("libopus"),)),
        case(
            "libvpx-vp9", "vpx-alpha.mkv", ".mkv", _ALPHA, name="libvpx-vp9, alpha", options={"output_video_quality": 2}
        ),
        case("prores", "ks.mov", ".mov", H264),
        case("prores", "ks-alpha.mkv", ".mov", _ALPHA, name="prores, alpha"),
        case("prores", "ks-top.mp4", ".mov", _INTERLACED, name="prores, interlaced"),
        case("ffv1", "lossless.mp4", ".mkv"),
        case("libx265", "x265-top.mp4", ".mp4", _INTERLACED, name="libx265, interlaced", **fields),
        case(
            "libx264",
            "two-passes.mp4",
            ".mp4",
            name="libx264, two passes",
            options={"output_video_bitrate": "6M", "output_video_passes": 2},
        ),
        case("libx265", "rate.mp4", ".mp4", name="libx265, bit rate", options={"output_video_bitrate": "6M"}),
    ]


def _animations() -> list[Case]:
    def case(name: str, file: str, to: str, pictures: Pictures = H264, **rest: Any) -> Case:
        return Case("To moving and numbered pictures", name, file, to, Clip(pictures), **rest)

    palette: dict[str, Any] = {"colour_limit": 5.0, "remark": "256 colours", "lost": frozenset(("alpha",))}
    lossy: dict[str, Any] = {"options": {"output_video_quality": 2}, "remark": "4:2:0, lossy"}
    return [
        case("to GIF", "to-gif.mp4", ".gif", **palette),
        case("transparent, to GIF", "to-gif.mkv", ".gif", _ALPHA, **palette),
        case("to animated WebP", "to-webp.mp4", ".webp", **lossy),
        case("transparent, to animated WebP", "to-webp.mkv", ".webp", _ALPHA, **lossy),
        case("to animated PNG", "to-apng.mp4", ".apng"),
        case("transparent, to animated PNG", "to-apng.mkv", ".apng", _ALPHA),
        case("to numbered PNG", "to-pngs.mp4", "/%04d.png"),
        case("10 bits, to numbered PNG", "to-deep-pngs.mkv", "/%04d.png", _DEEP),
        case("transparent, to numbered TIFF", "to-tiffs.mkv", "/%04d.tiff", _ALPHA),
        case("to numbered JPEG", "to-jpegs.mp4", "/%04d.jpg", options={"output_image_quality": 98}),
    ]


def wish_cases() -> list[Case]:
    """Return all of them."""
    return [*_parts(), *_encoders(), *_animations()]
