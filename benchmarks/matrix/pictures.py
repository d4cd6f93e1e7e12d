"""Clips whose pictures are special: turned, at odd times, of odd sizes, interlaced, in many colours and depths."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from benchmarks.matrix.case import Case
from benchmarks.matrix.making import Clip, Pictures, Sound, make_clip
from benchmarks.matrix.samples import BT601, BT709, BT2020, HLG, PQ, Tags

_AAC = (Sound("aac"),)
_FINE = {"crf": "4", "preset": "veryfast"}
_X265 = {"crf": "4", "preset": "ultrafast", "x265-params": "log-level=error:info=0"}
_MASTERING = "G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50)"
_HDR10 = Tags(BT2020, BT2020, PQ, is_full=False)
_HLG = Tags(BT2020, BT2020, HLG, is_full=False)
_SDR = Tags.all_of(BT709)


def _plain(**changes: object) -> Pictures:
    """Return pictures in H.264 unless something else is said."""
    pictures = Pictures(tags=_SDR, options=_FINE)
    return replace(pictures, **changes)  # type: ignore[arg-type]


def _h265(name: str, **changes: object) -> Pictures:
    return _plain(**{"codec": "libx265", "form": name, "options": _X265, **changes})


def _turned() -> list[Case]:
    turns = ("0", "90", "180", "270", "mirrored", "upside down", "90, mirrored", "270, mirrored")
    right = {"lost": frozenset(("chroma samples",)), "remark": "no file can say that chroma lies to the right: moved"}
    cases = [
        Case("Turned", f"turned {turn}", f"turned-{number}.mp4", ".mp4", Clip(_plain(turn=turn), _AAC), **rest)
        for number, turn in enumerate(turns)
        for rest in [right if turn in ("180", "mirrored") else {}]
    ]
    moved = [
        Case("Turned", "turned 90, QuickTime", "turned-90.mov", ".mov", Clip(_plain(turn="90"), _AAC)),
        Case("Turned", "turned 270, Matroska", "turned-270.mkv", ".mkv", Clip(_plain(turn="270"), _AAC)),
        Case("Turned", "turned 90, odd sides", "turned-odd.mp4", ".mp4", Clip(_plain(turn="90", size=(126, 90)), _AAC)),
    ]
    return cases + moved


def _timed() -> list[Case]:
    uneven = (0, 3, 4, 9, 11, 16, 17, 30, 31, 33, 40, 41)
    hundredths = Fraction(1, 100)
    film, ntsc, fast = Fraction(1001, 24000), Fraction(1001, 30000), Fraction(1001, 60000)
    pause = (*range(6), *range(131, 137))

    def case(name: str, file: str, to: str, **changes: object) -> Case:
        return Case("Times", name, file, to, Clip(_plain(**changes), _AAC))

    return [
        case("23.976 frames a second", "film.mp4", ".mp4", clock=film),
        case("29.97 frames a second", "ntsc.mov", ".mov", clock=ntsc),
        case("59.94 frames a second", "fast.mp4", ".mp4", clock=fast),
        case("29.97, Matroska", "ntsc.mkv", ".mkv", clock=ntsc),
        case("variable rate", "uneven.mp4", ".mp4", clock=hundredths, times=uneven),
        case("variable rate, Matroska", "uneven.mkv", ".mkv", clock=hundredths, times=uneven),
        case("variable rate, to Matroska", "uneven-90k.mp4", ".mkv", clock=Fraction(1, 90_000), times=_of_a_phone()),
        case("variable rate, 90 kHz", "phone.mp4", ".mp4", clock=Fraction(1, 90_000), times=_of_a_phone()),
        case("variable rate, no B-frames", "plain.mp4", ".mp4", clock=hundredths, times=uneven, options=_without_b()),
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
            Clip(_plain(), (Sound("aac", start=Fraction(1, 5)),)),
        ),
    ]


def _of_a_phone() -> tuple[int, ...]:
    """Return times in 1/90000 s such as phones give: about 30 a second, fewer in the dark."""
    return (0, 2994, 6003, 8996, 14_990, 21_011, 24_003, 26_997, 30_002, 39_005, 42_001, 45_010)


def _without_b() -> dict[str, str]:
    return {**_FINE, "bf": "0"}


def _hidden_start() -> Case:
    """An edit list hides the first four frames, as editors write it that cut without encoding anew."""
    whole = Clip(_plain(times=range(-4, 12), options=_without_b()), _AAC)
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
    def case(name: str, file: str, to: str, **changes: object) -> Case:
        return Case("Sizes", name, file, to, Clip(_plain(**changes)), is_painted=True)

    vp9 = {"crf": "4", "b": "0", "deadline": "realtime", "cpu-used": "8"}
    return [
        case("odd sides, VP9 4:2:0", "odd.webm", ".webm", codec="libvpx-vp9", size=(127, 95), options=vp9),
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
    def case(name: str, file: str, to: str, **changes: object) -> Case:
        return Case("Interlaced", name, file, to, Clip(_plain(**changes)), is_painted=True)

    mpeg2 = {"b": "20000000", "g": "6"}
    return [
        case("top field first, H.264 4:2:2", "top-422.mp4", ".mp4", fields="top", form="yuv422p"),
        case("top field first, H.264", "top.mp4", ".mp4", fields="top"),
        case("bottom field first, H.264", "bottom.mkv", ".mkv", fields="bottom"),
        case("top field first, MPEG-2", "top.ts", ".mp4", fields="top", codec="mpeg2video", options=mpeg2),
        case(
            "top field first, ProRes", "top.mov", ".mov", fields="top", codec="prores_ks", form="yuv422p10le", options={}
        ),
        case("bottom field first, FFV1", "bottom-ffv1.mkv", ".mkv", fields="bottom", codec="ffv1", options={}),
    ]


def _coloured() -> list[Case]:
    full, half = {"is_full": True}, {"is_full": False}
    untagged_hd = Tags(drawn_matrix=BT709)

    def case(name: str, file: str, to: str = ".mp4", **changes: object) -> Case:
        return Case("Colour", name, file, to, Clip(_plain(**changes)), is_painted=True)

    return [
        case("BT.601, limited", "601.mp4", tags=Tags.all_of(BT601, **half)),
        case("BT.601, full", "601-full.mp4", tags=Tags.all_of(BT601, **full)),
        case("BT.709, limited", "709.mp4", tags=Tags.all_of(BT709, **half)),
        case("BT.709, full", "709-full.mov", ".mov", tags=Tags.all_of(BT709, **full)),
        case("BT.2020, limited, 8 bits", "2020.mp4", tags=Tags(BT2020, BT2020, 14, is_full=False)),
        case("BT.2020, full, 8 bits", "2020-full.mkv", ".mkv", tags=Tags(BT2020, BT2020, 14, is_full=True)),
        case("untagged, small", "untagged.mp4", tags=Tags()),
        case("untagged, 720 lines", "untagged-hd.mp4", tags=untagged_hd, size=(256, 720), times=range(3)),
        case("4:2:2", "422.mp4", form="yuv422p"),
        case("4:4:4", "444.mp4", form="yuv444p"),
        case("grey", "grey.mkv", ".mkv", codec="ffv1", form="gray", tags=Tags(is_full=True), options={}),
        case("RGB, H.264", "rgb.mp4", codec="libx264rgb", form="rgb24", tags=Tags(0, 1, 13, is_full=True)),
        case("RGB, FFV1", "rgb.mkv", ".mkv", codec="ffv1", form="bgr0", tags=Tags(), options={}),
    ]


def _deep() -> list[Case]:
    def case(name: str, file: str, to: str, pictures: Pictures, **rest: object) -> Case:
        return Case("Depth and HDR", name, file, to, Clip(pictures), is_painted=True, **rest)  # type: ignore[arg-type]

    hdr = {**_X265, "x265-params": f"{_X265['x265-params']}:hdr10=1:master-display={_MASTERING}:max-cll=1000,400"}
    svt = {
        "crf": "8",
        "preset": "11",
        "svtav1-params": "mastering-display=G(0.265,0.69)B(0.15,0.06)R(0.68,0.32)WP(0.3127,0.329)L(1000,0.005):"
        "content-light=1000,400",
    }
    prores = {"profile": "3"}
    return [
        case("10 bits, HEVC", "10.mp4", ".mp4", _h265("yuv420p10le")),
        case("10 bits, HEVC, full range", "10-full.mp4", ".mp4", _h265("yuv420p10le", tags=Tags.all_of(1, is_full=True))),
        case("10 bits, H.264", "10-avc.mkv", ".mkv", _plain(form="yuv420p10le")),
        case("10 bits 4:2:2, ProRes", "10-422.mov", ".mov", _plain(codec="prores_ks", form="yuv422p10le", options=prores)),
        case("10 bits 4:4:4, HEVC", "10-444.mp4", ".mp4", _h265("yuv444p10le")),
        case("10 bits BT.2020 SDR", "10-2020.mp4", ".mp4", _h265("yuv420p10le", tags=Tags(9, 9, 14, is_full=False))),
        case("12 bits, HEVC", "12.mp4", ".mp4", _h265("yuv420p12le"), remark="written with 10 bits"),
        case("12 bits 4:4:4, FFV1", "12.mkv", ".mkv", _plain(codec="ffv1", form="yuv444p12le", options={})),
        case("16 bits RGB, FFV1", "16.mkv", ".mkv", _plain(codec="ffv1", form="gbrp16le", tags=Tags(), options={})),
        case("HDR10", "hdr10.mp4", ".mp4", _h265("yuv420p10le", tags=_HDR10, options=hdr)),
        case("HDR10, turned 90", "hdr10-90.mp4", ".mp4", _h265("yuv420p10le", tags=_HDR10, options=hdr, turn="90")),
        case("HDR10, Matroska", "hdr10.mkv", ".mkv", _h265("yuv420p10le", tags=_HDR10, options=hdr)),
        case(
            "HDR10, AV1",
            "hdr10.webm",
            ".webm",
            _plain(codec="libsvtav1", form="yuv420p10le", tags=_HDR10, options=svt),
        ),
        case("HLG", "hlg.mov", ".mov", _h265("yuv420p10le", tags=_HLG)),
        case(
            "HLG, AV1",
            "hlg.webm",
            ".mkv",
            _plain(codec="libsvtav1", form="yuv420p10le", tags=_HLG, options={"crf": "8", "preset": "11"}),
        ),
    ]


def _transparent() -> list[Case]:
    def case(name: str, file: str, to: str, codec: str, form: str, options: dict[str, str]) -> Case:
        tags = Tags() if "gb" in form else _SDR
        pictures = Pictures(codec, form, alpha=True, options=options, tags=tags)
        return Case("Transparency", name, file, to, Clip(pictures), is_painted=True)

    vpx = {"crf": "4", "b": "0", "auto-alt-ref": "0", "deadline": "realtime", "cpu-used": "8"}
    vp8 = {"crf": "4", "b": "5000000", "auto-alt-ref": "0", "deadline": "realtime"}
    return [
        case("ProRes 4444", "alpha.mov", ".mov", "prores_ks", "yuva444p10le", {"profile": "4"}),
        case("VP9", "alpha.webm", ".webm", "libvpx-vp9", "yuva420p", vpx),
        case("VP8", "alpha-vp8.webm", ".webm", "libvpx", "yuva420p", vp8),
        case("FFV1 4:2:0", "alpha.mkv", ".mkv", "ffv1", "yuva420p", {}),
        case("FFV1 RGB", "alpha-rgb.mkv", ".mkv", "ffv1", "bgra", {}),
        case("PNG in QuickTime", "alpha-png.mov", ".mov", "png", "rgba", {}),
        case("Animation in QuickTime", "alpha-rle.mov", ".webm", "qtrle", "argb", {}),
    ]


def picture_cases() -> list[Case]:
    """Return all of them."""
    return [*_turned(), *_timed(), *_sized(), *_interlaced(), *_coloured(), *_deep(), *_transparent()]


def files(folder: Path) -> list[Path]:
    """Write all of them."""
    return [case.write(folder) for case in picture_cases()]
