"""Thumbnail and contact sheet: which frames are shown, and that long videos take no more memory than short ones."""

from __future__ import annotations

from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from facefusion.engine.doors.leaving import Way
from facefusion.engine.post.fill import RegionFill
from facefusion.engine.post.post import PostWork
from facefusion.engine.post.sheet import FRAMES, TILE, ContactSheet, clock
from facefusion.engine.post.spread import Spread
from facefusion.engine.post.thumbnail import LONGEST, Thumbnail
from facefusion.media.frame import Frame
from facefusion.options import OutputOptions
from facefusion.state import pack, unpack
from material import face_of, mesh_at, read

SHARP = cv2.resize(np.random.default_rng(0).integers(0, 256, (45, 80, 3), dtype=np.uint8), (320, 180))
FACE = mesh_at(160, 90, 100)


def frame(image, index=0):
    return Frame(index, index, 1, Fraction(1, 25), image)


def tinted(shade, size=(90, 160)):
    """A picture with some structure that tells which frame it was by its mean."""
    image = np.full((*size, 3), shade, np.uint8)
    image[::8] = 255 - shade
    return image


def blurred(image, much=3.0):
    return cv2.GaussianBlur(image, (0, 0), much)


def closed(mesh):
    """The face with its lids together."""
    from facefusion.faces.mesh import LEFT_EYE, RIGHT_EYE

    mesh = mesh.copy()
    for rim in (LEFT_EYE, RIGHT_EYE):
        mesh[list(rim), 1:] = mesh[list(rim), 1:].mean(0)
    return mesh


def best_of(*shown):
    """Which of the pictures shown, each with its faces, becomes the thumbnail."""
    thumbnail = Thumbnail()
    for index, (image, *meshes) in enumerate(shown):
        thumbnail.see(frame(image, index), [face_of(mesh) for mesh in meshes])
    picture = thumbnail.picture()
    return [
        index for index, (image, *_) in enumerate(shown) if image.shape == picture.shape and (image == picture).all()
    ]


PLAIN, MARKED = SHARP, SHARP[:, ::-1].copy()


@pytest.mark.parametrize(
    "worse",
    [
        (PLAIN, mesh_at(160, 90, 50)),
        (PLAIN, mesh_at(160, 90, 100, yaw=35)),
        (PLAIN, mesh_at(160, 90, 100, pitch=30)),
        (PLAIN, mesh_at(10, 90, 100)),
        (PLAIN, closed(FACE)),
        (blurred(PLAIN), FACE),
        (PLAIN,),
    ],
    ids=["small", "turned", "nodding", "cut off", "eyes closed", "blurred", "no face"],
)
def test_the_thumbnail_shows_the_better_face(worse):
    better = (MARKED, FACE)
    assert best_of(worse, better) == [1]
    assert best_of(better, worse) == [0]


def test_of_several_faces_the_best_one_counts():
    small = mesh_at(60, 60, 40)
    assert best_of((PLAIN, small), (MARKED, small, FACE)) == [1]


def test_of_equals_the_first_is_shown():
    assert best_of((PLAIN, FACE), (PLAIN.copy(), FACE), (blurred(PLAIN), FACE)) == [0, 1]


@pytest.mark.parametrize("count", [1, 2, 7, 60, 500])
def test_without_faces_the_sharpest_frame_near_the_first_third_is_shown(count):
    thumbnail = Thumbnail()
    sharp = min(count - 1, round(0.36 * count))
    for index in range(count):
        image = tinted(60 + (index * 120) // count)
        thumbnail.see(frame(image if index in (sharp, count - 1) else blurred(image), index), [])
    shade = 60 + (sharp * 120) // count
    assert np.median(thumbnail.picture()) == pytest.approx(shade, abs=3)


def test_a_thumbnail_is_no_larger_than_it_need_be():
    thumbnail = Thumbnail()
    large = cv2.resize(SHARP, (2560, 1440))
    thumbnail.see(frame(large), [])
    assert thumbnail.picture().shape == (720, LONGEST, 3)
    thumbnail.see(frame(large), [face_of(mesh_at(1280, 720, 700))])
    assert thumbnail.picture().shape == (720, LONGEST, 3)
    assert len(pack(thumbnail.state())) < 1.01 * 720 * LONGEST * 3 + 10_000


def test_before_the_first_frame_there_is_no_picture():
    assert Thumbnail().picture() is None
    assert ContactSheet().picture() is None


def sheet_of(count, size=(90, 160)):
    sheet = ContactSheet()
    for index in range(count):
        sheet.see(frame(tinted(index * 200 // count, size), index))
    return sheet.picture()


def shades(sheet, size=(90, 160), gap=8, bar=22):
    """The shade of each frame on a sheet, in order."""
    rows = range(gap, sheet.shape[0] - size[0], size[0] + bar + gap)
    columns = range(gap, sheet.shape[1] - size[1] + 1, size[1] + gap)
    tiles = [sheet[row : row + size[0], column : column + size[1]] for row in rows for column in columns]
    return [int(np.median(tile)) for tile in tiles if np.ptp(tile)]


@pytest.mark.parametrize("count", [1, 2, 5, 20, 39, 40, 41, 333, 2000])
def test_the_frames_of_a_sheet_are_spread_evenly_over_the_video(count):
    found = shades(sheet_of(count))
    assert len(found) == min(count, FRAMES)
    steps = np.diff(found)
    if count >= FRAMES:
        assert found[0] == 0
        assert found[-1] > 200 * 0.9
        assert steps.min() > 0
        assert steps.max() <= 2.2 * 200 / (len(found) - 1) + 1


@pytest.mark.parametrize("size", [(90, 160), (160, 90), (40, 400), (400, 40), (1, 1)])
def test_sheets_of_every_shape_are_neither_too_wide_nor_too_high(size):
    sheet = sheet_of(100, size)
    assert max(sheet.shape[:2]) < 3000
    if min(size) > 1:
        assert 0.5 < sheet.shape[1] / sheet.shape[0] < 4


def test_large_frames_are_shown_small():
    assert sheet_of(1, (1080, 1920)).shape == (8 + TILE * 9 // 16 + 22 + 8, 8 + TILE + 8, 3)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0:00.0"),
        (2.46, "0:02.5"),
        (59.96, "1:00.0"),
        (3599.99, "1:00:00.0"),
        (7262.5, "2:01:02.5"),
        (-0.3, "0:00.0"),
    ],
)
def test_times_are_written_as_people_read_them(seconds, text):
    assert clock(seconds) == text


@pytest.mark.parametrize("count", [1, 7, 8, 9, 100, 1000])
def test_a_spread_keeps_one_of_each_bin_and_never_too_many(count):
    spread = Spread(4, merge=max)
    for number in range(count):
        spread.add(number)
    assert len(spread.items) <= 8
    assert len(spread.items) >= min(4, count)
    assert spread.items == [min(start + spread.stride, count) - 1 for start in range(0, count, spread.stride)]


class Unsealed:
    """Puts nothing on files: these tests are about their pictures."""

    def still(self, picture):
        return picture

    labelled_picture = still

    def seal(self, part, form, *, is_one_of_many=False):
        return ""

    def store(self, part):
        pass


def written(work, options):
    with ExitStack() as waiting:
        work.write(options, Way(Unsealed(), waiting))


@pytest.fixture
def options(tmp_path) -> OutputOptions:
    return OutputOptions(thumbnail=tmp_path / "thumb.jpg", contact_sheet=tmp_path / "sheet.png")


def test_what_is_asked_for_is_written_whole(options):
    work = PostWork.of(options)
    for index in range(5):
        work.see(frame(SHARP, index), [face_of(FACE)])
    written(work, options)
    assert np.abs(read(options.thumbnail).astype(int) - SHARP).mean() < 12
    assert read(options.contact_sheet).shape[2] == 3
    assert sorted(path.name for path in options.thumbnail.parent.iterdir()) == ["sheet.png", "thumb.jpg"]


def test_what_is_not_asked_for_is_neither_done_nor_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    work = PostWork.of(OutputOptions())
    given = frame(SHARP)
    assert RegionFill.of(OutputOptions()).fill(given) is given
    work.see(given, [face_of(FACE)])
    written(work, OutputOptions())
    assert list(Path.cwd().iterdir()) == []


@pytest.mark.parametrize("with_faces", [False, True])
def test_restored_work_goes_on_the_same(options, with_faces):
    images = [blurred(np.roll(SHARP, 3 * index, 1), 0.4 + (index * 7 % 11) / 4) for index in range(90)]
    faces = [[face_of(mesh_at(160, 90, 60 + index % 17))] if with_faces and index > 20 else [] for index in range(90)]

    def run(work, first):
        states = []
        for index in range(first, len(images)):
            states.append(pack(work.state()))
            work.see(frame(images[index], index), faces[index])
        return states, [part.picture().tobytes() for part in (work.thumbnail, work.sheet)]

    states, pictures = run(PostWork.of(options), 0)
    for start in (0, 1, 15, 33, 70, 89):
        again = PostWork.of(options)
        again.restore(unpack(states[start]))
        assert run(again, start)[1] == pictures


@pytest.mark.parametrize(
    ("size", "aspect", "thumbnail", "tile"),
    [
        ((720, 576), Fraction(64, 45), (1024, 576), (320, 180)),
        ((1440, 1080), Fraction(4, 3), (1280, 720), (320, 180)),
        ((720, 480), Fraction(8, 9), (640, 480), (320, 240)),
        ((192, 144), Fraction(2), (384, 144), (320, 120)),
    ],
)
def test_pixels_that_are_not_square_are_made_so(tmp_path, size, aspect, thumbnail, tile):
    options = OutputOptions(thumbnail=tmp_path / "thumb.png", contact_sheet=tmp_path / "sheet.png")
    work = PostWork.of(options, aspect)
    image = cv2.resize(SHARP, size)
    work.see(frame(image), [])
    written(work, options)
    assert read(tmp_path / "thumb.png").shape == (thumbnail[1], thumbnail[0], 3)
    assert read(tmp_path / "sheet.png").shape == (tile[1] + 8 + 22 + 8, tile[0] + 16, 3)
    seen = cv2.resize(read(tmp_path / "thumb.png"), size)
    assert np.abs(seen.astype(int) - image).mean() < 8, "it is the same picture, only wider"
    face = Thumbnail(aspect)
    face.see(frame(image), [face_of(mesh_at(size[0] // 2, size[1] // 2, size[1] // 3))])
    assert face.picture().shape == (thumbnail[1], thumbnail[0], 3)


@pytest.mark.parametrize("count", [1, 7, 41, 90, 333])
@pytest.mark.parametrize("length", [1, 6, 29, 100])
def test_parts_of_a_video_put_together_keep_what_the_whole_does(count, length):
    sharpness = np.random.default_rng(count).uniform(0.3, 4, count)
    images = [blurred(tinted(40 + index % 150, (45, 80)), much) for index, much in enumerate(sharpness)]
    options = OutputOptions(thumbnail=Path("a.png"), contact_sheet=Path("b.png"))
    faces = {index: [face_of(mesh_at(40, 22, 10 + index % 7))] for index in range(5, count, 50)} if length == 29 else {}
    whole, merged = PostWork.of(options), PostWork.of(options)
    for index, image in enumerate(images):
        whole.see(frame(image, index), faces.get(index, []))
    for first in range(0, count, length):
        part = PostWork.of(options)
        part.begin_at(first, count)
        for index in range(first, min(first + length, count)):
            part.see(frame(images[index], index), faces.get(index, []))
        merged.take_behind(unpack(pack(part.state())))
    assert np.array_equal(merged.thumbnail.picture(), whole.thumbnail.picture())
    assert np.array_equal(merged.sheet.picture(), whole.sheet.picture())
