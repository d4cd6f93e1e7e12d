"""What every reader does, whatever it reads, here or in a process apart: videos, animated pictures, sequences."""

from __future__ import annotations

import sys
from collections.abc import Callable
from fractions import Fraction
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from media_clips import make_clip, picture
from PIL import Image as Pillow

from facefusion.errors import InputLimitError, InputMissingError, OptionsError
from facefusion.media.frame import Frame
from facefusion.media.open import FrameReader, Start, open_reader
from facefusion.media.region import Rectangle
from facefusion.media.select import EVERYTHING, Selection
from facefusion.options import LimitOptions
from facefusion.options.moments import Moment

FRAMES, SIZE, PERIOD = 12, (64, 48), Fraction(1, 25)


def animation(path: Path) -> Path:
    pictures = [Pillow.fromarray(picture(index, *SIZE)) for index in range(FRAMES)]
    options = {"lossless": True} if path.suffix == ".webp" else {}
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=40, loop=0, **options)
    return path


def sequence(path: Path) -> Path:
    path.mkdir()
    for index in range(FRAMES):
        Pillow.fromarray(picture(index, *SIZE)).save(path / f"shot.{index + 1:04d}.png")
    return path


def pattern(path: Path) -> Path:
    return sequence(path) / "shot.%04d.png"


SOURCES: dict[str, tuple[str, Callable[[Path], Path]]] = {
    "MP4": ("clip.mp4", make_clip),
    "Matroska": ("clip.mkv", make_clip),
    "MPEG-TS": ("clip.ts", make_clip),
    "AVI": ("clip.avi", make_clip),
    "GIF": ("clip.gif", animation),
    "WebP": ("clip.webp", animation),
    "animated PNG": ("clip.png", animation),
    "folder": ("shots", sequence),
    "pattern": ("shots", pattern),
}
Opener = Callable[..., FrameReader]
APART = "isolated "
ISOLATED = [
    pytest.param(APART + name, marks=pytest.mark.skipif(sys.platform != "linux", reason="isolation needs Linux"))
    for name in ("MP4", "WebP", "pattern")
]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Makes each source once."""

    @cache
    def once(kind: str) -> Path:
        name, make = SOURCES[kind]
        return make(tmp_path_factory.mktemp("source") / name)

    return once


@pytest.fixture(params=[*SOURCES, *ISOLATED])
def opened(request: pytest.FixtureRequest, made: Callable[[str], Path]) -> Opener:
    isolated = request.param.startswith(APART)
    source = made(request.param.removeprefix(APART))

    def call(selection: Selection = EVERYTHING, start: Start | None = None, **limits: object) -> FrameReader:
        options = LimitOptions(isolate=isolated, **limits)
        return open_reader(source, limits=options, selection=selection, start=start)

    return call


def read(reader: FrameReader) -> list[Frame]:
    with reader:
        return list(reader)


def facts(frames: list[Frame]) -> list[tuple[object, ...]]:
    return [(f.index, f.pts, f.duration, f.time_base, f.copies, f.image.tobytes()) for f in frames]


def seconds(text: str) -> Moment:
    return Moment(seconds=Fraction(text))


def test_frames_come_in_order_each_lasting_until_the_next(opened: Opener) -> None:
    reader = opened()
    info = reader.info
    frames = read(reader)
    assert [frame.index for frame in frames] == list(range(FRAMES))
    assert all(a.pts + a.duration == b.pts for a, b in pairwise(frames))
    assert all(frame.time_base == info.time_base and frame.copies == 1 for frame in frames)
    assert [frame.time - frames[0].time for frame in frames] == [index * PERIOD for index in range(FRAMES)]
    assert frames[-1].duration * info.time_base == PERIOD
    assert frames[0].time == info.start


def test_pixels_are_those_that_were_drawn(opened: Opener) -> None:
    for frame in read(opened()):
        assert np.abs(frame.image.astype(int) - picture(frame.index, *SIZE)).mean() < 6


def test_what_is_told_beforehand_is_what_comes(opened: Opener) -> None:
    reader = opened()
    info = reader.info
    frames = read(reader)
    assert (info.width, info.height, info.frame_rate) == (*SIZE, 25)
    assert info.frames == len(frames)
    assert abs(info.duration - FRAMES * PERIOD) < PERIOD / 2
    assert all(frame.image.shape == (info.height, info.width, 3) for frame in frames)
    assert (info.bit_depth, info.field_order, reader.range) == (8, "progressive", None)
    kept = frames[0].original.planes.format
    assert info.pixel_format == kept.name
    assert info.has_alpha == any(component.is_alpha for component in kept.components)


def test_frames_are_read_once_and_outlive_the_reader(opened: Opener) -> None:
    with opened() as reader:
        first = next(iter(reader))
        rest = list(reader)
        assert [frame.index for frame in rest] == list(range(1, FRAMES))
        assert list(reader) == []
    reader.close()
    assert first.image.shape == (SIZE[1], SIZE[0], 3)


def test_each_frame_brings_the_planes_that_it_was_made_from(opened: Opener) -> None:
    for frame in read(opened()):
        assert frame.original is not None
        assert frame.original.view is frame.image
        planes = frame.original.planes
        assert (planes.width, planes.height) == SIZE
        assert frame.original.merged(frame.image) is planes


@pytest.mark.parametrize(
    "selection",
    [
        Selection(),
        Selection(start=seconds("0.1"), end=seconds("0.45")),
        Selection(start=Moment(frame=2), end=Moment(frame=10)),
        Selection(rate=Fraction(60)),
        Selection(rate=Fraction(10), start=Moment(frame=1)),
        Selection(crop=Rectangle(8, 4, 32, 16)),
    ],
    ids=["all", "times", "numbers", "more a second", "fewer a second", "crop"],
)
def test_reading_can_begin_anywhere_with_the_same_frames(
    opened: Opener, selection: Selection, request: pytest.FixtureRequest
) -> None:
    whole = read(opened(selection))
    # Apart, the same readers do it, each in a process that has to be begun.
    places = (5,) if APART in request.node.name else (1, 5, FRAMES - 1)
    for index in {min(index, len(whole) - 1) for index in places}:
        rest = read(opened(selection, Start(index, whole[index].pts)))
        assert facts(rest) == facts(whole[index:]), f"from frame {index} on"


def test_beginning_behind_the_last_frame_gives_none(opened: Opener) -> None:
    assert read(opened(start=Start(FRAMES, 10**9))) == []


def test_trimming_by_time_counts_from_the_first_frame(opened: Opener) -> None:
    whole = read(opened())
    reader = opened(Selection(start=seconds("0.12"), end=seconds("0.32")))
    frames = read(reader)
    assert facts(frames[:1])[0][-1] == facts(whole)[3][-1]
    assert [frame.time for frame in frames] == [0, PERIOD, 2 * PERIOD, 3 * PERIOD, 4 * PERIOD]
    assert sum(frame.duration * frame.time_base for frame in frames) == Fraction("0.2")
    assert reader.range is not None
    assert (reader.range.start, reader.range.end) == (whole[3].time, whole[0].time + Fraction("0.32"))
    assert (reader.info.start, reader.info.duration) == (0, Fraction("0.2"))


def test_trimming_by_number_counts_frames(opened: Opener) -> None:
    whole = read(opened())
    reader = opened(Selection(start=Moment(frame=4), end=Moment(frame=7)))
    frames = read(reader)
    assert [frame.image.tobytes() for frame in frames] == [frame.image.tobytes() for frame in whole[4:7]]
    assert [frame.index for frame in frames] == [0, 1, 2]
    assert frames[0].pts == 0
    assert reader.range is not None
    assert (reader.range.start, reader.range.end) == (whole[4].time, whole[7].time)


def test_trimming_everything_away_is_an_error(opened: Opener) -> None:
    for moment in (Moment(frame=FRAMES), seconds("5")):
        with pytest.raises(OptionsError, match="Nothing is left"):
            opened(Selection(start=moment))


def test_cropping_keeps_the_part_of_the_upright_picture(opened: Opener) -> None:
    part = Rectangle(8, 4, 32, 16)
    whole = read(opened())
    reader = opened(Selection(crop=part))
    assert (reader.info.width, reader.info.height) == (32, 16)
    for frame, full in zip(read(reader), whole, strict=True):
        assert frame.image.shape == (16, 32, 3)
        assert np.abs(frame.image.astype(int) - full.image[part.slices]).mean() < 1


def test_a_crop_outside_the_picture_is_an_error(opened: Opener) -> None:
    with pytest.raises(OptionsError, match=r"40,4,32,16 reaches out of the picture of 64x48"):
        opened(Selection(crop=Rectangle(40, 4, 32, 16)))


@pytest.mark.parametrize("rate", [Fraction(10), Fraction(25), Fraction(60), Fraction(30000, 1001)], ids=str)
def test_another_rate_chooses_frames_and_never_changes_the_speed(opened: Opener, rate: Fraction) -> None:
    whole = read(opened())
    reader = opened(Selection(rate=rate))
    frames = read(reader)
    assert reader.info.frame_rate == rate
    assert abs(frames[0].time - whole[0].time) < Fraction(1, 10000)
    shown = [frame.time - frames[0].time + n / rate for frame in frames for n in range(frame.copies)]
    assert shown == [tick / rate for tick in range(len(shown))], "a regular grid, from the first frame"
    assert abs(len(shown) / rate - FRAMES * PERIOD) < 1 / rate
    originals = {frame.image.tobytes(): frame.time - whole[0].time for frame in whole}
    assert len(originals) == FRAMES
    for frame in frames:
        assert -1 / (8 * rate) <= frame.time - frames[0].time - originals[frame.image.tobytes()] < 1 / rate
        assert frame.copies * (1 / rate) == frame.duration * frame.time_base


def test_a_clip_of_as_many_frames_as_allowed_is_read(opened: Opener) -> None:
    assert len(read(opened(max_frames=FRAMES, max_duration=0.48))) == FRAMES


def test_more_frames_than_allowed_are_refused(opened: Opener) -> None:
    with pytest.raises(InputLimitError, match=r"more frames than the limit of 11.*--max-frames"):
        read(opened(max_frames=FRAMES - 1))


def test_a_clip_that_is_too_long_is_refused_on_opening(opened: Opener) -> None:
    with pytest.raises(InputLimitError, match=r"longer than the limit of 0\.4 s.*--max-duration"):
        opened(max_duration=0.4)


def test_only_what_is_asked_for_counts_against_the_limits(opened: Opener) -> None:
    assert len(read(opened(Selection(end=seconds("0.2")), max_frames=6, max_duration=0.2))) == 5


def test_nothing_there_is_an_error_of_its_own(tmp_path: Path) -> None:
    for name in ("none.mp4", "none.gif", "none.%04d.png"):
        with pytest.raises(InputMissingError):
            open_reader(tmp_path / name, limits=LimitOptions())
