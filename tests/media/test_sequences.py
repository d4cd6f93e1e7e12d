"""Numbered pictures are read as a clip, and written as one."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from encoding_clips import join_sequence
from media_clips import LIMITS, make_clip, picture
from PIL import Image as Pillow

from facefusion.errors import (
    CancelledError,
    InputDamagedError,
    InputLimitError,
    InputMissingError,
    InputTypeError,
    OutputExistsError,
    OutputIsInputError,
    OutputTypeError,
    OutputUnwritableError,
)
from facefusion.media.encoding.choose import Encoding, VideoWish, choose_encoding
from facefusion.media.encoding.segment import Segment
from facefusion.media.frame import Frame
from facefusion.media.open import open_reader
from facefusion.media.picture import Picture, read_picture, write_picture
from facefusion.media.region import Rectangle
from facefusion.media.select import Selection, Start
from facefusion.media.sequence import find_sequence, is_sequence, output_sequence_form
from facefusion.media.sequence_join import check_sequence_output
from facefusion.media.sequence_writer import SequenceSegmentWriter
from facefusion.media.still.arrays import array_of
from facefusion.options import LimitOptions
from facefusion.options.moments import Moment

Array = npt.NDArray[np.uint8]
NOISE = np.random.default_rng(0).integers(0, 65536, (6, 24, 32, 4), dtype=np.uint16)


def plain(index: int) -> Array:
    return picture(3 * index, 32, 24)


def deep(index: int) -> Picture:
    """A picture of 16 bits with opacity."""
    samples = NOISE[index]
    view = np.rint(samples / 257).astype(np.uint8)
    return Picture(view[..., :3], view[..., 3], None, None, samples[..., :3], samples[..., 3])


def make(folder: Path, names: Sequence[str], source: Callable[[int], Picture] = lambda n: Picture(plain(n))) -> Path:
    folder.mkdir(exist_ok=True)
    for index, name in enumerate(names):
        write_picture(folder / name, source(index), quality=95)
    return folder


def read(path: Path, **selected: object) -> list[Frame]:
    with open_reader(path, limits=LIMITS, selection=Selection(**selected)) as reader:
        return list(reader)


def samples(frame: Frame) -> npt.NDArray[np.unsignedinteger]:
    assert frame.original is not None
    return array_of(frame.original.planes)


@pytest.mark.parametrize("name", ["", "shot.%04d.png"])
def test_a_folder_or_a_pattern_is_a_clip(tmp_path: Path, name: str) -> None:
    folder = make(tmp_path / "in", [f"shot.{number:04d}.png" for number in range(1001, 1007)])
    (folder / "notes.txt").write_text("not a picture")
    (folder / ".hidden.0001.png").write_text("nor is this")
    with open_reader(folder / name, limits=LIMITS, selection=Selection(sequence_rate=Fraction(24000, 1001))) as reader:
        info, frames = reader.info, list(reader)
    assert (info.container, info.frames, info.width, info.height) == ("PNG sequence", 6, 32, 24)
    assert (info.frame_rate, info.time_base) == (Fraction(24000, 1001), Fraction(1001, 24000))
    assert info.duration == 6 * info.time_base
    assert (info.pixel_format, info.bit_depth, info.has_alpha) == ("gbrp", 8, False)
    assert [(frame.index, frame.pts, frame.duration) for frame in frames] == [(n, n, 1) for n in range(6)]
    assert all(np.array_equal(samples(frame), plain(frame.index)) for frame in frames)


def test_the_order_is_that_of_the_numbers(tmp_path: Path) -> None:
    folder = make(tmp_path / "in", [f"{number}.png" for number in range(8, 14)])
    assert [path.name for path in map(find_sequence(folder)[0].path, find_sequence(folder)[1])] == [
        *("8.png", "9.png", "10.png", "11.png", "12.png", "13.png")
    ]
    assert all(np.array_equal(frame.image, plain(frame.index)) for frame in read(folder))
    beyond = make(tmp_path / "beyond", ["a98.png", "a99.png", "a100.png"])
    assert len(read(beyond)) == len(read(beyond / "a%02d.png")) == 3


def test_16_bits_and_opacity_come_through(tmp_path: Path) -> None:
    for suffix in ("png", "tiff"):
        folder = make(tmp_path / suffix, [f"{number:03d}.{suffix}" for number in range(3)], deep)
        with open_reader(folder, limits=LIMITS) as reader:
            assert (reader.info.pixel_format, reader.info.bit_depth, reader.info.has_alpha) == ("gbrap16le", 16, True)
            for frame in reader:
                assert np.array_equal(samples(frame), NOISE[frame.index])
                assert np.abs(frame.image - NOISE[frame.index][..., :3] / 257).max() < 2


def test_every_picture_is_like_the_first(tmp_path: Path) -> None:
    opaque = make(tmp_path / "opaque", ["1.png", "2.png"], lambda n: deep(n) if n == 0 else Picture(plain(n)))
    second = samples(read(opaque)[1])
    assert np.array_equal(second[..., :3], plain(1).astype(np.uint16) * 257)
    assert (second[..., 3] == 65535).all()
    more = make(tmp_path / "more", ["1.png", "2.png"], lambda n: deep(n) if n else Picture(plain(n)))
    with pytest.raises(InputTypeError, match=r"2\.png has transparency, the first, 1\.png, has not"):
        read(more)
    larger = make(tmp_path / "larger", ["1.png", "2.png"], lambda n: Picture(picture(0, 32 + n, 24)))
    with pytest.raises(InputDamagedError, match=r"Picture 1 .* is 33x24, the first is 32x24"):
        read(larger)


def test_what_is_not_one_sequence_is_refused(tmp_path: Path) -> None:
    gap = make(tmp_path / "gap", ["a_01.png", "a_02.png", "a_04.png"])
    for path in (gap, gap / "a_%02d.png"):
        with pytest.raises(InputDamagedError, match=r"a_03\.png is missing"):
            read(path)
    two = make(tmp_path / "two", ["a_01.png", "b_01.png"])
    with pytest.raises(InputTypeError, match=r"several sequences.*a_01\.png.*b_01\.png.*pattern"):
        read(two)
    assert len(read(two / "a_%02d.png")) == 1
    mixed = make(tmp_path / "mixed", ["1.png", "02.png", "3.png"])
    with pytest.raises(InputTypeError, match="numbered in several ways"):
        read(mixed)
    empty = make(tmp_path / "empty", [])
    for path, told in (
        (empty, r"empty holds no numbered pictures. Name them like shot\.0001\.png"),
        (empty / "a_%02d.png", r"There is no picture of the pattern .*a_%02d\.png"),
        (empty / "a_%d.png", r"There is no file .*a_%d\.png. Name numbered pictures like shot\.%04d\.png"),
        (tmp_path / "nowhere" / "%02d.png", "cannot be read"),
    ):
        with pytest.raises(InputMissingError, match=told):
            read(path)


def test_only_one_number_in_the_name_makes_a_pattern(tmp_path: Path) -> None:
    assert is_sequence(tmp_path / "a%04d.png")
    for name in ("a%d.png", "a%4d.png", "a%02d%02d.png", "a%s.png", "a.png", "%0d.png"):
        assert not is_sequence(tmp_path / name)
    odd = make(tmp_path / "100%05d", ["x%02d.png"]) / "x%02d.png"
    assert not is_sequence(odd), "a file of the very name is that file"
    assert output_sequence_form(tmp_path / "out.mp4") is None
    for impossible in (tmp_path / ("a" * 300 + "%04d.png"), tmp_path / "a\0%04d.png"):
        with pytest.raises(InputMissingError):
            read(impossible)


def test_trimming_cropping_and_beginning_anywhere(tmp_path: Path) -> None:
    folder = make(tmp_path / "in", [f"{number:02d}.png" for number in range(10)])
    part = read(folder, start=Moment(frame=2), end=Moment(seconds=Fraction(1, 5)), crop=Rectangle(2, 3, 10, 8))
    assert [frame.pts for frame in part] == [0, 1, 2]
    assert all(np.array_equal(frame.image, plain(n + 2)[3:11, 2:12]) for n, frame in enumerate(part))
    with open_reader(folder, limits=LIMITS, start=Start(7, 7)) as reader:
        assert [frame.index for frame in reader] == [7, 8, 9]
    assert [frame.copies for frame in read(folder, rate=Fraction(50))] == [2] * 10
    assert len(read(folder, rate=Fraction(5))) == 2


def test_pictures_that_are_not_asked_for_are_not_read(tmp_path: Path) -> None:
    folder = make(tmp_path / "in", [f"{number}.png" for number in range(5)])
    (folder / "2.png").write_bytes(b"damaged")
    assert len(read(folder, end=Moment(frame=2))) == 2
    with open_reader(folder, limits=LIMITS, start=Start(3, 3)) as reader:
        assert len(list(reader)) == 2
    with pytest.raises(InputTypeError, match=r"2\.png"):
        read(folder)


def test_limits_hold(tmp_path: Path) -> None:
    folder = make(tmp_path / "in", [f"{number}.png" for number in range(5)])
    for limits, told in (
        (LimitOptions(max_frames=4), "more frames than the limit of 4"),
        (LimitOptions(max_duration=0.1), "longer than"),
        (LimitOptions(max_pixels=4096), None),
    ):
        if told is None:
            assert len(list(open_reader(folder, limits=limits))) == 5
            continue
        with pytest.raises(InputLimitError, match=told):
            open_reader(folder, limits=limits)
    Pillow.fromarray(picture(0, 100, 100)).save(folder / "0.png")
    with pytest.raises(InputLimitError, match="100x100"):
        open_reader(folder, limits=LimitOptions(max_pixels=4096))


def encode(source: Path, output: Path, folder: Path, *, length: int = 4, edit: bool = False) -> list[Segment]:
    """Write what is read as segments of a sequence."""
    folder.mkdir(exist_ok=True)
    segments, writer = [], None
    with open_reader(source, limits=LIMITS) as reader:
        encoding = choose_encoding(output, reader.info, VideoWish())
        for frame in reader:
            if frame.index % length == 0:
                segments += [writer.close()] if writer else []
                writer = SequenceSegmentWriter(folder / f"{frame.index:03d}.segment", encoding)
            assert writer is not None
            writer.write(frame.with_image(edited(frame.image)) if edit else frame)
    assert writer is not None
    return [*segments, writer.close()]


def edited(image: Array) -> Array:
    """Invert a part."""
    changed = image.copy()
    changed[4:10, 5:15] = 255 - changed[4:10, 5:15]
    return changed


@pytest.mark.parametrize("suffix", ["png", "tiff"])
def test_a_sequence_goes_through_bit_by_bit(tmp_path: Path, suffix: str) -> None:
    source = make(tmp_path / "in", [f"{number:03d}.{suffix}" for number in range(6)], deep)
    output = tmp_path / "out" / f"new.%04d.{suffix}"
    segments = encode(source, output, tmp_path / "job", edit=True)
    assert [(segment.frames, tuple(segment.times), segment.end) for segment in segments] == [
        (4, (0, 1, 2, 3), 4),
        (2, (4, 5), 6),
    ]
    assert join_sequence(output, segments) == 6
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        f"new.{number:04d}.{suffix}" for number in range(1, 7)
    ]
    untouched = np.ones((24, 32), bool)
    untouched[4:10, 5:15] = False
    for index in range(6):
        after = read_picture(tmp_path / "out" / f"new.{index + 1:04d}.{suffix}", LIMITS)
        assert after.deep is not None
        assert after.deep_alpha is not None
        assert np.array_equal(after.deep[untouched], NOISE[index][..., :3][untouched])
        assert np.array_equal(after.deep_alpha, NOISE[index][..., 3])
        assert not np.array_equal(after.deep[~untouched], NOISE[index][..., :3][~untouched])


def test_a_video_becomes_pictures_and_pictures_keep_their_numbers_where_asked(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mp4", size=(64, 48), pts=range(5))
    output = tmp_path / "out" / "%05d.jpg"
    assert join_sequence(output, encode(clip, output, tmp_path / "job"), first=1001) == 5
    names = sorted(path.name for path in output.parent.iterdir())
    assert names == [f"{number:05d}.jpg" for number in range(1001, 1006)]
    for index, name in enumerate(names):
        assert np.abs(read_picture(output.parent / name, LIMITS).image - picture(index, 64, 48).astype(int)).mean() < 4


def test_a_frame_that_is_shown_several_times_is_written_as_often(tmp_path: Path) -> None:
    folder = make(tmp_path / "in", ["1.png", "2.png"])
    output = tmp_path / "out" / "%02d.png"
    with open_reader(folder, limits=LIMITS, selection=Selection(rate=Fraction(75))) as reader:
        writer = SequenceSegmentWriter(tmp_path / "s", choose_encoding(output, reader.info, VideoWish()))
        for frame in reader:
            writer.write(frame)
    segment = writer.close()
    assert (segment.frames, tuple(segment.times), segment.end) == (6, (0, 1, 2, 3, 4, 5), 6)
    assert join_sequence(output, [segment]) == 6
    for numbers in ("123", "456"):
        assert len({path.read_bytes() for path in output.parent.glob(f"0[{numbers}].png")}) == 1


def test_the_same_frames_give_the_same_bytes(tmp_path: Path) -> None:
    folder = make(tmp_path / "in", ["1.png", "2.png"], deep)
    output = tmp_path / "out" / "%02d.tiff"
    digests = {encode(folder, output, tmp_path / name)[0].sha256 for name in ("job", "again")}
    assert len(digests) == 1


def test_a_segment_that_is_let_go_of_leaves_nothing(tmp_path: Path) -> None:
    folder = make(tmp_path / "in", ["1.png"])
    with open_reader(folder, limits=LIMITS) as reader:
        writer = SequenceSegmentWriter(
            tmp_path / "job.segment", choose_encoding(tmp_path / "%02d.png", reader.info, VideoWish())
        )
        writer.write(next(iter(reader)))
    writer.abort()
    writer.abort()
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


@pytest.fixture
def segments(tmp_path: Path) -> list[Segment]:
    folder = make(tmp_path / "in", ["1.png", "2.png", "3.png"])
    return encode(folder, tmp_path / "%02d.png", tmp_path / "job")


def test_pictures_that_are_there_are_replaced_only_where_allowed(tmp_path: Path, segments: list[Segment]) -> None:
    there = [f"{number:02d}.png" for number in range(1, 9)]
    output = make(tmp_path / "out", there, lambda _: Picture(plain(5))) / "%02d.png"
    (output.parent / "notes.txt").write_text("kept")
    with pytest.raises(OutputExistsError, match="allow overwriting"):
        check_sequence_output(output, inputs=[tmp_path / "in"], overwrite=False)
    check_sequence_output(output, inputs=[tmp_path / "in"], overwrite=True)
    check_sequence_output(output.with_name("other%02d.png"), inputs=[tmp_path / "in"], overwrite=False)
    before = {path.name: path.read_bytes() for path in output.parent.iterdir()}
    join_sequence(output, segments)
    after = {path.name: path.read_bytes() for path in output.parent.iterdir()}
    assert after.keys() == before.keys()
    assert {name for name in before if after[name] != before[name]} == {"01.png", "02.png", "03.png"}


def test_a_sequence_that_cannot_be_written_is_refused_before_work(tmp_path: Path) -> None:
    folder = make(tmp_path / "in", ["01.png", "02.png"])
    for given in (folder, folder / "%02d.png", folder / "02.png"):
        with pytest.raises(OutputIsInputError):
            check_sequence_output(folder / "%02d.png", inputs=[given], overwrite=True)
    with pytest.raises(OutputUnwritableError, match="There is no folder"):
        check_sequence_output(tmp_path / "no" / "such" / "%02d.png", inputs=[], overwrite=True)
    with pytest.raises(OutputUnwritableError, match="not a folder"):
        check_sequence_output(folder / "01.png" / "%02d.png", inputs=[], overwrite=True)
    for suffix in (".mp4", ".bmp", ".gif", ""):
        with pytest.raises(OutputTypeError, match=r"\.png"):
            check_sequence_output(tmp_path / f"%02d{suffix}", inputs=[], overwrite=True)
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="the administrator may write anywhere")
def test_a_folder_that_may_not_be_written_is_told_before_work(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(OutputUnwritableError):
        check_sequence_output(tmp_path / "out" / "%02d.png", inputs=[], overwrite=True)
    tmp_path.chmod(0o700)


def test_a_stopped_job_leaves_what_was_there(tmp_path: Path, segments: list[Segment]) -> None:
    output = make(tmp_path / "out", ["01.png"], lambda _: Picture(plain(5))) / "%02d.png"
    answers = iter([False, True])
    with pytest.raises(CancelledError):
        join_sequence(output, segments, cancel=lambda: next(answers))
    assert [path.name for path in output.parent.iterdir()] == ["01.png"]
    assert np.array_equal(read_picture(output.parent / "01.png", LIMITS).image, plain(5))
    with pytest.raises(CancelledError):
        join_sequence(tmp_path / "new" / "%02d.png", segments, cancel=lambda: True)
    assert not (tmp_path / "new").exists()


def test_an_encoding_of_pictures_is_a_final_one(tmp_path: Path) -> None:
    folder = make(tmp_path / "in", ["1.png"], deep)
    with open_reader(folder, limits=LIMITS) as reader:
        chosen: dict[str, Encoding] = {
            suffix: choose_encoding(tmp_path / f"%03d.{suffix}", reader.info, VideoWish())
            for suffix in ("png", "tiff", "jpg", "webp", "avif")
        }
    assert {suffix: encoding.pixels.pixel_format for suffix, encoding in chosen.items()} == {
        "png": "rgba64le",
        "tiff": "rgba64le",
        "jpg": "rgb24",
        "webp": "rgba",
        "avif": "rgba",
    }
    assert all(encoding.is_final for encoding in chosen.values())
