"""A part of an interlaced picture is interlaced as well: each field keeps its lines, its chroma and its turn."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from encoding_clips import write
from media_clips import LIMITS
from plane_frames import SDR, planes

from facefusion.media.encoding.choose import VideoWish, choose_encoding
from facefusion.media.join import join
from facefusion.media.orientation import Orientation
from facefusion.media.planes.chain import Chain
from facefusion.media.planes.convert import FrameConverter
from facefusion.media.reader import VideoReader
from facefusion.media.region import Rectangle
from facefusion.media.select import Selection
from facefusion.options import OutputOptions

SIZE = (64, 64)
ABOVE, BELOW = (40, 60), (60, 200)  # luma and blue of the top and of the bottom field
OTHER = {"top": "bottom", "bottom": "top"}
CODES = {"top": 2, "bottom": 3}
ENDINGS = {"ffv1": ".mkv", "libx264": ".mp4", "prores": ".mov"}

Part = Callable[[str, Rectangle, str], tuple[av.VideoFrame, int]]
"""The first frame of a part, written by an encoder, and libav's number for the order of its fields."""


def woven(order: str) -> av.VideoFrame:
    """4:2:0 of which each line of luma and of chroma belongs to the field whose turn it is."""
    frame = av.VideoFrame(*SIZE, "yuv420p")
    for index in range(3):
        lines = np.frombuffer(memoryview(frame.planes[index]), np.uint8).reshape(frame.planes[index].height, -1)
        lines[0::2], lines[1::2] = (128, 128) if index == 2 else (ABOVE[index], BELOW[index])
    return Chain(frame, f"setfield={order[0]}ff")(frame)


@pytest.fixture
def make(tmp_path: Path) -> Callable[[str], Path]:
    def make_clip(order: str) -> Path:
        path = tmp_path / f"{order}.mkv"
        with av.open(str(path), "w") as output:
            options = {"flags": "+ildct+ilme", "x264-params": f"{order[0]}ff=1", "crf": "1"}
            stream = output.add_stream("libx264", rate=25, options=options)
            stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
            for index in range(4):
                frame = woven(order)
                frame.pts, frame.time_base = index, Fraction(1, 25)
                output.mux(stream.encode(frame))
            output.mux(stream.encode(None))
        return path

    return make_clip


@pytest.fixture
def part(make: Callable[[str], Path], tmp_path: Path) -> Part:
    def cropped(order: str, crop: Rectangle, encoder: str) -> tuple[av.VideoFrame, int]:
        output = tmp_path / f"part{ENDINGS[encoder]}"
        wish = VideoWish(encoder=encoder, quality=4 if encoder == "libx264" else None)
        with VideoReader(make(order), LIMITS, Selection(crop=crop)) as reader:
            encoding = choose_encoding(output, reader.info, wish)
            segment = write(tmp_path / "segment", encoding, reader)
        join(output, encoding=encoding, segments=[segment], source=None, options=OutputOptions())
        with av.open(str(output)) as container:
            told = int(container.streams.video[0].codec_context.field_order)
            return next(container.decode(video=0)), told

    return cropped


@pytest.mark.parametrize("encoder", ENDINGS)
@pytest.mark.parametrize("order", CODES)
@pytest.mark.parametrize(
    ("top", "height"), [(y, 32) for y in (0, 1, 2, 3, 8, 10, 11)] + [(y, h) for y in (0, 2, 3, 8) for h in (30, 34, 6)]
)
def test_each_field_keeps_its_lines_and_its_chroma_and_its_turn(
    part: Part, top: int, height: int, order: str, encoder: str
) -> None:
    frame, told = part(order, Rectangle(0, top, 64, height), encoder)

    luma, blue, _ = (plane.astype(float) / (4 if "10le" in frame.format.name else 1) for plane in planes(frame))
    first, second = (ABOVE, BELOW) if top % 2 == 0 else (BELOW, ABOVE)
    close = 0.5 if encoder == "ffv1" else 3
    for lines, (light, tint) in ((slice(0, None, 2), first), (slice(1, None, 2), second)):
        assert np.abs(luma[lines] - light).max() <= close
        assert np.abs(blue[lines] - tint).max() <= close
    if encoder == "libx264" and height % 4:
        return  # which holds no fields of such a height, and says so
    assert frame.interlaced_frame
    assert told == CODES[order if top % 2 == 0 else OTHER[order]]


@pytest.mark.parametrize("top", range(5))
def test_what_is_told_of_the_part_fits_its_lines(make: Callable[[str], Path], top: int) -> None:
    with VideoReader(make("top"), LIMITS, Selection(crop=Rectangle(0, top, 64, 32))) as reader:
        assert reader.info.field_order == ("bottom" if top % 2 else "top")
        is_told = any("chroma of its fields is interpolated" in note for note in reader.notes)
        assert is_told == (top % 4 != 0)
        assert reader.info.pixel_format == ("yuv444p" if top % 4 else "yuv420p")


@pytest.mark.parametrize("height", [30, 34, 62])
def test_pictures_of_an_odd_number_of_lines_a_field_are_seen_as_they_are(
    part: Part, tmp_path: Path, height: int
) -> None:
    frame, _ = part("top", Rectangle(0, 0, 64, height), "ffv1")
    assert frame.format.name == "yuv420p"

    with VideoReader(tmp_path / "part.mkv", LIMITS) as reader:
        view = next(iter(reader)).image

    assert (view[2:] == view[:-2]).all(), "no line has another colour than the field's other lines"
    assert (view[0] != view[1]).any()


def test_a_part_that_is_deinterlaced_has_no_fields(make: Callable[[str], Path]) -> None:
    selection = Selection(crop=Rectangle(0, 3, 64, 32), deinterlace=True)
    with VideoReader(make("top"), LIMITS, selection) as reader:
        assert reader.info.field_order == "progressive"
        assert reader.notes == ()


@pytest.mark.parametrize("top", range(4))
@pytest.mark.parametrize("height", [64, 62])
def test_upside_down_too_the_fields_keep_their_own_chroma(top: int, height: int) -> None:
    stored = Chain(woven("top"), f"crop=w=64:h={height}:x=0:y=0:exact=1", "copy")(woven("top"))
    convert = FrameConverter(SDR, Orientation.FLIPPED, Rectangle(0, top, 64, 32), is_interlaced=True).convert

    luma, blue, _ = planes(convert(stored).planes)

    lines = [(int(luma[line, 0]), int(blue[line, 0])) for line in (0, 1)]
    assert lines == ([ABOVE, BELOW] if top % 2 else [BELOW, ABOVE])
