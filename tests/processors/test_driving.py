"""Expressions taken from a driving clip or picture, at the same time."""

from __future__ import annotations

from contextlib import ExitStack
from fractions import Fraction

import numpy as np
import pytest

from facefusion.errors import InputMissingError, NoFaceError, OptionsError
from facefusion.media.frame import Frame
from facefusion.options import LimitOptions, Options
from facefusion.processors.base import FaceFrame, ProcessorContext
from facefusion.processors.expression_restorer import SPEC
from facefusion.processors.expression_restorer.driving import (
    DrivingClip,
    DrivingPicture,
    ExpressionLook,
    expression_of,
)
from facefusion.state import pack, unpack
from generated import live_portrait as generated
from generated.builder import Shelf
from generated.jobs import job_sessions
from material import ASTRONAUT, CAPTAIN, write_clip

LIMITS = LimitOptions()
TICK = Fraction(1, 25)


@pytest.fixture(scope="module")
def animator(tmp_path_factory):
    shelf = generated.put_restorer(Shelf(tmp_path_factory.mktemp("weights")))
    return shelf.sessions().load("live_portrait", "expression_restorer")


@pytest.fixture
def clip(moving_portrait, analyser, animator):
    """The driving portrait: 20 frames, 25 a second."""
    with ExitStack() as stack:

        def opened(path=moving_portrait):
            clip = DrivingClip(path, LIMITS, analyser, ExpressionLook(animator))
            stack.callback(clip.close)
            return clip

        yield opened


def test_it_starts_with_the_targets_first_frame(clip):
    driving = clip()
    drive = driving.at(Fraction(7))
    assert np.array_equal(drive.expression, drive.start)
    later = driving.at(Fraction(7) + 3 * TICK)
    assert not np.array_equal(later.expression, later.start)
    assert np.array_equal(later.start, drive.start)


def test_the_frame_that_is_shown_at_that_time_counts(clip):
    ours, theirs = clip(), clip()
    ours.at(Fraction(0))
    theirs.at(Fraction(0))
    exact = ours.at(4 * TICK)
    assert np.array_equal(theirs.at(4 * TICK + TICK / 2).expression, exact.expression)
    assert np.array_equal(theirs.at(4 * TICK + TICK * 9 / 10).expression, exact.expression)


def test_after_its_end_the_last_expression_is_held(clip):
    driving = clip()
    driving.at(Fraction(0))
    last = driving.at(19 * TICK)
    assert np.array_equal(driving.at(Fraction(100)).expression, last.expression)


def test_while_the_face_is_gone_its_last_expression_is_held(clip, astronaut, tmp_path):
    views = [astronaut[30:222, 120:312]] * 3 + [np.full((192, 192, 3), 90, np.uint8)] * 4
    driving = clip(write_clip(tmp_path / "gone.mp4", views))
    driving.at(Fraction(0))
    last = driving.at(2 * TICK)
    assert np.array_equal(driving.at(5 * TICK).expression, last.expression)


def test_from_a_state_it_goes_on_as_if_nothing_had_been(clip):
    times = [place * TICK * 4 / 5 for place in range(22)]
    whole, first = clip(), clip()
    wanted = [whole.at(time) for time in times]
    for time in times[:9]:
        first.at(time)
    second = clip()
    second.restore(unpack(pack(first.state())))
    for time, drive in zip(times[9:], wanted[9:], strict=True):
        found = second.at(time)
        assert np.array_equal(found.expression, drive.expression)
        assert np.array_equal(found.start, drive.start)


def test_a_state_of_before_the_first_frame_is_one(clip):
    first, second = clip(), clip()
    second.restore(unpack(pack(first.state())))
    assert np.array_equal(second.at(Fraction(3)).expression, first.at(Fraction(3)).expression)


def test_no_more_than_two_frames_are_held(clip):
    driving = clip()
    driving.at(Fraction(0))
    driving.at(10 * TICK)
    held = [value for value in vars(driving).values() if isinstance(value, Frame)]
    assert [frame.index for frame in held] == [10, 11]


def test_a_clip_that_begins_without_a_face_is_refused(clip, astronaut, tmp_path):
    views = [np.full((192, 192, 3), 90, np.uint8)] * 2 + [astronaut[30:222, 120:312]] * 2
    with pytest.raises(NoFaceError, match=r"first frame of .*late.mp4.*Cut the clip"):
        clip(write_clip(tmp_path / "late.mp4", views))


def test_a_picture_always_expresses_the_same(analyser, animator, astronaut, astronaut_face):
    driving = DrivingPicture(ASTRONAUT, LIMITS, analyser, ExpressionLook(animator))
    first, later = driving.at(Fraction(0)), driving.at(Fraction(9))
    assert np.array_equal(first.expression, later.expression)
    assert np.allclose(first.expression, expression_of(animator, astronaut, astronaut_face), atol=1e-3)
    assert driving.state() == {}


def test_a_picture_without_a_face_is_refused(analyser, animator, tmp_path):
    from material import save

    with pytest.raises(NoFaceError, match="No face was found in"):
        DrivingPicture(
            save(tmp_path / "grey.png", np.full((99, 99, 3), 90, np.uint8)), LIMITS, analyser, ExpressionLook(animator)
        )


class TestProcessor:
    """What the processor makes of it."""

    @pytest.fixture
    def make(self, tmp_path):
        shelf = generated.put_restorer(Shelf(tmp_path))
        with ExitStack() as resources:

            def make(**values):
                values = {f"expression_restorer_{name}": value for name, value in values.items()}
                options = Options.parse(values | {"processors": ["expression_restorer"]})
                return SPEC.create(ProcessorContext(options, (), job_sessions(shelf), resources=resources))

            yield make

    @staticmethod
    def frames(image, face, count):
        return [FaceFrame(Frame(n, n, 1, TICK, image), (face,)) for n in range(count)]

    def test_relative_to_its_first_frame_a_clip_adds_nothing_there(self, make, moving_portrait, captain, captain_face):
        clip = make(driving=moving_portrait).process(self.frames(captain, captain_face, 6))
        none = make(driving=moving_portrait, factor=0.0).process(self.frames(captain, captain_face, 1))
        coarse = [frame.frame.image.astype(int) for frame in clip]
        assert np.array_equal(none[0].frame.image, captain)
        assert (coarse[0] != coarse[5]).any()

    def test_the_clip_is_nothing_but_its_time(self, make, moving_portrait, captain, captain_face):
        """Frames without faces let time pass, too, and batches may be cut anywhere."""
        items = self.frames(captain, captain_face, 8)
        empty = [FaceFrame(item.frame, ()) for item in items[:5]]
        whole = make(driving=moving_portrait).process(items)
        processor = make(driving=moving_portrait)
        assert processor.process(empty) == empty
        rest = processor.process(items[5:6]) + processor.process(items[6:])
        for one, other in zip(whole[5:], rest, strict=True):
            assert np.abs(one.frame.image.astype(int) - other.frame.image).max() <= 1

    def test_absolute_and_relative_differ(self, make, moving_portrait, captain, captain_face):
        items = self.frames(captain, captain_face, 1)
        [relative] = make(driving=moving_portrait).process(items)
        [absolute] = make(driving=moving_portrait, driving_mode="absolute").process(items)
        assert (relative.frame.image != absolute.frame.image).any()

    def test_its_own_picture_moves_a_face_no_way(self, make, captain, captain_face):
        [own] = make(driving=CAPTAIN).process(self.frames(captain, captain_face, 1))
        [other] = make(driving=ASTRONAUT).process(self.frames(captain, captain_face, 1))
        changes = [np.abs(each.frame.image.astype(int) - captain).sum() for each in (own, other)]
        assert changes[0] < changes[1] / 2

    def test_a_missing_file_is_told(self, make, tmp_path):
        with pytest.raises(InputMissingError, match="nobody"):
            make(driving=tmp_path / "nobody.mp4")

    def test_a_clip_beside_a_picture_would_change_nothing(self, moving_portrait, tmp_path):
        options = Options.parse({"target_path": CAPTAIN, "expression_restorer_driving": moving_portrait})
        sessions = generated.put_restorer(Shelf(tmp_path)).sessions()
        with pytest.raises(OptionsError, match=r"is a picture.*--expression-restorer-driving-mode absolute"):
            SPEC.create(ProcessorContext(options, (), sessions))
