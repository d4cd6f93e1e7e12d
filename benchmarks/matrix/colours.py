"""Clips in many colours, depths and dynamic ranges, and with alpha."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from benchmarks.matrix.case import Case
from benchmarks.matrix.clip import Clip, Pictures
from benchmarks.matrix.tags import BT601, BT709, BT2020, HLG, PQ, Tags
from benchmarks.matrix.usual import H264, SDR, x265

_MASTERING = "G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50)"
_HDR10 = Tags(BT2020, BT2020, PQ, is_full=False)
_HLG = Tags(BT2020, BT2020, HLG, is_full=False)
_BT2020 = Tags(BT2020, BT2020, 14, is_full=False)


def _coloured() -> list[Case]:
    full, half = {"is_full": True}, {"is_full": False}
    untagged_hd = Tags(drawn_matrix=BT709)

    def case(name: str, file: str, to: str = ".mp4", **changes: Any) -> Case:
        return Case("Colour", name, file, to, Clip(replace(H264, **changes)), is_painted=True)

    return [
        case("BT.601, limited", "601.mp4", tags=Tags.all_of(BT601, **half)),
        case("BT.601, full", "601-full.mp4", tags=Tags.all_of(BT601, **full)),
        case("BT.709, limited", "709.mp4", tags=Tags.all_of(BT709, **half)),
        case("BT.709, full", "709-full.mov", ".mov", tags=Tags.all_of(BT709, **full)),
        case("BT.2020, limited, 8 bits", "2020.mp4", tags=_BT2020),
        case("BT.2020, full, 8 bits", "2020-full.mkv", ".mkv", tags=replace(_BT2020, is_full=True)),
        case("untagged, small", "untagged.mp4", tags=Tags()),
        case("untagged, 720 lines", "untagged-hd.mp4", tags=untagged_hd, size=(256, 720), times=range(3)),
        case("4:2:2", "422.mp4", form="yuv422p"),
        case("4:4:4", "444.mp4", form="yuv444p"),
        case("grey", "grey.mkv", ".mkv", codec="ffv1", form="gray", tags=Tags(is_full=True), options={}),
        case("RGB, H.264", "rgb.mp4", codec="libx264rgb", form="rgb24", tags=Tags(0, 1, 13, is_full=True)),
        case("RGB, FFV1", "rgb.mkv", ".mkv", codec="ffv1", form="bgr0", tags=Tags(), options={}),
    ]


def _deep() -> list[Case]:
    def case(name: str, file: str, to: str, pictures: Pictures, **rest: Any) -> Case:
        return Case("Depth and HDR", name, file, to, Clip(pictures), is_painted=True, **rest)

    hdr = x265("hdr10=1", f"master-display={_MASTERING}", "max-cll=1000,400")
    svt = {
        "crf": "8",
        "preset": "11",
        "svtav1-params": "mastering-display=G(0.265,0.69)B(0.15,0.06)R(0.68,0.32)WP(0.3127,0.329)L(1000,0.005):"
        "content-light=1000,400",
    }
    prores = replace(H264, codec="prores_ks", form="yuv422p10le", options={"profile": "3"})
    lossless = replace(H264, codec="ffv1", options={})
    full = Tags.all_of(BT709, is_full=True)
    return [
        case("10 bits, HEVC", "10.mp4", ".mp4", _h265("yuv420p10le")),
        case("10 bits, HEVC, full range", "10-full.mp4", ".mp4", _h265("yuv420p10le", tags=full)),
        case("10 bits, H.264", "10-avc.mkv", ".mkv", replace(H264, form="yuv420p10le")),
        case("10 bits 4:2:2, ProRes", "10-422.mov", ".mov", prores),
        case("10 bits 4:4:4, HEVC", "10-444.mp4", ".mp4", _h265("yuv444p10le")),
        case("10 bits BT.2020 SDR", "10-2020.mp4", ".mp4", _h265("yuv420p10le", tags=_BT2020)),
        case("12 bits, HEVC", "12.mp4", ".mp4", _h265("yuv420p12le")),
        case("12 bits 4:4:4, FFV1", "12.mkv", ".mkv", replace(lossless, form="yuv444p12le")),
        case("16 bits RGB, FFV1", "16.mkv", ".mkv", replace(lossless, form="gbrp16le", tags=Tags())),
        case("HDR10", "hdr10.mp4", ".mp4", _h265("yuv420p10le", tags=_HDR10, options=hdr)),
        case("HDR10, turned 90", "hdr10-90.mp4", ".mp4", _h265("yuv420p10le", tags=_HDR10, options=hdr, turn="90")),
        case("HDR10, Matroska", "hdr10.mkv", ".mkv", _h265("yuv420p10le", tags=_HDR10, options=hdr)),
        case(
            "HDR10, AV1",
            "hdr10.webm",
            ".webm",
            replace(H264, codec="libsvtav1", form="yuv420p10le", tags=_HDR10, options=svt),
            colour_limit=8.0,
            remark="colour: AV1's own loss",
        ),
        case("HLG", "hlg.mov", ".mov", _h265("yuv420p10le", tags=_HLG)),
        case(
            "HLG, AV1",
            "hlg.webm",
            ".mkv",
            replace(H264, codec="libsvtav1", form="yuv420p10le", tags=_HLG, options={"crf": "8", "preset": "11"}),
        ),
    ]


def _h265(form: str, **changes: Any) -> Pictures:
    return replace(H264, **{"codec": "libx265", "form": form, "options": x265(), **changes})


def _transparent() -> list[Case]:
    def case(name: str, file: str, to: str, coded: tuple[str, str], **options: str) -> Case:
        tags = Tags() if "gb" in coded[1] else SDR
        pictures = Pictures(*coded, alpha=True, options=options, tags=tags)
        return Case("Transparency", name, file, to, Clip(pictures), is_painted=True)

    vpx = {"auto-alt-ref": "0", "deadline": "realtime", "crf": "4"}
    return [
        case("ProRes 4444", "alpha.mov", ".mov", ("prores_ks", "yuva444p10le"), profile="4"),
        case("VP9", "alpha.webm", ".webm", ("libvpx-vp9", "yuva420p"), b="0", **vpx),
        case("VP8", "alpha-vp8.webm", ".webm", ("libvpx", "yuva420p"), b="5000000", **vpx),
        case("FFV1 4:2:0", "alpha.mkv", ".mkv", ("ffv1", "yuva420p")),
        case("FFV1 RGB", "alpha-rgb.mkv", ".mkv", ("ffv1", "bgra")),
        case("PNG in QuickTime", "alpha-png.mov", ".mov", ("png", "rgba")),
        case("Animation in QuickTime", "alpha-rle.mov", ".webm", ("qtrle", "argb")),
    ]


def colour_cases() -> list[Case]:
    """Return all of them."""
    return [*_coloured(), *_deep(), *_transparent()]
