"""Processors that work in some frames alone, or in a part of each."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from facefusion.media.frame import Frame
from facefusion.options.moments import Stretch
from facefusion.processors.base import FaceFrame, delay_of, is_concurrent, notes_of, run_processor
from facefusion.processors.chained.region import Region
from facefusion.processors.chained.regional import RegionalProcessor
from facefusion.processors.chained.timed import TimedProcessor
from facefusion.processors.kept import kept_frames, kept_state
from facefusion.state import pack, unpack

SIZE = (40, 60)


class Brighter:
    """Makes each frame brighter by how many it has seen, and knows when the clip began."""

    def __init__(self):
        self.seen, self.begun = 0, None

    def begin(self, time):
        self.begun = time

    def process(self, batch):
        return [self._edited(item) for item in batch]

    def _edited(self, item):
        self.seen += 1
        return item.with_frame(item.frame.with_image(item.frame.image + np.uint8(self.seen)))

    def state(self):
        return {"seen": self.seen}

    def restore(self, state):
        self.seen = state["seen"]


class Behind(Brighter):
    """The same, two frames later."""

    delay = 2

    def __init__(self):
        super().__init__()
        self.kept = []

    def process(self, batch):
        self.kept += batch
        ready, self.kept = self.kept[: -self.delay], self.kept[-self.delay :]
        return super().process(ready)

    def finish(self):
        ready, self.kept = self.kept, []
        return super().process(ready)

    def state(self):
        return super().state() | {"kept": kept_state(self.kept)}

    def restore(self, state):
        super().restore(state)
        self.kept = kept_frames(state["kept"])


def frames(count, first=0):
    """Frames of a clip that begins at 3 s, ten a second, all of one grey."""
    picture = np.full((*SIZE, 3), 100, np.uint8)
    return [FaceFrame(Frame(k, 30 + k, 1, Fraction(1, 10), picture.copy()), ()) for k in range(first, first + count)]


def timed(processor, *stretches):
    return TimedProcessor(processor, [Stretch.parse(text) for text in stretches])


def through(processor, items, size):
    """All frames, in batches, as a job gives and takes them."""
    out = []
    for start in range(0, len(items), size):
        out += run_processor(processor, items[start : start + size])
    return [item.settled() for item in (*out, *(processor.finish() if hasattr(processor, "finish") else ()))]


def levels(items):
    return [int(item.frame.image[0, 0, 0]) - 100 for item in items]


@pytest.mark.parametrize("size", [1, 3, 20])
@pytest.mark.parametrize("kind", [Brighter, Behind])
def test_frames_outside_leave_as_the_objects_that_came_and_each_stretch_begins_anew(kind, size):
    items = frames(12)
    out = through(timed(kind(), "0.2-0.5", "8f-10f"), items, size)
    assert [item.frame.index for item in out] == list(range(12))
    assert levels(out) == [0, 0, 1, 2, 3, 0, 0, 0, 1, 2, 0, 0]
    for number in (0, 1, 5, 6, 7, 10, 11):
        assert out[number] is items[number]


def test_the_processor_knows_when_the_clip_began_however_late_it_works():
    for begin, expected in ((None, Fraction(3)), (Fraction(1), Fraction(1))):
        inner = Brighter()
        processor = timed(inner, "2-")
        if begin is not None:
            processor.begin(begin)
        through(processor, frames(30), 4)
        assert inner.begun == expected


def test_a_part_of_a_clip_goes_by_when_the_whole_began():
    processor = timed(Brighter(), "0.5-")
    processor.begin(Fraction(3))
    assert levels(through(processor, frames(4, first=3), 4)) == [0, 0, 1, 2]


@pytest.mark.parametrize("kind", [Brighter, Behind])
@pytest.mark.parametrize("cut", range(1, 12))
def test_a_job_goes_on_in_another_process_with_the_same_frames(kind, cut):
    def made():
        return RegionalProcessor(timed(kind(), "0.2-0.6", "0.8-"), Region((0, 0, 0.5, 1), 0))

    items = frames(12)
    whole = through(made(), items, 2)
    first, second = made(), made()
    before = [item for start in range(cut) for item in first.process(items[start : start + 1])]
    second.restore(unpack(pack(first.state())))
    after = through(second, items[cut:], 3)
    assert levels([*before, *after]) == levels(whole)
    assert all(np.array_equal(a.frame.image, b.frame.image) for a, b in zip([*before, *after], whole, strict=True))


def test_faces_and_frames_of_a_region_alone_are_given_and_all_faces_are_kept(captain_face):
    given = []

    class Watching(Brighter):
        def process(self, batch):
            given.extend(batch)
            return super().process(batch)

    left = replace(captain_face, box=np.array([2, 10, 10, 20], np.float32))
    right = replace(captain_face, box=np.array([45, 10, 55, 20], np.float32))
    [item] = frames(1)
    [out] = RegionalProcessor(Watching(), Region((0, 0, 0.5, 1), 0.1)).process([item.with_faces((left, right))])
    assert given[0].faces == (left,)
    assert out.faces == (left, right)
    assert out.original is item.frame


@pytest.mark.parametrize("feather", [0, 0.1, 0.5])
def test_every_pixel_beside_a_region_is_as_it_was(feather):
    class White(Brighter):
        def _edited(self, item):
            return item.with_frame(item.frame.with_image(np.full_like(item.frame.image, 255)))

    items = frames(1)
    [out] = RegionalProcessor(White(), Region((0.25, 0.25, 0.5, 0.5), feather)).process(items)
    image, height, width = out.frame.image.astype(int), *SIZE
    inside = np.zeros(SIZE, bool)
    inside[height // 4 : height * 3 // 4, width // 4 : width * 3 // 4] = True
    assert (image[~inside] == 100).all()
    assert (items[0].frame.image == 100).all()
    middle = image[height // 2, width // 4 : width // 2, 0]
    assert (np.diff(middle) >= 0).all()
    assert middle[-1] == 255 if feather < 0.5 else middle[-1] > 100
    assert (middle[0] == 255) == (feather == 0)


def test_a_region_has_no_soft_edge_where_the_frame_ends():
    share = Region((0, 0, 0.5, 1), 0.2).share(*SIZE)
    assert share[0, 0] == share[-1, 0] == 1
    assert share[0, -1] < 0.1


def test_an_opacity_is_limited_too():
    class Cut(Brighter):
        def _edited(self, item):
            return item.with_frame(item.frame.with_opacity(np.zeros(SIZE, np.uint8)))

    [out] = RegionalProcessor(Cut(), Region((0, 0, 0.5, 1), 0)).process(frames(1))
    assert (out.frame.opacity[:, :30] == 0).all()
    assert (out.frame.opacity[:, 30:] == 255).all()


def test_a_frame_in_which_nothing_is_edited_is_the_object_that_came():
    class Idle(Brighter):
        def process(self, batch):
            return list(batch)

    class Beside(Brighter):
        def _edited(self, item):
            image = item.frame.image.copy()
            image[:, 40:] = 0
            return item.with_frame(item.frame.with_image(image))

    for kind in (Idle, Beside):
        items = frames(2)
        out = RegionalProcessor(kind(), Region((0, 0, 0.5, 1), 0.05)).process(items)
        assert [a is b for a, b in zip(out, items, strict=True)] == [True, True]


def test_what_a_processor_says_of_itself_its_wrappers_say_too():
    class Free(Brighter):
        is_concurrent = True

    assert is_concurrent(RegionalProcessor(Free(), Region((0, 0, 1, 1), 0)))
    assert not is_concurrent(RegionalProcessor(Brighter(), Region((0, 0, 1, 1), 0)))
    assert not is_concurrent(timed(Free(), "0-1"))  # who works in stretches gets batches in order
    assert delay_of(timed(RegionalProcessor(Behind(), Region((0, 0, 1, 1), 0)), "0-1")) == 2


class Telling(Behind):
    """Tells how many frames it has seen."""

    def notes(self):
        return [f"{self.seen} frames"]


def test_what_a_processor_tells_is_told_of_every_stretch_also_by_a_job_that_goes_on():
    def made():
        return RegionalProcessor(timed(Telling(), "0.2-0.5", "0.8-"), Region((0, 0, 0.5, 1), 0))

    whole, first, second = made(), made(), made()
    through(whole, frames(12), 2)
    first.process(frames(7))
    second.restore(unpack(pack(first.state())))
    through(second, frames(5, first=7), 2)
    assert notes_of(whole) == notes_of(second) == ["3 frames", "4 frames"]
    assert notes_of(timed(Telling(), "1-")) == notes_of(timed(Behind(), "1-")) == []
