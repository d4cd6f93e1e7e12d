"""Animated GIF, PNG and WebP, made from the frames of all segments."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from encoding_clips import Clip, clip, encode
from PIL import Image as Pillow
from plane_frames import PQ

from facefusion.errors import CancelledError, DiskFullError
from facefusion.media import guard
from facefusion.media.encoding.animation import write_animation
from facefusion.media.encoding.choose import VideoWish
from facefusion.media.frame import Frame

Pixels = npt.NDArray[np.uint8]
EVERY = pytest.mark.parametrize("name", ["out.gif", "out.webp", "out.apng"])
FAST = (Fraction(1, 60), tuple(range(24)))
VARIABLE = (Fraction(1, 90000), tuple(90_000 + place * 5400 + place * place * 137 % 3000 for place in range(12)))


def written(made: Clip, path: Path, quality: int | None = None) -> Path:
    encoding, segments = encode(made, path, VideoWish(quality=quality))
    write_animation(path, encoding, segments)
    return path


def shown(path: Path) -> tuple[list[Pixels], list[float]]:
    """Each picture, RGBA, and the milliseconds for which it is shown."""
    with Pillow.open(path) as picture:
        pictures, delays = [], []
        for place in range(picture.n_frames):
            picture.seek(place)
            picture.load()
            pictures.append(np.asarray(picture.convert("RGBA")))
            delays.append(float(picture.info["duration"]))
        return pictures, delays


def with_pictures(pictures: list[Pixels]) -> Clip:
    """A clip of given pictures, with nothing decoded to go back to."""
    height, width = pictures[0].shape[:2]
    made = clip(size=(width, height), timing=(Fraction(1, 25), range(len(pictures))))
    frames = [Frame(place, place, 1, Fraction(1, 25), image) for place, image in enumerate(pictures)]
    return Clip(made.info, frames)


@EVERY
def test_every_frame_is_there_and_it_plays_without_end(tmp_path: Path, name: str) -> None:
    path = written(clip(), tmp_path / name)

    pictures, delays = shown(path)

    assert delays == [40.0] * 12
    assert {picture.shape for picture in pictures} == {(64, 96, 4)}
    with Pillow.open(path) as picture:
        assert picture.info["loop"] == 0


@EVERY
@pytest.mark.parametrize(("timing", "seconds"), [(FAST, 0.4), (VARIABLE, None)])
def test_times_are_kept_as_well_as_the_form_counts(
    tmp_path: Path, name: str, timing: tuple[Fraction, tuple[int, ...]], seconds: float | None
) -> None:
    made = clip(timing=timing)

    _, delays = shown(written(made, tmp_path / name))

    last = made.frames[-1]
    length = float((last.pts + last.duration - made.frames[0].pts) * last.time_base * 1000)
    assert abs(sum(delays) - length) <= {"out.gif": 5, "out.webp": 0.5, "out.apng": 0.01}[name]
    assert seconds is None or abs(sum(delays) - 1000 * seconds) <= 5
    if len(delays) == len(made.frames):
        wanted = [float(frame.duration * frame.time_base * 1000) for frame in made.frames]
        assert np.abs(np.subtract(delays, wanted)).max() <= {"out.gif": 10, "out.webp": 1, "out.apng": 0.01}[name]


@EVERY
@pytest.mark.parametrize("milliseconds", [20, 120, 3010])
def test_the_last_picture_is_shown_as_long_as_it_was(tmp_path: Path, name: str, milliseconds: int) -> None:
    made = clip(timing=(Fraction(1, 90_000), range(0, 12 * 3600, 3600)))
    made.frames[-1] = replace(made.frames[-1], duration=90 * milliseconds)

    _, delays = shown(written(made, tmp_path / name))

    assert delays == [*[40.0] * 11, milliseconds]


def test_a_gif_holds_no_more_frames_than_browsers_show(tmp_path: Path) -> None:
    _, delays = shown(written(clip(timing=FAST), tmp_path / "out.gif"))

    assert min(delays) >= 20
    assert sum(delays) == 400


def test_an_animated_png_is_exact(tmp_path: Path) -> None:
    made = clip("yuva420p")

    pictures, _ = shown(written(made, tmp_path / "out.apng"))

    for picture, frame in zip(pictures, made.frames, strict=True):
        seen = picture[..., 3] == 255
        assert np.abs(picture[seen][:, :3].astype(int) - frame.image[seen]).max() <= 1


@pytest.mark.parametrize(("name", "steps"), [("out.gif", 2), ("out.webp", 256), ("out.apng", 256)])
def test_transparency_survives(tmp_path: Path, name: str, steps: int) -> None:
    pictures, _ = shown(written(clip("yuva420p"), tmp_path / name))

    assert len(pictures) == 12
    for place, picture in enumerate(pictures):
        opaque = picture[..., 3] > 127
        assert opaque[:, : 48 + place].all()
        assert not opaque[:, 48 + place :].any()
        assert len(np.unique(picture[..., 3])) <= steps


def test_colours_of_webp_have_no_cast(tmp_path: Path) -> None:
    """libav converts to YUV with another matrix than readers of WebP take."""
    made = clip("gbrp")

    pictures, _ = shown(written(made, tmp_path / "out.webp", quality=0))

    for picture, frame in zip(pictures, made.frames, strict=True):
        difference = picture[..., :3].astype(float) - frame.image
        assert np.abs(difference.mean((0, 1))).max() < 1.5


def test_webp_has_a_quality(tmp_path: Path) -> None:
    sizes = [
        written(clip("gbrp"), tmp_path / f"{quality}.webp", quality=quality).stat().st_size for quality in (5, 18, 45)
    ]

    assert sizes[0] > sizes[1] > sizes[2]


def test_a_gif_keeps_the_colours_of_small_things(tmp_path: Path) -> None:
    """A blue eye in a face is seen, however small it is beside the background."""
    pictures = []
    for place in range(4):
        y, x = np.mgrid[0:120, 0:160]
        image = np.stack([120 + x // 2, 90 + (x + y) // 4, 60 + y // 3], -1).astype(np.uint8)
        image[50 + place : 56 + place, 70:77] = (70, 120, 190)
        pictures.append(image)

    out, _ = shown(written(with_pictures(pictures), tmp_path / "out.gif"))

    for place, picture in enumerate(out):
        eye = picture[51 + place : 55 + place, 71:76, :3].reshape(-1, 3).mean(0)
        assert np.abs(eye - (70, 120, 190)).max() < 12


def test_a_gif_is_smooth_at_a_distance(tmp_path: Path) -> None:
    made = clip("gbrp", size=(160, 120))

    out, _ = shown(written(made, tmp_path / "out.gif"))

    for picture, frame in zip(out, made.frames, strict=True):
        blurred = [cv2.GaussianBlur(image, (7, 7), 0).astype(int) for image in (picture[..., :3].copy(), frame.image)]
        assert np.abs(blurred[0] - blurred[1]).mean() < 3


def test_few_colours_are_exact_in_a_gif(tmp_path: Path) -> None:
    flat = np.full((40, 60, 3), (250, 250, 250), np.uint8)
    flat[10:20, 10:30] = (200, 16, 46)
    other = flat.copy()
    other[25:30] = (1, 33, 105)

    out, _ = shown(written(with_pictures([flat, other]), tmp_path / "out.gif"))

    assert np.abs(out[0][..., :3].astype(int) - flat).max() <= 1
    assert np.abs(out[1][..., :3].astype(int) - other).max() <= 1


@EVERY
def test_an_animation_may_begin_with_nothing(tmp_path: Path, name: str) -> None:
    made = clip("yuva420p", timing=(Fraction(1, 25), range(3)))
    np.frombuffer(memoryview(made.frames[0].original.planes.planes[3]), np.uint8)[:] = 0

    out, _ = shown(written(made, tmp_path / name))

    assert not out[0][..., 3].any()
    assert out[1][..., 3].any()


@EVERY
def test_high_dynamic_range_is_written_as_it_looks_on_an_ordinary_screen(tmp_path: Path, name: str) -> None:
    made = clip("yuv420p10le", colour=PQ)

    pictures, _ = shown(written(made, tmp_path / name))

    for picture, frame in zip(pictures, made.frames, strict=True):
        assert np.abs(picture[..., :3].astype(float).mean((0, 1)) - frame.image.mean((0, 1))).max() < 3


@EVERY
def test_pixels_that_are_not_square_become_so(tmp_path: Path, name: str) -> None:
    pictures, _ = shown(written(clip(aspect=Fraction(4, 3)), tmp_path / name))

    assert pictures[0].shape[:2] == (64, 128)


@EVERY
def test_a_single_frame_is_an_animation_too(tmp_path: Path, name: str) -> None:
    made = clip(timing=(Fraction(1, 25), (0,)))

    with Pillow.open(written(made, tmp_path / name)) as picture:
        assert picture.size == (96, 64)


@EVERY
def test_writing_stops_when_it_is_told_to(tmp_path: Path, name: str) -> None:
    encoding, segments = encode(clip(), tmp_path / name, VideoWish())
    asked = iter([False] * 5)

    with pytest.raises(CancelledError):
        write_animation(tmp_path / name, encoding, segments, cancel=lambda: next(asked, True))


@EVERY
def test_a_full_disk_is_told_of(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made = clip("gbrp", size=(320, 240), timing=(Fraction(1, 25), range(4)))
    encoding, segments = encode(replace(made), tmp_path / name, VideoWish())

    def full(self: guard.GuardedFile, data: bytes) -> int:
        self.error = self.error or OSError(28, "No space left on device")
        return len(data)

    monkeypatch.setattr(guard.GuardedFile, "write", full)
    with pytest.raises(DiskFullError, match="No space is left"):
        write_animation(tmp_path / name, encoding, segments)


def test_the_same_frames_give_the_same_bytes(tmp_path: Path) -> None:
    for ending in (".gif", ".webp", ".apng"):
        one, other = (written(clip(), tmp_path / f"{name}{ending}").read_bytes() for name in ("a", "b"))
        assert one == other
