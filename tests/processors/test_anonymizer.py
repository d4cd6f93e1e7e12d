"""The anonymizer: nobody is to be known by their face, in no frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import cv2
import numpy as np
import pytest

from facefusion.engine.targets import selection_of
from facefusion.faces.recognisers.dlib_resnet import identity_distance
from facefusion.faces.types import Detection
from facefusion.inference.session import SessionFactory
from facefusion.media.frame import Frame
from facefusion.options import FaceSelectionOptions, Options
from facefusion.processors.anonymizer import SPEC
from facefusion.processors.anonymizer.covering import Oval
from facefusion.processors.anonymizer.face_space import FILE, FaceSpace
from facefusion.processors.anonymizer.heads import Head
from facefusion.processors.anonymizer.people import TRIALS, People
from facefusion.processors.anonymizer.processor import DELAY, Anonymizer
from facefusion.processors.anonymizer.report import Report
from facefusion.processors.anonymizer.sightings import Seen, Sightings
from facefusion.processors.anonymizer.softness import Softness
from facefusion.processors.base import FaceFrame, ProcessorContext
from facefusion.state import pack, unpack

KNOWN = 0.6
"""Identity distance below which the recogniser would take two faces for one person."""
STEP = 3


def context(**values) -> ProcessorContext:
    options = Options.parse({"processors": ("anonymizer",), **values})
    return ProcessorContext(options, (), SessionFactory(("cpu",)))


def item(image, faces=(), index=0) -> FaceFrame:
    return FaceFrame(Frame(index, index, 1, Fraction(1, 25), image), tuple(faces))


def hidden(image, face, **values):
    processor = SPEC.create(context(**values))
    kept = processor.process([item(image, [face])])
    [done] = [*kept, *processor.finish()]
    return done.frame.image


def walking(image, face, count: int, found: Sequence[int]) -> list[FaceFrame]:
    """A face that moves to the right, and is found in some of the frames alone."""
    frames = []
    for index in range(count):
        by = STEP * index
        moved = np.roll(image, by, axis=1)
        faces = [replace(face.moved(by, 0), track_id=7)] if index in found else []
        frames.append(item(moved, faces, index))
    return frames


def changed_at(before: FaceFrame, after: FaceFrame, face) -> float:
    """The share of a face's pixels that is not as it was."""
    left, top, right, bottom = face.moved(STEP * before.frame.index, 0).box.astype(int)
    part = np.s_[top:bottom, left:right]
    return float((before.frame.image[part] != after.frame.image[part]).any(2).mean())


@pytest.fixture
def small(astronaut, astronaut_face):
    """A picture and a face of 90 pixels in it, with room to its right."""
    factor = 90 / astronaut_face.width
    image = cv2.resize(astronaut, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(image), astronaut_face.enlarged(image.shape[1] / astronaut.shape[1])


@pytest.fixture
def blind():
    """Makes a processor that is told of faces and looks for none itself."""
    return lambda: Anonymizer(context(anonymizer_method="blur").options.anonymizer, None, None)


def run(processor, frames, size=5):
    done = [each for first in range(0, len(frames), size) for each in processor.process(frames[first : first + size])]
    return [*done, *processor.finish()]


def test_a_new_face_is_not_known_and_keeps_its_expression(analyser, astronaut, astronaut_face):
    image = hidden(astronaut, astronaut_face)
    [before] = analyser.embed(astronaut, [astronaut_face])
    [after] = analyser.embed(image, analyser.find(image)[:1])
    assert identity_distance(before.embedding, after.embedding) > KNOWN
    eyes = float(np.linalg.norm(astronaut_face.mesh[33, :2] - astronaut_face.mesh[263, :2]))
    opened = [float(np.linalg.norm(face.mesh[13, :2] - face.mesh[14, :2])) / eyes for face in (astronaut_face, after)]
    assert opened[0] == pytest.approx(opened[1], abs=0.06)


def test_a_new_face_has_an_outline_of_its_own(analyser, astronaut, astronaut_face):
    image = hidden(astronaut, astronaut_face)
    after = analyser.find(image)[0]
    sizes = [np.ptp(face.mesh[:, :2], axis=0) for face in (astronaut_face, after)]
    assert 0.75 < (sizes[1][0] / sizes[1][1]) / (sizes[0][0] / sizes[0][1]) < 0.95
    left, _, right, _ = astronaut_face.box
    changed = np.nonzero((image != astronaut).any(2))[1]
    assert changed.min() > left - 0.8 * astronaut_face.width
    assert changed.max() < right + 0.8 * astronaut_face.width


def test_outlines_are_drawn_with_the_face_and_those_of_heads_that_look_away_stay(small):
    image, face = small
    assert Head.draw(3, 1) == Head.draw(3, 1) != Head.draw(3, 2)
    away, seen = image.copy(), image.copy()
    Head.draw(3, 1).lay(away, face.mesh, 70.0)
    Head.draw(3, 1).lay(seen, face.mesh, 10.0)
    np.testing.assert_array_equal(away, image)
    assert (seen != image).any()


def test_an_outline_at_the_border_of_a_picture_stays_within_it(small):
    image, face = small
    for by in (-face.box[2] + 6, image.shape[1] - face.box[0] - 6, 4 * image.shape[1]):
        changed = image.copy()
        Head.draw(0, 0).lay(changed, face.moved(float(by), 0).mesh, 0.0)
        assert changed.shape == image.shape


def test_another_seed_gives_another_face_and_the_same_seed_the_same(small):
    image, face = small
    first, again, other = (hidden(image, face, anonymizer_seed=seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


@pytest.mark.parametrize("method", ["blur", "pixelate", "mask"])
def test_a_covered_face_is_not_known(analyser, astronaut, astronaut_face, method):
    image = hidden(astronaut, astronaut_face, anonymizer_method=method)
    before, after = (analyser.embed(each, [astronaut_face])[0].embedding for each in (astronaut, image))
    assert identity_distance(before, after) > KNOWN
    left, top, right, bottom = Oval.of_face(astronaut_face).box()
    margin = 0.2 * (right - left)
    y, x = np.nonzero((image != astronaut).any(2))
    assert (x.min(), y.min()) > (left - margin, top - margin)
    assert x.max() < right + margin
    assert y.max() < bottom + margin


def test_more_strength_leaves_less(small):
    image, face = small
    weak, strong = (hidden(image, face, anonymizer_method="pixelate", anonymizer_strength=each) for each in (0.5, 2))
    x, y = (round(float(each)) for each in face.landmarks5[2])
    part = np.s_[y - 20 : y + 20, x - 20 : x + 20]
    assert len(np.unique(weak[part].reshape(-1, 3), axis=0)) > len(np.unique(strong[part].reshape(-1, 3), axis=0))


def test_a_face_is_covered_before_it_is_found_and_after_and_between(small, blind):
    image, face = small
    frames = walking(image, face, 24, found=(8, 9, 15))
    done = run(blind(), frames)
    assert [each.frame.index for each in done] == list(range(24))
    shares = [changed_at(before, after, face) for before, after in zip(frames, done, strict=True)]
    assert min(shares) > 0.8, shares


def test_what_was_doubted_is_covered_when_it_turns_out_to_be_a_face(small):
    image, face = small
    sightings, box = Sightings(), (face.box, 0.3)
    first, second = Seen(image, begins_scene=True), Seen(image, begins_scene=False)
    sightings.take(first, [], [], [box])
    assert not sightings.sure(first)
    sightings.take(second, [first], [replace(face, track_id=7)], [])
    assert sightings.sure(first)
    assert list(sightings.sure(second)) == [7]


def test_nothing_is_covered_beyond_a_cut(small, blind):
    image, face = small
    frames = walking(image, face, 12, found=(6, 7))
    other = np.ascontiguousarray(255 - image[::-1])
    frames = [item(other, (), index) if index < 4 or index > 9 else each for index, each in enumerate(frames)]
    done = run(blind(), frames)
    assert [before.frame is after.frame for before, after in zip(frames, done, strict=True)] == [
        index < 4 or index > 9 for index in range(12)
    ]


def test_frames_without_faces_are_given_back_as_they_are(small):
    image = np.zeros_like(small[0])
    frames = [item(image, (), index) for index in range(DELAY + 3)]
    processor = SPEC.create(context(anonymizer_method="mask"))
    assert len(processor.process(frames)) == 3
    assert all(before is after for before, after in zip(frames[3:], processor.finish(), strict=True))


def test_it_finds_faces_by_itself_that_nobody_told_of(small):
    image, _ = small
    frames = [item(image, (), index) for index in range(3)]
    done = run(SPEC.create(context(anonymizer_method="blur")), frames)
    assert all((before.frame.image != after.frame.image).any() for before, after in zip(frames, done, strict=True))


@pytest.mark.parametrize(("score", "is_covered"), [(0.9, True), (0.6, False)])
def test_in_a_picture_those_are_covered_too_that_it_is_sure_of_itself(small, score, is_covered):
    class Search:
        def quick(self, image):
            return [Detection(other.box, score, other.mesh[:5, :2])]

    image, face = small
    two, other = np.ascontiguousarray(np.hstack([image, image])), face.moved(image.shape[1], 0)
    processor = Anonymizer(context(anonymizer_method="blur").options.anonymizer, None, Search())
    processor.process([item(two, [face])])
    [done] = processor.finish()
    for each, is_changed in ((face, True), (other, is_covered)):
        left, top, right, bottom = np.rint(each.box).astype(int)
        changed = (done.frame.image != two)[top:bottom, left:right].any(2).mean()
        assert (changed > 0.9) == is_changed


def test_it_looks_for_nobody_else_where_the_user_has_chosen(small):
    image, _ = small
    frames = [item(image, (), index) for index in range(3)]
    done = run(SPEC.create(context(anonymizer_method="blur", face_selector_mode="one")), frames)
    assert all(before is after for before, after in zip(frames, done, strict=True))


def test_a_job_that_was_broken_off_goes_on_as_if_it_had_not_been(small, blind):
    image, face = small
    frames = walking(image, face, 20, found=(6, 7, 12))
    whole = run(blind(), frames, size=4)
    first, second = blind(), blind()
    done = first.process(frames[:9])
    second.restore(unpack(pack(first.state())))
    done += run(second, frames[9:], size=1)
    for one, other in zip(whole, done, strict=True):
        np.testing.assert_array_equal(one.frame.image, other.frame.image)
    assert second.notes()


def test_new_faces_go_on_from_a_state_too(small):
    image, face = small
    frames = walking(image, face, 4, found=range(4))
    made = context()
    whole = run(SPEC.create(made), frames)
    first, second = SPEC.create(made), SPEC.create(made)
    first.delay = second.delay = 0
    done = first.process(frames[:2])
    second.restore(unpack(pack(first.state())))
    done += second.process(frames[2:])
    assert all((one.frame.image == other.frame.image).all() for one, other in zip(whole, done, strict=True))


def test_what_was_not_replaced_is_told(small, blind):
    image, face = small
    processor = blind()
    run(processor, walking(image, face, 6, found=(3,)))
    [note] = processor.notes()
    assert note == "A face was not found and is covered where it was followed in 5 of the frames: 0-2, 4-5"


def test_profiles_are_blurred_and_that_is_told(small):
    image, face = small
    turned = replace(face, pose=replace(face.pose, yaw=80.0))
    processor = SPEC.create(context())
    processor.process([item(image, [turned])])
    processor.finish()
    assert processor.notes() == ["A face could not be replaced and is blurred in 1 of the frames: 0"]


def test_of_a_long_clip_no_more_is_kept_than_is_told():
    report = Report()
    for index in range(1, 10_000):
        report.see(index, covered=1, followed=index % 3 == 0, instead=index % 2 == 0 or index == 1)
    again = Report()
    again.restore(unpack(pack(report.state())))
    assert len(pack(report.state())) < 2000
    named = ", ".join(f"{index}" for index in range(3, 39, 3))
    assert again.notes() == report.notes()
    assert report.notes()[0].startswith("A face could not be replaced and is blurred in 5000 of the frames: 1-2, 4, 6")
    assert report.notes()[1].endswith(f"in 3333 of the frames: {named} and 3321 more")


def test_of_a_crowd_those_are_remembered_who_were_met_last(monkeypatch):
    monkeypatch.setattr("facefusion.processors.anonymizer.people._MOST_KNOWN", 3)
    monkeypatch.setattr(People, "_vector", lambda self, image, face: np.eye(8, dtype=np.float32)[face])
    monkeypatch.setattr(People, "_person", lambda self, number, soft: number)
    monkeypatch.setattr(People, "_distance", lambda self, number, *rest: -number)
    monkeypatch.setattr(Softness, "measure", lambda self, image, face: (0.5,))
    people = People(0, SessionFactory(("cpu",)))
    numbers = [people.choose(None, who)[0] for who in (0, 1, 2, 0, 3, 0, 1)]
    assert [number // (2 * TRIALS) for number in numbers] == [0, 1, 2, 0, 3, 0, 4], (
        "who is forgotten gets a face that nobody had before"
    )
    again = People(0, SessionFactory(("cpu",)))
    again.restore(unpack(pack(people.state())))
    assert [again.choose(None, who)[0] for who in (3, 4)] == [6 * TRIALS, 10 * TRIALS]


def test_every_face_is_given_to_it_unless_the_user_sets_limits():
    loosened = selection_of(FaceSelectionOptions(), [SPEC])
    assert (loosened.face_min_size, loosened.face_max_yaw) == (8, 90)
    limited = selection_of(FaceSelectionOptions(face_min_size=40), [SPEC])
    assert (limited.face_min_size, limited.face_max_yaw) == (40, 90)


def test_the_faces_drawn_differ_and_their_model_is_small():
    assert FILE.stat().st_size < 1_000_000
    space = FaceSpace.load()
    drawn = [space.draw(0, number) for number in range(3)]
    for place, one in enumerate(drawn):
        assert np.isfinite(one.textures[0]).all()
        assert all(np.abs(one.textures[0] - other.textures[0]).max() > 5 for other in drawn[place + 1 :])
    np.testing.assert_array_equal(space.draw(0, 1).textures[0], drawn[1].textures[0])
