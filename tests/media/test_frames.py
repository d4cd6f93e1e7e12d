"""Frames come out upright, in the right colours and whole; and go back the same."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from media_clips import BT601, BT709, LIMITS, Colour, make_clip, picture, planes, rewrite

from facefusion.errors import InputTypeError
from facefusion.media.colour import ColourTags
from facefusion.media.frame import Image
from facefusion.media.orientation import Orientation
from facefusion.media.reader import VideoReader

ONE = 1 << 16
UNIT = 1 << 30
KR_KB = {BT709: (0.2126, 0.0722), BT601: (0.299, 0.114)}
TURNS = {  # coefficients a, b, c, d of the display matrix, and what they do to a picture
    Orientation.UPRIGHT: ((1, 0, 0, 1), lambda p: p),
    Orientation.MIRRORED: ((-1, 0, 0, 1), lambda p: p[:, ::-1]),
    Orientation.FLIPPED: ((1, 0, 0, -1), lambda p: p[::-1]),
    Orientation.ROTATED_180: ((-1, 0, 0, -1), lambda p: p[::-1, ::-1]),
    Orientation.CLOCKWISE_90: ((0, 1, -1, 0), lambda p: np.rot90(p, -1)),
    Orientation.COUNTER_CLOCKWISE_90: ((0, -1, 1, 0), lambda p: np.rot90(p, 1)),
    Orientation.TRANSPOSED: ((0, 1, 1, 0), lambda p: p.transpose(1, 0, 2)),
    Orientation.TRANSVERSED: ((0, -1, -1, 0), lambda p: p[::-1, ::-1].transpose(1, 0, 2)),
}


def read(path: Path) -> list[Image]:
    with VideoReader(path, LIMITS) as reader:
        return [frame.image for frame in reader]


def error(a: Image, b: Image) -> float:
    return float(np.abs(a.astype(int) - b.astype(int)).mean())


def test_frames_are_numbered_and_keep_their_pixels_after_the_reader_is_closed(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "in.mp4", crf="0")
    with VideoReader(clip, LIMITS) as reader:
        frames = list(reader)
        assert list(reader) == [], "frames are read once"
    assert [frame.index for frame in frames] == list(range(12))
    assert all(error(frame.image, picture(frame.index, 64, 48)) < 2 for frame in frames)


@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
@pytest.mark.parametrize("orientation", TURNS, ids=lambda o: o.name.lower())
def test_all_eight_orientations_come_out_upright(tmp_path: Path, orientation: Orientation, suffix: str) -> None:
    (a, b, c, d), turned = TURNS[orientation]
    matrix = (a * ONE, b * ONE, 0, c * ONE, d * ONE, 0, 0, 0, UNIT)
    clip = make_clip(tmp_path / f"in{suffix}", matrix=matrix)
    expected = turned(picture(0, 64, 48))
    with VideoReader(clip, LIMITS) as reader:
        assert reader.info.orientation is orientation
        assert (reader.info.height, reader.info.width) == expected.shape[:2]
        assert error(next(iter(reader)).image, expected) < 3
    with VideoReader(rewrite(clip, tmp_path / "out.mp4"), LIMITS) as reader:
        assert reader.info.orientation is Orientation.UPRIGHT
        assert error(next(iter(reader)).image, expected) < 4


@pytest.mark.parametrize(
    "colour",
    [Colour(m, f) for m in (BT601, BT709) for f in (False, True)],
    ids=["601 limited", "601 full", "709 limited", "709 full"],
)
def test_colours_use_the_tagged_matrix_and_range_both_ways(tmp_path: Path, colour: Colour) -> None:
    clip = make_clip(tmp_path / "in.mp4", colour=colour, crf="0", size=(128, 96))
    stored = planes(clip)
    for image, (y, u, v) in zip(read(clip), stored, strict=True):
        assert error(image, exact_rgb(y, u, v, colour)) < 0.6
    out = rewrite(clip, tmp_path / "out.mp4", output_video_quality=0)
    with VideoReader(out, LIMITS) as reader:
        assert reader.info.colour == ColourTags(colour.matrix, colour.matrix, colour.matrix, colour.full)
    for before, after in zip(stored, planes(out), strict=True):
        assert all(error(a, b) < 0.4 for a, b in zip(before, after, strict=True))


def exact_rgb(y: Image, u: Image, v: Image, colour: Colour) -> Image:
    """The conversion as ITU-R BT.601 and BT.709 define it, in floating point."""
    kr, kb = KR_KB[colour.matrix]
    height, width = y.shape
    shift = np.float32([[2, 0, 0], [0, 2, 0.5]])  # chroma samples lie at the left luma column, between two lines
    u, v = (
        cv2.warpAffine(
            p.astype(np.float32), shift, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        for p in (u, v)
    )
    black, luma, chroma = (0, 255, 255) if colour.full else (16, 219, 224)
    y, u, v = (y - black) / luma, (u - 128.0) / chroma, (v - 128.0) / chroma
    red, blue = y + 2 * (1 - kr) * v, y + 2 * (1 - kb) * u
    green = (y - kr * red - kb * blue) / (1 - kr - kb)
    return np.rint(255 * np.stack([red, green, blue], axis=-1).clip(0, 1)).astype(np.uint8)


@pytest.mark.parametrize(("size", "matrix"), [((1280, 720), BT709), ((96, 64), BT601)], ids=["hd", "sd"])
def test_untagged_colours_are_guessed_by_height_and_stay_untagged(
    tmp_path: Path, size: tuple[int, int], matrix: int
) -> None:
    colour = Colour(drawn_with=matrix)
    clip = make_clip(tmp_path / "in.mp4", size=size, pts=range(2), colour=colour, crf="1")
    for path in (clip, rewrite(clip, tmp_path / "out.mp4", output_video_quality=1)):
        with VideoReader(path, LIMITS) as reader:
            assert reader.info.colour == ColourTags()
            assert all(error(frame.image, picture(frame.index, *size)) < 1.5 for frame in reader)


@pytest.mark.parametrize("size", [(65, 48), (64, 49), (33, 17)])
def test_odd_sizes_keep_every_pixel(tmp_path: Path, size: tuple[int, int]) -> None:
    clip = make_clip(tmp_path / "in.mkv", codec="ffv1", size=size)
    before = read(clip)
    out = rewrite(clip, tmp_path / "out.mp4", output_video_quality=1)
    with VideoReader(out, LIMITS) as reader:
        assert (reader.info.width, reader.info.height) == size
        assert reader.info.pixel_format == "yuv444p"
        assert all(error(frame.image, b) < 2 for frame, b in zip(reader, before, strict=True))


@pytest.mark.parametrize(
    ("codec", "pixel_format", "suffix"),
    [
        ("ffv1", "bgr0", ".mkv"),
        ("ffv1", "yuv422p10le", ".mkv"),
        ("ffv1", "gray", ".mkv"),
        ("mjpeg", "yuvj422p", ".avi"),
        ("mpeg4", "yuv420p", ".avi"),
        ("libvpx-vp9", "yuv420p", ".webm"),
        ("mpeg2video", "yuv420p", ".mpg"),
        ("flv", "yuv420p", ".flv"),
        ("wmv2", "yuv420p", ".asf"),
    ],
)
def test_other_codecs_and_pixel_formats_are_read(tmp_path: Path, codec: str, pixel_format: str, suffix: str) -> None:
    clip = make_clip(tmp_path / f"in{suffix}", codec=codec, pixel_format=pixel_format)
    frames = read(clip)
    assert len(frames) == 12
    if pixel_format != "gray":
        assert error(frames[0], picture(0, 64, 48)) < 12
    assert len(read(rewrite(clip, tmp_path / "out.mp4"))) == 12


def test_pixels_that_are_not_square_stay_so(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "in.mp4", aspect=Fraction(4, 3), matrix=(0, ONE, 0, -ONE, 0, 0, 0, 0, UNIT))
    with VideoReader(rewrite(clip, tmp_path / "out.mp4"), LIMITS) as reader:
        assert reader.info.pixel_aspect == Fraction(3, 4), "the clip was stored lying on its side"


def test_preset_and_rate_factor_reach_the_encoder(assets: Path, tmp_path: Path) -> None:
    clip = assets / "video" / "head_turning_female.mp4"
    sizes = [rewrite(clip, tmp_path / f"{q}.mp4", output_video_quality=q).stat().st_size for q in (10, 30)]
    assert sizes[0] > 2 * sizes[1]
    slow = rewrite(clip, tmp_path / "slow.mp4", output_video_preset="slow")
    assert b"subme=8" in slow.read_bytes(), "x264 writes its settings into the stream"


@pytest.mark.parametrize("codec", ["png", "libx264rgb"])
def test_an_rgb_video_comes_out_as_yuv_that_says_so(tmp_path, codec):
    source = tmp_path / "rgb.mov"
    with av.open(source, "w") as output:
        stream = output.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "rgb24"
        for index in range(3):
            output.mux(stream.encode(av.VideoFrame.from_ndarray(picture(index, 64, 48), format="rgb24")))
        output.mux(stream.encode())
    result = rewrite(source, tmp_path / "out.mp4", output_video_quality=0)
    with VideoReader(result, LIMITS) as reader:
        frames = [frame.image for frame in reader]
    assert len(frames) == 3
    assert np.abs(frames[1].astype(int) - picture(1, 64, 48)).mean() < 2


def test_a_matrix_that_cannot_be_converted_exactly_is_refused(tmp_path: Path) -> None:
    constant_luminance = 10
    clip = make_clip(tmp_path / "in.mp4", colour=Colour(constant_luminance))
    with pytest.raises(InputTypeError, match=r"matrix 10 of ITU-T H\.273, which is not read\. Convert it"):
        VideoReader(clip, LIMITS)
