"""Clips whose pictures are special: turned, at odd times, of odd sizes, interlaced."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

from benchmarks.matrix.case import Case
from benchmarks.matrix.clip import TURNS, Clip, Sound
from benchmarks.matrix.making import make_clip
from benchmarks.matrix.usual import AAC, H264, HUNDREDTHS, MPEG, UNEVEN, VP9, X264


def _turned() -> list[Case]:
    turns = {turn: f"turned {turn}" if turn[0].isdigit() else turn for turn in TURNS} | {"0": "not turned"}
    remark = "no file can say that chroma lies to the right: moved"
    right: dict[str, Any] = {"lost": frozenset(("chroma samples",)), "remark": remark}

    def case(name: str, file: str, to: str, turn: str, size: tuple[int, int] = H264.size) -> Case:
        clip = Clip(replace(H264, turn=turn, size=size), (AAC,))
        return Case("Turned", name, file, to, clip, **(right if turn in ("180", "mirrored") else {}))

    numbered = enumerate(turns.items())
    return [
        *(case(name, f"turned-{number}.mp4", ".mp4", turn) for number, (turn, name) in numbered),
        case("turned 90, QuickTime", "turned-90.mov", ".mov", "90"),
        case("turned 270, Matroska", "turned-270.mkv", ".mkv", "270"),
        case("turned 90, odd sides of chroma", "turned-odd.mp4", ".mp4", "90", (126, 90)),
    ]


def _timed() -> list[Case]:
    film, ntsc, fast = Fraction(1001, 24000), Fraction(1001, 30000), Fraction(1001, 60000)
    pause = (*range(6), *range(131, 137))

    def case(name: str, file: str, to: str, **changes: Any) -> Case:
        return Case("Times", name, file, to, Clip(replace(H264, **changes), (AAC,)))

    return [
        case("23.976 frames a second", "film.mp4", ".mp4", clock=film),
        case("29.97 frames a second", "ntsc.mov", ".mov", clock=ntsc),
        case("59.94 frames a second", "fast.mp4", ".mp4", clock=fast),
        case("29.97, Matroska", "ntsc.mkv", ".mkv", clock=ntsc),
        case("variable rate", "uneven.mp4", ".mp4", clock=HUNDREDTHS, times=UNEVEN),
        case("variable rate, Matroska", "uneven.mkv", ".mkv", clock=HUNDREDTHS, times=UNEVEN),
        case("variable rate, to Matroska", "uneven-90k.mp4", ".mkv", clock=Fraction(1, 90_000), times=_of_a_phone()),
        case("variable rate, 90 kHz", "phone.mp4", ".mp4", clock=Fraction(1, 90_000), times=_of_a_phone()),
        case("variable rate, no B-frames", "plain.mp4", ".mp4", clock=HUNDREDTHS, times=UNEVEN, options=_without_b()),
        case("a pause of 5 s", "pause.mp4", ".mp4", times=pause),
        case("one frame", "one.mp4", ".mp4", times=(0,)),
        case("two frames", "two.mkv", ".mkv", times=(0, 1)),
        case("starts late", "late.mp4", ".mp4", times=range(13, 25)),
        case("starts late, Matroska", "late.mkv", ".mkv", times=range(13, 25)),
        _hidden_start(),
        Case(
            "Times",
            "sound starts late",
            "late-sound.mp4",
            ".mp4",
            Clip(H264, (Sound("aac", start=Fraction(1, 5)),)),
        ),
    ]


def _of_a_phone() -> tuple[int, ...]:
    """Return times in 1/90000 s such as phones give: about 30 a second, fewer in the dark."""
    return (0, 2994, 6003, 8996, 14_990, 21_011, 24_003, 26_997, 30_002, 39_005, 42_001, 45_010)


def _without_b() -> dict[str, str]:
    return {**X264, "bf": "0"}


def _hidden_start() -> Case:
    """An edit list hides the first four frames, as editors write it that cut without encoding anew."""
    whole = Clip(replace(H264, times=range(-4, 12), options=_without_b()), (AAC,))
    return Case(
        "Times",
        "an edit list hides the start",
        "hidden.mp4",
        ".mp4",
        whole,
        numbers=tuple(range(4, 16)),
        times=tuple(Fraction(number, 25) for number in range(12)),
        make=lambda path: make_clip(path, replace(whole, muxer={"avoid_negative_ts": "disabled"})),
    )


def _sized() -> list[Case]:
    def case(name: str, file: str, to: str, **changes: Any) -> Case:
        return Case("Sizes", name, file, to, Clip(replace(H264, **changes)), is_painted=True)

    return [
        case("odd sides, VP9 4:2:0", "odd.webm", ".webm", codec="libvpx-vp9", size=(127, 95), options=VP9),
        case("odd sides, H.264 4:4:4", "odd.mp4", ".mp4", form="yuv444p", size=(127, 95)),
        case("odd sides, FFV1 4:2:0", "odd.mkv", ".mkv", codec="ffv1", size=(127, 95), options={}),
        case("sides no multiple of 8", "even.mp4", ".mp4", size=(126, 90)),
        case("tall", "tall.mp4", ".mp4", size=(96, 272)),
        case("pixels 16:11", "wide.mp4", ".mp4", aspect=Fraction(16, 11)),
        case("pixels 4:3, QuickTime", "wide.mov", ".mov", aspect=Fraction(4, 3)),
        case("pixels 8:9, Matroska", "narrow.mkv", ".mkv", aspect=Fraction(8, 9)),
        case("pixels 2:1 and turned", "wide-turned.mp4", ".mp4", aspect=Fraction(2), turn="90"),
    ]


def _interlaced() -> list[Case]:
    def case(name: str, file: str, to: str, **changes: Any) -> Case:
        return Case("Interlaced", name, file, to, Clip(replace(H264, **changes)), is_painted=True)

    return [
        case("top field first, H.264 4:2:2", "top-422.mp4", ".mp4", fields="top", form="yuv422p"),
        case("top field first, H.264", "top.mp4", ".mp4", fields="top"),
        case("bottom field first, H.264", "bottom.mkv", ".mkv", fields="bottom"),
        case("top field first, MPEG-2", "top.ts", ".mp4", fields="top", codec="mpeg2video", options=MPEG),
        case(
            "top field first, ProRes",
            "top.mov",
            ".mov",
            fields="top",
            codec="prores_ks",
            form="yuv422p10le",
            options={},
        ),
        case("bottom field first, FFV1", "bottom-ffv1.mkv", ".mkv", fields="bottom", codec="ffv1", options={}),
    ]


def picture_cases() -> list[Case]:
    """Return all of them."""
    return [*_turned(), *_timed(), *_sized(), *_interlaced()]
