"""Crops handed on from processor to processor: one cut, one copy of the frame, one paste, and the same picture."""

from __future__ import annotations

import tracemalloc
from fractions import Fraction

import cv2
import numpy as np
import pytest

from facefusion.engine.clock import StageClock
from facefusion.engine.notes import Notes
from facefusion.engine.work import Work
from facefusion.faces.crops import FaceCrop
from facefusion.faces.masks.box import box_mask
from facefusion.media.frame import Frame
from facefusion.processors.base import FaceFrame
from facefusion.processors.crop_editing import CropProcessor
from facefusion.processors.held import Held


class Contrast:
    """Raises the contrast of crops."""

    def __init__(self, template="ffhq_512", size=128, factor=1.3, scale=1):
        self.template, self.size = template, size
        self.seen = []
        self._factor, self._scale = np.float32(factor), scale

    def edit(self, jobs):
        self.seen += [job.crop.image for job in jobs]
        side = self.size * self._scale
        large = [cv2.resize(job.crop.image, (side, side)) for job in jobs]
        return [np.clip((each - np.float32(128)) * self._factor + 128, 0, 255) for each in large]


class Box:
    """Shows the crop but for a soft edge."""

    def masks(self, crops, edited):
        return [box_mask(crop.size, 0.3, (0, 0, 0, 0)) for crop in crops]


class Plain:
    """A processor that knows nothing of crops; it keeps what it is given."""

    def __init__(self):
        self.seen = []

    def process(self, batch):
        self.seen += [item.frame.image for item in batch]
        return list(batch)


class Counted(np.ndarray):
    """A picture that counts the arrays of its size that are made of it, whatever their type."""

    made: list = []  # noqa: RUF012 - shared by all that come of it
    large = 0

    def __array_finalize__(self, source):
        if self.base is None and self.size >= Counted.large:
            Counted.made.append(self.dtype)


def frame(image):
    return Frame(0, 0, 1, Fraction(1, 25), image)


def chain(*processors):
    return Work(None, processors, None, None, StageClock(), Notes())


def processors(*editors):
    return [CropProcessor(editor, Box()) for editor in editors]


def one_after_the_other(item, *parts):
    for part in parts:
        [item] = part.process([item])
    return item.frame.image


@pytest.fixture
def large(astronaut, astronaut_face):
    """A frame many times larger than the crops, and its face."""
    return np.pad(astronaut, ((0, 1500), (0, 1500), (0, 0)), "edge"), astronaut_face


@pytest.mark.parametrize("second", [Contrast(), Contrast("arcface_128", 96), Contrast(scale=2)])
def test_a_chain_copies_the_frame_once_and_makes_no_other_array_of_its_size(large, second):
    image, face = large
    before = image.copy()
    work = chain(*processors(Contrast(), second))
    counted = image.view(Counted)
    Counted.made, Counted.large = [], image.size
    tracemalloc.start()
    try:
        [done] = work.process([FaceFrame(frame(counted), (face,))])
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert Counted.made == [np.uint8]
    assert most < 2 * image.nbytes, "the copy, and what the crops take: a float frame alone would be four times as much"
    assert (image == before).all()
    assert (done.frame.image != before).any()
    assert done.held is None


def test_the_second_gets_the_crop_as_the_first_has_left_it(large):
    image, face = large
    first, second = Contrast(), Contrast()
    chain(*processors(first, second)).process([FaceFrame(frame(image), (face,))])
    [before], [after] = first.seen, second.seen
    assert (before == FaceCrop.cut(image, face, "ffhq_512", 128).image).all()
    middle = np.s_[40:88, 40:88]
    expected = np.clip(np.rint((before[middle] - np.float32(128)) * 1.3 + 128), 0, 255)
    assert np.abs(after[middle] - expected).max() <= 1, "nothing was resampled in between"


def test_handed_on_or_pasted_and_cut_anew_is_the_same_picture(astronaut, astronaut_face):
    """A smooth one, for cutting anew takes some of the sharpness."""
    smooth = cv2.GaussianBlur(astronaut, (0, 0), 4)
    item = FaceFrame(frame(smooth), (astronaut_face,))
    parts = processors(Contrast(), Contrast(factor=0.8))
    [done] = chain(*parts).process([item])
    difference = np.abs(done.frame.image.astype(int) - one_after_the_other(item, *parts))
    assert (done.frame.image != smooth).any(2).sum() > 5000
    assert difference.max() <= 4
    assert difference[difference > 0].size < 0.02 * difference.size or difference.mean() < 0.05


def test_where_crops_reach_into_each_other_faces_are_edited_one_after_the_other(astronaut, astronaut_face):
    beside = astronaut_face.moved(60, 10)
    item = FaceFrame(frame(astronaut), (astronaut_face, beside))
    parts = processors(Contrast(), Contrast(factor=0.8))
    [done] = chain(*parts).process([item])
    assert (done.frame.image == one_after_the_other(item, *parts)).all()


def test_faces_apart_from_each_other_are_handed_on_each_for_itself(astronaut, astronaut_face):
    wide = np.concatenate([astronaut, astronaut], 1)
    faces = (astronaut_face, astronaut_face.moved(astronaut.shape[1], 0))
    parts = processors(Contrast(), Contrast(factor=0.8))
    [both] = chain(*parts).process([FaceFrame(frame(wide), faces)])
    [alone] = chain(*parts).process([FaceFrame(frame(astronaut), faces[:1])])
    halves = np.split(both.frame.image, 2, 1)
    assert all(np.abs(half.astype(int) - alone.frame.image).max() <= 2 for half in halves)


def test_whoever_knows_nothing_of_crops_gets_whole_frames_that_stay_as_they_are(large):
    image, face = large
    plain = Plain()
    parts = processors(Contrast(), Contrast(factor=0.5))
    item = FaceFrame(frame(image), (face,))
    [done] = chain(parts[0], plain, parts[1]).process([item])
    [seen] = plain.seen
    assert (seen == one_after_the_other(item, parts[0])).all()
    assert (done.frame.image != seen).any()


def test_a_single_processor_pastes_as_ever(large):
    image, face = large
    [part] = processors(Contrast())
    item = FaceFrame(frame(image), (face,))
    [done] = chain(part).process([item])
    assert (done.frame.image == part.process([item])[0].frame.image).all()
    assert done.original is item.frame


def test_a_frame_without_faces_is_the_same_object(astronaut):
    item = FaceFrame(frame(astronaut), ())
    assert chain(*processors(Contrast(), Contrast())).process([item]) == [item]
    assert Held().laid_over(astronaut) is astronaut
