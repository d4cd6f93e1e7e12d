"""Interlaced video is told as such, passed on as it is, and made progressive when that is asked for."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.filter import Graph
from media_clips import LIMITS, make_clip

from facefusion.media.deinterlace import deinterlaced
from facefusion.media.frame import Frame, Image
from facefusion.media.reader import VideoReader
from facefusion.media.select import EVERYTHING, Selection, Start

FRAMES, SIZE = 24, (160, 96)
PROGRESSIVE = Selection(deinterlace=True)
ORDERS = {"top": "tff", "bottom": "bff"}
KINDS = {
    "H.264 in MP4": ("libx264", {"preset": "veryfast", "g": "8"}, "yuv420p", ".mp4"),
    "H.264 in TS": ("libx264", {"preset": "veryfast", "g": "8"}, "yuv420p", ".ts"),
    "MPEG-2": ("mpeg2video", {"flags": "+ildct+ilme", "g": "8", "b": "4M"}, "yuv420p", ".mpg"),
    "ProRes": ("prores_ks", {"flags": "+ildct"}, "yuv422p10le", ".mov"),
    "FFV1": ("ffv1", {}, "yuv420p", ".mkv"),
}


def scene(moment: int) -> Image:
    """A bright block that moves by two pixels from field to field."""
    image = np.full((SIZE[1], SIZE[0], 3), 40, np.uint8)
    image[20:76, 2 * moment + 10 : 2 * moment + 40] = 200
    return image


def woven(index: int, order: str) -> Image:
    """Two moments in one frame: the first in the field that is shown first."""
    image, second = scene(2 * index), scene(2 * index + 1)
    late = slice(1, None, 2) if order == "top" else slice(0, None, 2)
    image[late] = second[late]
    return image


def interlaced(path: Path, kind: str, order: str) -> Path:
    codec, options, pixel_format, _ = KINDS[kind]
    extra = {"x264-params": f"{ORDERS[order]}=1"} if codec == "libx264" else {}
    with av.open(str(path), "w") as output:
        stream = output.add_stream(codec, rate=25, options=options | extra)
        stream.width, stream.height, stream.pix_fmt = *SIZE, pixel_format
        stream.codec_context.field_order = 2 if order == "top" else 3
        graph = Graph()
        source = graph.add_buffer(None, *SIZE, av.VideoFormat(pixel_format), time_base=Fraction(1, 25))
        graph.link_nodes(source, graph.add("setfield", ORDERS[order]), graph.add("buffersink")).configure()
        for index in range(FRAMES):
            frame = av.VideoFrame.from_ndarray(woven(index, order)).reformat(format=pixel_format)
            frame.pts, frame.time_base = index, Fraction(1, 25)
            graph.vpush(frame)
            marked = graph.vpull()
            marked.pict_type = 0
            output.mux(stream.encode(marked))
        output.mux(stream.encode(None))
    return path


@pytest.fixture(params=[(kind, order) for kind in KINDS for order in ORDERS], ids=lambda p: f"{p[0]}, {p[1]} first")
def clip(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, str]:
    kind, order = request.param
    return interlaced(tmp_path / f"clip{KINDS[kind][3]}", kind, order), order


def read(path: Path, selection: Selection = EVERYTHING, start: Start | None = None) -> list[Frame]:
    with VideoReader(path, LIMITS, selection, start) as reader:
        return list(reader)


def error(a: Image, b: Image) -> float:
    return float(np.abs(a.astype(int) - b.astype(int)).mean())


def test_interlaced_video_is_told_and_left_as_it_is(clip: tuple[Path, str]) -> None:
    path, order = clip
    with VideoReader(path, LIMITS) as reader:
        assert reader.info.field_order == order
        assert all(error(frame.image, woven(frame.index, order)) < 2 for frame in reader)


def test_deinterlaced_frames_show_the_moment_of_the_field_that_comes_first(clip: tuple[Path, str]) -> None:
    path, _ = clip
    with VideoReader(path, LIMITS, PROGRESSIVE) as reader:
        assert reader.info.field_order == "progressive"
        frames = list(reader)
    for frame in frames[1:-1]:
        assert error(frame.image, scene(2 * frame.index)) < 1 < error(frame.image, scene(2 * frame.index + 1))


def test_deinterlacing_keeps_every_frame_and_its_time(clip: tuple[Path, str]) -> None:
    before, after = read(clip[0]), read(clip[0], PROGRESSIVE)
    assert [(f.pts, f.duration) for f in after] == [(f.pts, f.duration) for f in before]


@pytest.mark.parametrize("index", [1, 3, 10, FRAMES - 1])
def test_deinterlaced_reading_can_begin_anywhere(clip: tuple[Path, str], index: int) -> None:
    whole = read(clip[0], PROGRESSIVE)
    rest = read(clip[0], PROGRESSIVE, Start(index, whole[index].pts))
    assert [(f.pts, f.image.tobytes()) for f in rest] == [(f.pts, f.image.tobytes()) for f in whole[index:]]


def test_progressive_video_stays_as_it_is_with_a_note(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "clip.mp4")
    with VideoReader(path, LIMITS, PROGRESSIVE) as reader:
        assert "Nothing says that it is interlaced" in reader.notes[0]
        after = [frame.image.tobytes() for frame in reader]
    assert after == [frame.image.tobytes() for frame in read(path)]


def test_a_single_frame_can_be_deinterlaced(tmp_path: Path) -> None:
    assert len(read(make_clip(tmp_path / "clip.mp4", pts=[0]), PROGRESSIVE)) == 1


def test_frames_that_change_their_pixel_format_are_all_made_progressive() -> None:
    """As those of DV may; libav ends the process when a filter is given frames of another format."""
    frames = [av.VideoFrame(*SIZE, "yuv420p" if index < 5 else "yuv411p") for index in range(9)]
    for index, frame in enumerate(frames):
        frame.pts, frame.time_base = index, Fraction(1, 25)

    made = list(deinterlaced(frames, field_order="top", time_base=Fraction(1, 25)))

    assert [frame.pts for frame in made] == list(range(9))
    assert [frame.format.name for frame in made] == ["yuv420p"] * 5 + ["yuv411p"] * 4


@pytest.mark.parametrize("size", [(1, 48), (64, 2)])
def test_frames_too_small_for_the_filter_stay_as_they_are(size: tuple[int, int]) -> None:
    frame = av.VideoFrame(*size, "yuv420p")
    frame.pts, frame.time_base = 0, Fraction(1, 25)

    assert list(deinterlaced([frame], field_order="top", time_base=Fraction(1, 25))) == [frame]
