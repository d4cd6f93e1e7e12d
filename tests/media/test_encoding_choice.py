"""Which encoder writes a video, with which parameters, and what is refused before any work."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from encoding_clips import clip
from plane_frames import FULL, HLG, PQ

from facefusion.errors import OptionsError, OutputTypeError
from facefusion.media.encoding.choose import VideoWish, choose_encoding
from facefusion.media.encoding.encoders import ENCODERS
from facefusion.media.encoding.stream import try_encoder
from facefusion.media.info import VideoInfo

EIGHT, TEN = clip("yuv420p").info, clip("yuv420p10le").info
HDR = clip("yuv420p10le", colour=PQ).info
ALPHA, DEEP_ALPHA = clip("yuva444p").info, clip("yuva444p10le").info
PROFESSIONAL = clip("yuv422p10le").info
ODD = replace(EIGHT, width=97)
INTERLACED = replace(EIGHT, field_order="top")
BROADCAST = replace(PROFESSIONAL, field_order="top")
NAMES = {name: spec for name, spec in ENCODERS.items() if not spec.needs}


def chosen(output: str, info: VideoInfo = EIGHT, **wish: object):
    return choose_encoding(Path(output), info, VideoWish(**wish))


@pytest.mark.parametrize(
    ("output", "info", "encoder", "pixel_format"),
    [
        ("a.mp4", EIGHT, "libx264", "yuv420p"),
        ("a.MKV", EIGHT, "libx264", "yuv420p"),
        ("a.mov", EIGHT, "libx264", "yuv420p"),
        ("a.webm", EIGHT, "libvpx-vp9", "yuv420p"),
        ("a.mp4", ODD, "libx264", "yuv444p"),
        ("a.webm", ODD, "libvpx-vp9", "yuv420p"),
        ("a.mp4", TEN, "libx265", "yuv420p10le"),
        ("a.mp4", HDR, "libx265", "yuv420p10le"),
        ("a.mp4", clip("yuv420p10le", colour=HLG).info, "libx265", "yuv420p10le"),
        ("a.mp4", PROFESSIONAL, "libx265", "yuv420p10le"),
        ("a.webm", HDR, "libsvtav1", "yuv420p10le"),
        ("a.mov", ALPHA, "prores", "yuva444p10le"),
        ("a.webm", ALPHA, "libvpx-vp9", "yuva420p"),
        ("a.mkv", ALPHA, "libvpx-vp9", "yuva420p"),
        ("a.mkv", DEEP_ALPHA, "ffv1", "yuva444p10le"),
        ("a.mp4", ALPHA, "libx264", "yuv420p"),
        ("a.mp4", replace(TEN, width=24, height=24), "libx264", "yuv420p10le"),
        ("a.mp4", INTERLACED, "libx264", "yuv420p"),
        ("a.mp4", replace(INTERLACED, pixel_format="yuv422p"), "libx264", "yuv422p"),
        ("a.mp4", BROADCAST, "libx264", "yuv422p10le"),
        ("a.mp4", replace(TEN, field_order="top"), "libx264", "yuv420p10le"),
        ("a.mov", BROADCAST, "prores", "yuv422p10le"),
        # Where several rows of the table in docs/encoding.md hold:
        ("a.mp4", DEEP_ALPHA, "libx265", "yuv420p10le"),
        ("a.mp4", replace(DEEP_ALPHA, field_order="top"), "libx265", "yuv420p10le"),
        ("a.mov", replace(DEEP_ALPHA, field_order="top"), "prores", "yuva444p10le"),
        ("a.mkv", replace(DEEP_ALPHA, field_order="top"), "ffv1", "yuva444p10le"),
        ("a.webm", DEEP_ALPHA, "libvpx-vp9", "yuva420p"),
        ("a.webm", BROADCAST, "libsvtav1", "yuv420p10le"),
    ],
)
def test_the_encoder_goes_by_the_ending_and_the_video(
    output: str, info: VideoInfo, encoder: str, pixel_format: str
) -> None:
    encoding = chosen(output, info)

    assert (encoding.encoder.name, encoding.pixels.pixel_format) == (encoder, pixel_format)
    try_encoder(encoding)


@pytest.mark.parametrize(
    ("encoder", "ending", "stored", "kept"),
    [
        ("prores", ".mov", "yuv420p", "yuv422p10le"),
        ("prores", ".mov", "yuv444p", "yuv444p10le"),
        ("prores", ".mov", "gbrp", "yuv444p10le"),
        ("prores", ".mov", "yuva444p12le", "yuva444p10le"),
        ("ffv1", ".mkv", "yuv422p", "yuv422p"),
        ("ffv1", ".mkv", "yuv411p", "yuv411p"),
        ("ffv1", ".mkv", "yuv440p", "yuv440p"),
        ("ffv1", ".mkv", "yuv420p10le", "yuv420p10le"),
        ("ffv1", ".mkv", "yuv444p12le", "yuv444p12le"),
        ("ffv1", ".mkv", "yuva444p12le", "yuva444p12le"),
        ("ffv1", ".mkv", "yuva420p", "yuva420p"),
        ("ffv1", ".mkv", "gray", "gray"),
        ("ffv1", ".mkv", "gray10le", "gray10le"),
        ("ffv1", ".mkv", "gbrp", "bgr0"),
        ("ffv1", ".mkv", "gbrap", "bgra"),
        ("ffv1", ".mkv", "gbrp10le", "gbrp10le"),
        ("ffv1", ".mkv", "gbrap12le", "gbrap12le"),
        ("ffv1", ".mkv", "gbrap16le", "gbrap16le"),
    ],
)
def test_prores_and_ffv1_keep_what_is_stored(encoder: str, ending: str, stored: str, kept: str) -> None:
    encoding = chosen(f"a{ending}", clip(stored).info, encoder=encoder)

    assert encoding.pixels.pixel_format == kept
    try_encoder(encoding)


@pytest.mark.parametrize(
    ("encoder", "preset", "own"),
    [
        ("libx264", "medium", {"preset": "medium"}),
        ("libx265", "slow", {"preset": "slow"}),
        ("libsvtav1", "ultrafast", {"preset": "12"}),
        ("libsvtav1", "veryslow", {"preset": "2"}),
        ("libvpx-vp9", "veryfast", {"cpu-used": "5", "deadline": "good"}),
        ("libvpx-vp9", "veryslow", {"cpu-used": "0", "deadline": "good"}),
        ("h264_nvenc", "medium", {"preset": "p4"}),
        ("hevc_qsv", "ultrafast", {"preset": "veryfast"}),
    ],
)
def test_presets_have_the_names_of_x264(encoder: str, preset: str, own: dict[str, str]) -> None:
    ending = ".mkv" if "mp4" not in ENCODERS[encoder].muxers else ".mp4"

    options = chosen(f"a{ending}", encoder=encoder, preset=preset).codec_options

    assert options.items() >= own.items()


@pytest.mark.parametrize(
    ("encoder", "quality", "own"),
    [
        ("libx264", None, {"crf": "18"}),
        ("libx264", 0, {"crf": "0"}),
        ("libx265", 23, {"crf": "23"}),
        ("libsvtav1", None, {"crf": "22"}),
        ("libsvtav1", 51, {"crf": "63"}),
        ("libvpx-vp9", 51, {"crf": "63", "b": "0"}),
        ("h264_nvenc", 20, {"cq": "20", "b": "0"}),
        ("h264_qsv", 20, {"global_quality": "20"}),
    ],
)
def test_quality_is_on_the_scale_of_x264(encoder: str, quality: int | None, own: dict[str, str]) -> None:
    options = chosen("a.mp4", encoder=encoder, quality=quality).codec_options

    assert options.items() >= own.items()


def test_a_bitrate_takes_the_place_of_the_quality() -> None:
    encoding = chosen("a.mp4", bit_rate=800_000)

    assert encoding.bit_rate == 800_000
    assert "crf" not in encoding.codec_options


@pytest.mark.parametrize(
    ("size", "expected", "shape"),
    [
        (None, (96, 64), Fraction(1)),
        ("48x32", (48, 32), Fraction(1)),
        ("64x64", (64, 64), Fraction(3, 2)),
        ("32p", (48, 32), Fraction(1)),
        ("50%", (48, 32), Fraction(1)),
        ("200%", (192, 128), Fraction(1)),
    ],
)
def test_the_picture_keeps_its_shape_at_any_size(size: str | None, expected: tuple[int, int], shape: Fraction) -> None:
    encoding = chosen("a.mp4", size=size)

    assert (encoding.pixels.width, encoding.pixels.height) == expected
    assert encoding.sample_aspect == shape


REFUSALS = [
    ("a.webm", EIGHT, {"encoder": "libx264"}, r"WebM files do not hold H.264 .*\.mp4, .*libsvtav1, libvpx-vp9"),
    ("a.mp4", EIGHT, {"encoder": "prores"}, r"MP4 files do not hold ProRes .*endings \.mov, \.mkv.*libx264"),
    ("a.mp4", EIGHT, {"encoder": "ffv1"}, r"MP4 files do not hold FFV1 .*\.mkv"),
    ("a.mov", EIGHT, {"encoder": "libsvtav1"}, r"QuickTime files do not hold AV1 .*\.mp4"),
    ("a.avi", EIGHT, {}, r"ending '\.avi', which is not written.*\.mp4"),
    ("a.jpg", EIGHT, {}, r"asks for a picture, not a video.*\.mp4"),
    ("a.mov", EIGHT, {"encoder": "prores", "quality": 20}, "ProRes .* has no quality to set"),
    ("a.mkv", EIGHT, {"encoder": "ffv1", "bit_rate": 1000}, "FFV1 .* does not aim at a bitrate"),
    ("a.webm", EIGHT, {"bit_rate": 1000, "passes": 2}, "libvpx-vp9 does not work in two passes.*libx264 and libx265"),
    ("a.webm", HDR, {"encoder": "libvpx-vp9"}, "8 bits, too few for the high dynamic range.*libsvtav1"),
    ("a.mp4", EIGHT, {"encoder": "libx265", "size": "30x64"}, "HEVC .* no side below 32"),
    ("a.mp4", ODD, {"encoder": "h264_qsv"}, "does not hold odd sides"),
    ("a.gif", EIGHT, {"encoder": "libx264"}, "animated GIF has no encoder to choose"),
    ("a.gif", EIGHT, {"quality": 20}, "animated GIF files have no quality"),
    ("a.webp", replace(EIGHT, width=20_000), {}, "animated WebP files hold no sides above 16383"),
    ("%04d.png", replace(EIGHT, pixel_aspect=Fraction(1000)), {}, r"PNG files hold no sides above 65535 .*96000x64"),
    ("%04d.jpg", EIGHT, {"size": "65501x64"}, "JPEG files hold no sides above 65500"),
    ("%04d.png", EIGHT, {"bit_rate": 1000}, "PNG has no encoder to choose"),
    ("%04d.jpg", EIGHT, {"quality": 20}, "JPEG pictures have no video quality.*--output-image-quality"),
]


@pytest.mark.parametrize(("output", "info", "wish", "message"), REFUSALS)
def test_what_cannot_be_is_refused_and_what_would_work_is_named(
    output: str, info: VideoInfo, wish: dict[str, object], message: str
) -> None:
    with pytest.raises(OutputTypeError, match=message):
        chosen(output, info, **wish)


@pytest.mark.parametrize("wish", [{"passes": 2}, {"encoder": "libx266"}])
def test_wishes_that_make_no_sense_are_refused(wish: dict[str, object]) -> None:
    with pytest.raises(OptionsError):
        chosen("a.mp4", **wish)


@pytest.mark.parametrize("encoder", [name for name, spec in ENCODERS.items() if spec.needs])
def test_an_encoder_on_hardware_says_what_it_needs_where_that_is_missing(encoder: str) -> None:
    encoding = chosen("a.mp4", clip("yuv420p", size=(256, 144)).info, encoder=encoder)
    try:
        try_encoder(encoding)
    except OutputTypeError as error:
        assert f"{encoder} needs an" in str(error)
        assert "'auto'" in str(error)


def test_a_size_that_the_encoder_refuses_is_found_out_before_work() -> None:
    with pytest.raises(OutputTypeError, match="libx264 refuses 20000x20000 yuv420p"):
        try_encoder(chosen("a.mp4", size="20000x20000"))


def test_the_encoder_of_a_second_pass_is_tried_before_the_first() -> None:
    encoding = chosen("a.mp4", bit_rate=1000, passes=2)
    broken = replace(encoding, codec_options={"preset": "none such"})

    try_encoder(encoding)
    with pytest.raises(OutputTypeError, match="libx264 refuses"):
        try_encoder(broken)


@pytest.mark.parametrize(
    ("output", "info", "note"),
    [
        ("a.mp4", ALPHA, "H.264 in MP4 holds no transparency"),
        ("a.mp4", clip("yuv420p12le").info, "has 12 bits, and is written with 10"),
        ("a.webm", DEEP_ALPHA, "has 10 bits, and is written with 8"),
        ("a.webm", INTERLACED, "interlaced, and the output does not say so; --deinterlace"),
        ("a.mp4", replace(INTERLACED, height=62), "interlaced, and the output does not say so"),
        ("a.gif", HDR, "no high dynamic range"),
        ("%04d.jpg", ALPHA, "JPEG files hold no transparency"),
        ("%04d.png", INTERLACED, "interlaced, and the output does not say so; --deinterlace"),
        ("a.webp", INTERLACED, "interlaced, and the output does not say so; --deinterlace"),
        ("a.gif", ALPHA, "animated GIF files hold nothing half transparent"),
        ("a.mp4", replace(PROFESSIONAL, stored_format="yuv422p10le"), "has chroma of 4:2:2, and is written with 4:2:0"),
        ("a.mp4", replace(EIGHT, stored_format="yuv444p"), "has chroma of 4:4:4, and is written with 4:2:0"),
        ("a.mp4", replace(EIGHT, stored_format="yuv411p"), "has chroma of 4:1:1, and is written with 4:2:0"),
        ("a.mp4", replace(EIGHT, stored_format="gbrp"), "is RGB, and is written with 4:2:0"),
        ("a.mov", replace(ALPHA, stored_format="gbrap", has_alpha=False), "is RGB, and is written with 4:2:0"),
    ],
)
def test_what_is_lost_is_said(output: str, info: VideoInfo, note: str) -> None:
    assert any(note in line for line in chosen(output, info).notes)


@pytest.mark.parametrize(
    ("output", "info"),
    [
        *(("a.mp4", EIGHT), ("a.mov", ALPHA), ("a.mp4", HDR), ("a.mp4", INTERLACED), ("a.mov", BROADCAST)),
        ("a.mp4", replace(EIGHT, stored_format="nv12")),
        ("a.mp4", replace(EIGHT, stored_format="gray")),
        ("a.mp4", replace(ODD, stored_format="yuv444p")),
        ("a.mov", replace(BROADCAST, stored_format="yuv422p10le")),
        ("a.gif", replace(ALPHA, codec="gif")),
        ("a.apng", ALPHA),
    ],
)
def test_where_nothing_is_lost_nothing_is_said(output: str, info: VideoInfo) -> None:
    assert chosen(output, info).notes == ()


def test_all_that_decides_the_bytes_is_in_the_key() -> None:
    infos = [EIGHT, TEN, INTERLACED, ALPHA, clip("yuv420p", colour=FULL).info, replace(EIGHT, frame_rate=Fraction(30))]
    wishes = [{}, {"preset": "slow"}, {"quality": 20}, {"bit_rate": 9000}, {"bit_rate": 9000, "passes": 2}]
    keys = [json.dumps(chosen("a.mkv", info).key()) for info in infos]
    keys += [json.dumps(chosen("a.mkv", **wish).key()) for wish in wishes[1:]]

    assert len(set(keys)) == len(keys)
    assert chosen("a.mkv").key() == chosen("b.mkv").key()
