"""How often newcomers are looked for in a video."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from facefusion.errors import OptionsError
from facefusion.faces.pace import BRISK, CALM, Pace
from facefusion.faces.track import FaceTracker
from facefusion.options import Options
from facefusion.state import pack, unpack
from material import LIMITS


class Counted:
    """A search that remembers in which frames it was asked for newcomers."""

    def __init__(self, search) -> None:
        self._search = search
        self.looks: list[int] = []
        self.frame = 0

    def quick(self, image):
        self.looks.append(self.frame)
        return self._search.quick(image)

    def __getattr__(self, name):
        return getattr(self._search, name)


def followed(analyser, images, every, rate=25.0):
    """Faces of each frame, and in which frames newcomers were looked for."""
    search = Counted(analyser.search)
    tracker = FaceTracker(replace(analyser, search=search), every)
    frames = []
    for search.frame, image in enumerate(images):
        frames.append(tracker.update(image, search.frame / rate))
    return frames, search.looks


def clip(path):
    from facefusion.media.reader import VideoReader

    with VideoReader(path, LIMITS) as reader:
        frames = list(reader)
    return [frame.image for frame in frames], float(reader.info.frame_rate)


@pytest.mark.parametrize("every", [1, 4, 10])
def test_a_number_is_kept_to_exactly(analyser, astronaut, every):
    _, looks = followed(analyser, [astronaut] * 21, every)
    assert looks == list(range(0, 21, every))


def test_a_scene_in_which_nothing_happens_is_looked_at_twice_a_second(analyser, astronaut):
    _, looks = followed(analyser, [astronaut] * 50, "auto")
    assert looks == [0, 12, 24, 36, 48]


def test_something_that_moves_beside_the_person_is_looked_at_at_once(analyser, astronaut):
    moved = astronaut.copy()
    moved[:90, -90:] = 255 - moved[:90, -90:]
    _, looks = followed(analyser, [astronaut] * 16 + [moved] * 24, "auto")
    assert looks[:3] == [0, 12, 16]
    assert {after - before for before, after in zip(looks[2:], looks[3:], strict=False)} == {6}, "and for a while after"


def test_the_body_of_a_followed_person_may_move(analyser, astronaut):
    moving = [astronaut.copy() for _ in range(26)]
    for step, image in enumerate(moving):
        cv2.circle(image, (150 + 6 * step, 450), 50, (255, 0, 0), -1)
    _, looks = followed(analyser, moving, "auto")
    assert looks == [0, 12, 24]


def test_a_newcomer_whom_nothing_announces_waits_half_a_second_at_most(analyser, astronaut, captain):
    """The frame counts: faces of clips with few frames a second are looked for in most of them."""
    small = cv2.resize(captain, (110, 129), interpolation=cv2.INTER_AREA)
    both = astronaut.copy()
    both[300:429, 120:230] = small  # within what is taken for the body of the person who is followed
    for rate in (8.0, 25.0, 50.0):
        frames, _ = followed(analyser, [astronaut] * 5 + [both] * 60, "auto", rate)
        first = next((place for place, faces in enumerate(frames) if len(faces) == 2), None)
        if first is not None:
            assert (first - 5) / rate <= CALM
            break
    else:
        pytest.fail("the detector never saw the newcomer")


def test_with_any_number_cuts_and_lost_faces_are_looked_at_at_once(analyser, astronaut, captain):
    other = cv2.resize(captain, (512, 512))
    gone = astronaut.copy()
    gone[40:200, 150:300] = 120
    _, looks = followed(analyser, [astronaut] * 3 + [other] * 3, 250)
    assert looks == [0, 3]
    _, looks = followed(analyser, [astronaut] * 3 + [gone] * 3, 250)
    assert 3 in looks


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "most"),
    [
        ("two_people_head_motion.mp4", 0.35),
        ("two_people_walking_small_faces.mp4", 0.6),
        ("scene_cuts_with_noface.mp4", 0.2),
        ("classroom_many_small_faces.mp4", 0.4),
        ("speaker_frontal_obama.mp4", 0.1),
        ("hand_occlusion_asl_bird.mkv", 0.2),
    ],
)
def test_the_same_faces_are_found_as_if_every_frame_were_searched_with_far_fewer_looks(analyser, assets, name, most):
    images, rate = clip(assets / "video" / name)
    wanted, all_looks = followed(analyser, images, 1, rate)
    found, looks = followed(analyser, images, "auto", rate)
    missed = [len(one) - len(two) for one, two in zip(wanted, found, strict=True)]
    assert sum(map(abs, missed)) <= 0.1 * sum(map(len, wanted)), "face by face and frame by frame"
    assert len(all_looks) == len(images)
    assert len(looks) <= most * len(images)


def test_what_is_remembered_decides_alike_after_a_break():
    random = np.random.default_rng(1)
    frames = [random.integers(0, 255, (27, 48, 3), dtype=np.uint8) // (40 if place % 40 else 1) for place in range(120)]

    def decide(pace, span):
        return [pace.is_due(frames[place], [], (270, 480), place / 25, sure=True) for place in span]

    whole = decide(Pace("auto"), range(120))
    first, second = Pace("auto"), Pace("auto")
    begun = decide(first, range(50))
    second.restore(unpack(pack(first.state())))
    assert begun + decide(second, range(50, 120)) == whole
    assert BRISK < CALM


@pytest.mark.parametrize("value", ["auto", 1, "6", 250])
def test_the_option_takes_auto_and_numbers(value):
    every = Options.parse({"detect_every": value}).faces.detect_every
    assert every == (value if value == "auto" else int(value))


@pytest.mark.parametrize("value", [0, 251, "seldom", -1])
def test_the_option_takes_nothing_else(value):
    with pytest.raises(OptionsError, match="detect.every"):
        Options.parse({"detect_every": value})
