"""Animated GIF, PNG and WebP are read as players show them, each picture with its own duration."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from media_clips import LIMITS, picture
from PIL import Image as Pillow

from facefusion.errors import InputDamagedError, InputError, InputLimitError, InputTypeError, OptionsError
from facefusion.media.frame import Frame
from facefusion.media.info import VideoInfo
from facefusion.media.open import open_reader
from facefusion.media.picture import read_picture
from facefusion.media.region import Rectangle
from facefusion.media.select import Selection, Start
from facefusion.media.still.arrays import array_of
from facefusion.options import LimitOptions
from facefusion.options.moments import Moment

Array = npt.NDArray[np.uint8]
WIDTH, HEIGHT = 48, 32
RANDOM = np.random.default_rng(0)


@dataclass(frozen=True)
class Part:
    """One picture of an animated PNG, of full size or a part of it."""

    pixels: npt.NDArray[np.uint8] | npt.NDArray[np.uint16]
    left: int = 0
    top: int = 0
    delay: tuple[int, int] = (1, 25)
    disposal: int = 0
    blend: int = 0


def noise(width: int = WIDTH, height: int = HEIGHT) -> Array:
    return RANDOM.integers(0, 256, (height, width, 4), np.uint8)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def packed(pixels: npt.NDArray[np.uint8] | npt.NDArray[np.uint16]) -> bytes:
    return zlib.compress(b"".join(b"\0" + line.astype(line.dtype.newbyteorder(">")).tobytes() for line in pixels))


def animated_png(parts: Sequence[Part], *, hidden: Array | None = None) -> bytes:
    """Write an animated PNG by hand; `hidden` is a picture for programs that know no animation."""
    first = parts[0].pixels
    depth, colour = first.itemsize * 8, 6 if first.shape[2] == 4 else 2
    content = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", WIDTH, HEIGHT, depth, colour, 0, 0, 0))
    content += chunk(b"acTL", struct.pack(">II", len(parts), 0))
    if hidden is not None:
        content += chunk(b"IDAT", packed(hidden))
    number = 0
    for index, part in enumerate(parts):
        height, width = part.pixels.shape[:2]
        place = struct.pack(
            ">5I2H2B", number, width, height, part.left, part.top, *part.delay, part.disposal, part.blend
        )
        content += chunk(b"fcTL", place)
        number += 1
        if index == 0 and hidden is None:
            content += chunk(b"IDAT", packed(part.pixels))
        else:
            content += chunk(b"fdAT", struct.pack(">I", number) + packed(part.pixels))
            number += 1
    return content + chunk(b"IEND", b"")


def put_together(parts: Sequence[Part]) -> list[npt.NDArray[np.float64]]:
    """What an animated PNG shows, computed from its parts in floating point (PNG 3rd edition, 11.3.6.2)."""
    canvas, shown = np.zeros((HEIGHT, WIDTH, 4)), []
    for part in parts:
        before = canvas.copy()
        height, width = part.pixels.shape[:2]
        place = np.s_[part.top : part.top + height, part.left : part.left + width]
        if part.blend == 0:
            canvas[place] = part.pixels
        else:
            over, under = part.pixels / 255, canvas[place] / 255
            a, b = over[..., 3:], under[..., 3:] * (1 - over[..., 3:])
            colour = (over[..., :3] * a + under[..., :3] * b) / np.maximum(a + b, 1e-9)
            canvas[place] = np.dstack([colour, a + b]) * 255
        shown.append(canvas.copy())
        if part.disposal == 1:
            canvas[place] = 0
        if part.disposal == 2:
            canvas = before
    return shown


def animated_gif(pictures: Sequence[Pillow.Image], **settings: object) -> bytes:
    file = io.BytesIO()
    pictures[0].save(file, "GIF", save_all=True, append_images=pictures[1:], **settings)
    return file.getvalue()


def animated_webp(pictures: Sequence[Array], **settings: object) -> bytes:
    file = io.BytesIO()
    first, *others = [Pillow.fromarray(pixels) for pixels in pictures]
    first.save(file, "WEBP", save_all=True, append_images=others, lossless=True, exact=True, **settings)
    return file.getvalue()


def plain_frames(count: int = 4) -> list[Array]:
    return [picture(3 * index, WIDTH, HEIGHT) for index in range(count)]


def read(path: Path, content: bytes, limits: LimitOptions = LIMITS) -> tuple[VideoInfo, list[Frame]]:
    path.write_bytes(content)
    with open_reader(path, limits=limits) as reader:
        return reader.info, list(reader)


def stored(frame: Frame) -> npt.NDArray[np.unsignedinteger]:
    """The decoded samples that a frame carries, RGB or RGB and opacity."""
    assert frame.original is not None
    return array_of(frame.original.planes)


def spans(frames: Sequence[Frame]) -> list[tuple[Fraction, Fraction]]:
    return [(frame.time, frame.duration * frame.time_base) for frame in frames]


def test_parts_of_an_animated_png_are_put_together_as_players_do(tmp_path: Path) -> None:
    parts = [
        Part(noise()),
        Part(noise(12, 10), 5, 6, blend=1),
        Part(noise(12, 10), 20, 6, disposal=1, blend=1),
        Part(noise(8, 8), 22, 8, disposal=2, blend=1),
        Part(noise(8, 8), 2, 2),
    ]
    info, frames = read(tmp_path / "a.png", animated_png(parts))
    assert (info.container, info.codec, info.frames, info.has_alpha) == ("animated PNG", "apng", 5, True)
    assert (info.width, info.height, info.pixel_format) == (WIDTH, HEIGHT, "gbrap")
    for frame, expected in zip(frames, put_together(parts), strict=True):
        assert np.abs(stored(frame)[..., 3] - expected[..., 3]).max() < 1
        opacity = expected[..., 3:] / 255
        assert np.abs((stored(frame) - expected) * opacity).max() < 1.5
        assert np.array_equal(frame.image, stored(frame)[..., :3])


def test_a_picture_that_is_no_part_of_the_animation_is_not_shown(tmp_path: Path) -> None:
    parts = [Part(noise()), Part(noise())]
    _, frames = read(tmp_path / "a.png", animated_png(parts, hidden=noise()))
    assert [np.array_equal(stored(frame), part.pixels) for frame, part in zip(frames, parts, strict=True)] == [True] * 2


def test_an_animated_png_of_16_bits_keeps_them(tmp_path: Path) -> None:
    deep = [RANDOM.integers(0, 65536, (HEIGHT, WIDTH, 4), dtype=np.uint16) for _ in range(3)]
    info, frames = read(tmp_path / "a.png", animated_png([Part(pixels) for pixels in deep]))
    assert (info.bit_depth, info.pixel_format) == (16, "gbrap16le")
    for frame, pixels in zip(frames, deep, strict=True):
        assert np.array_equal(stored(frame), pixels)


def test_png_delays_are_exact(tmp_path: Path) -> None:
    delays = [(1, 30), (2, 30), (0, 100), (1, 24), (5, 0)]
    info, frames = read(tmp_path / "a.png", animated_png([Part(noise(), delay=delay) for delay in delays]))
    lasting = [Fraction(1, 30), Fraction(2, 30), Fraction(1, 10), Fraction(1, 24), Fraction(5, 100)]
    assert spans(frames) == [(sum(lasting[:index], Fraction(0)), delay) for index, delay in enumerate(lasting)]
    assert info.duration == sum(lasting)
    assert info.frame_rate == 5 / sum(lasting)


def test_png_delays_without_a_common_clock_are_kept_to_the_millisecond(tmp_path: Path) -> None:
    pixels = noise()
    delays = [(1, per) for per in (24, 25, 30, 48, 50, 60, 61, 67, 71, 73)]
    info, frames = read(tmp_path / "a.png", animated_png([Part(pixels, delay=delay) for delay in delays]))
    assert info.time_base == Fraction(1, 1000)
    exact = Fraction(0)
    for frame, delay in zip(frames, delays, strict=True):
        assert abs(frame.time - exact) <= Fraction(1, 2000)
        exact += Fraction(*delay)


def test_gif_delays_are_those_of_players(tmp_path: Path) -> None:
    pictures = [Pillow.fromarray(pixels).quantize(32) for pixels in plain_frames(5)]
    info, frames = read(tmp_path / "a.gif", animated_gif(pictures, duration=[40, 20, 10, 0, 250]))
    lasting = [Fraction(4, 100), Fraction(2, 100), Fraction(1, 10), Fraction(1, 10), Fraction(1, 4)]
    assert [span[1] for span in spans(frames)] == lasting, "less than 0.02 s means 0.1 s"
    assert info.container == "animated GIF"


def test_webp_pictures_and_delays(tmp_path: Path) -> None:
    pictures = [np.dstack([pixels, noise()[..., 3]]) for pixels in plain_frames()]
    info, frames = read(tmp_path / "a.webp", animated_webp(pictures, duration=[40, 33, 0, 100]))
    assert (info.container, info.has_alpha, info.pixel_format) == ("animated WebP", True, "gbrap")
    assert [span[1] for span in spans(frames)] == [Fraction(time, 1000) for time in (40, 33, 100, 100)]
    for frame, pixels in zip(frames, pictures, strict=True):
        seen = pixels[..., 3] > 0
        assert np.array_equal(stored(frame)[..., 3], pixels[..., 3])
        assert np.array_equal(stored(frame)[seen], pixels[seen])


def test_a_gif_is_transparent_only_where_it_is_seen_to_be(tmp_path: Path) -> None:
    opaque = [Pillow.fromarray(pixels).quantize(32) for pixels in plain_frames()]
    info, frames = read(tmp_path / "opaque.gif", animated_gif(opaque, duration=40))
    assert (info.has_alpha, info.pixel_format) == (False, "gbrp")
    for frame, expected in zip(frames, opaque, strict=True):
        assert np.array_equal(stored(frame), np.array(expected.convert("RGB")))

    shapes = []
    for left in (4, 14, 24):
        pixels = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
        pixels[8:20, left : left + 10] = (200, 40, 60, 255)
        shapes.append(pixels)
    pictures = [Pillow.fromarray(pixels) for pixels in shapes]
    info, frames = read(tmp_path / "moving.gif", animated_gif(pictures, duration=40, disposal=2))
    assert info.has_alpha
    for frame, pixels in zip(frames, shapes, strict=True):
        assert np.array_equal(stored(frame)[..., 3], pixels[..., 3])
        assert np.array_equal(stored(frame)[pixels[..., 3] > 0], pixels[pixels[..., 3] > 0])


FORMS = ["a.gif", "a.png", "a.webp"]


def example(name: str, count: int = 6) -> bytes:
    pictures = plain_frames(count)
    if name == "a.gif":
        return animated_gif([Pillow.fromarray(pixels).quantize(64) for pixels in pictures], duration=40)
    if name == "a.png":
        return animated_png([Part(pixels) for pixels in pictures])
    return animated_webp(pictures, duration=40)


@pytest.mark.parametrize("name", FORMS)
def test_trimming_cropping_and_another_rate(tmp_path: Path, name: str) -> None:
    _, whole = read(tmp_path / name, example(name))
    trimmed = Selection(start=Moment(frame=1), end=Moment(seconds=Fraction(1, 5)), crop=Rectangle(3, 5, 20, 11))
    with open_reader(tmp_path / name, limits=LIMITS, selection=trimmed) as reader:
        frames = list(reader)
        assert reader.range is not None
        assert (reader.range.start, reader.range.end) == (Fraction(1, 25), Fraction(1, 5))
    assert spans(frames) == [(Fraction(index, 25), Fraction(1, 25)) for index in range(4)]
    for frame, source in zip(frames, whole[1:5], strict=True):
        assert np.array_equal(frame.image, source.image[5:16, 3:23])
    with open_reader(tmp_path / name, limits=LIMITS, selection=Selection(rate=Fraction(50))) as reader:
        assert reader.info.frame_rate == 50
        assert [frame.copies for frame in reader] == [2] * 6
    with pytest.raises(OptionsError, match="crop"):
        open_reader(tmp_path / name, limits=LIMITS, selection=Selection(crop=Rectangle(40, 0, 9, 9)))


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("begin", [0, 1, 5])
def test_reading_may_begin_at_any_frame(tmp_path: Path, name: str, begin: int) -> None:
    _, whole = read(tmp_path / name, example(name))
    with open_reader(tmp_path / name, limits=LIMITS, start=Start(begin, whole[begin].pts)) as reader:
        rest = list(reader)
    assert [(frame.index, frame.pts) for frame in rest] == [(frame.index, frame.pts) for frame in whole[begin:]]
    assert all(np.array_equal(stored(a), stored(b)) for a, b in zip(rest, whole[begin:], strict=True))


@pytest.mark.parametrize("name", FORMS)
def test_limits_hold(tmp_path: Path, name: str) -> None:
    content = example(name)
    with pytest.raises(InputLimitError, match="more frames than the limit of 5"):
        read(tmp_path / name, content, LimitOptions(max_frames=5))
    with pytest.raises(InputLimitError, match=r"longer than the limit of 0\.2 s"):
        read(tmp_path / name, content, LimitOptions(max_duration=0.2))
    enough = LimitOptions(max_frames=2, max_duration=0.1)
    with open_reader(tmp_path / name, limits=enough, selection=Selection(end=Moment(frame=2))) as reader:
        assert len(list(reader)) == 2


def test_an_endless_animation_ends_at_the_limit(tmp_path: Path) -> None:
    content = example("a.gif")
    last = content.rindex(b"!\xf9")
    endless = content[:last] + content[last:-1] * 5000 + b";"
    with pytest.raises(InputLimitError, match="--max-frames"):
        read(tmp_path / "a.gif", endless, LimitOptions(max_frames=100))


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("share", [0.35, 0.6, 0.85, 0.995])
def test_a_truncated_animation_is_damaged(tmp_path: Path, name: str, share: float) -> None:
    content = example(name)
    with pytest.raises(InputDamagedError, match="breaks off"):
        read(tmp_path / name, content[: int(len(content) * share)])


@pytest.mark.parametrize("name", FORMS)
def test_damage_within_is_told_with_the_picture(tmp_path: Path, name: str) -> None:
    told = 0
    content = example(name)
    for place in range(len(content) // 2, len(content) - 20, 41):
        damaged = bytearray(content)
        damaged[place : place + 8] = bytes(8)
        try:
            read(tmp_path / name, bytes(damaged))
        except InputError as error:
            told += "cannot be decoded" in str(error)
    assert told or name == "a.gif", "a GIF has no checksums, nor any rule that most bytes could break"


def bomb(name: str) -> bytes:
    """An animation whose header states 30000 x 30000, or as near as the form comes."""
    content = bytearray(example(name))
    if name == "a.gif":
        content[6:10] = struct.pack("<2H", 30000, 30000)
    elif name == "a.png":
        header = struct.pack(">2I", 30000, 30000) + bytes(content[24:29])
        content[8:33] = chunk(b"IHDR", header)
    else:
        content[24:30] = (16382).to_bytes(3, "little") * 2
    return bytes(content)


@pytest.mark.parametrize("name", FORMS)
def test_size_is_held_against_the_header(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputLimitError, match="--max-pixels"):
        read(tmp_path / name, bomb(name))


@pytest.mark.parametrize("name", FORMS)
def test_an_animation_is_no_picture_and_a_picture_no_animation(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(example(name))
    with pytest.raises(InputTypeError, match="is a video"):
        read_picture(tmp_path / name, LIMITS)
    Pillow.fromarray(plain_frames(1)[0]).save(tmp_path / f"still {name}")
    with pytest.raises(InputTypeError, match="is a picture"):
        open_reader(tmp_path / f"still {name}", limits=LIMITS)


@pytest.mark.parametrize("name", FORMS)
def test_closing_twice_and_reading_on(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(example(name))
    reader = open_reader(tmp_path / name, limits=LIMITS)
    first = next(iter(reader))
    second = next(iter(reader))
    assert (first.index, second.index) == (0, 1)
    reader.close()
    reader.close()
    assert list(reader) == []
    assert first.image.shape == (HEIGHT, WIDTH, 3)
