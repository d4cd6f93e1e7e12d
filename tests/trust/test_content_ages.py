"""Apparent minors: several views of a face decide, and grown-ups of every kind pass."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from facefusion.errors import ContentRefusedError, ContentUncheckedError
from facefusion.faces.landmarkers.base import FaceView
from facefusion.faces.types import Attributes
from facefusion.inference.catalogue import Catalogue
from facefusion.inference.session import SessionFactory
from facefusion.inference.store import ModelStore
from facefusion.state import pack, unpack
from facefusion.trust.content import MINOR_BELOW, AgeWatch, ContentCheck, refuse_minors, where_in_video
from facefusion.trust.content.ages import _mirrored, apparent_ages
from generated.builder import Shelf
from generated.content import content_sessions, put_detector, told_detector
from generated.face_classifier import fixed_fairface
from material import read


class Told:
    """A classifier that says these ages of one view after the other."""

    def __init__(self, *ages):
        self.ages, self.views = list(ages), []

    def classify(self, views):
        self.views += views
        return [Attributes((age, age + 1)) for age in self.ages[: len(views)]]


@pytest.fixture
def view(astronaut, astronaut_face):
    return FaceView(astronaut, astronaut_face)


def test_the_median_of_six_views_counts(view):
    told = Told(5, 9, 30, 31, 40, 80)
    assert apparent_ages(told, [view]) == [31.0]
    assert len(told.views) == 6


def test_several_faces_each_have_their_own(view):
    assert apparent_ages(Told(*[10] * 6, *[50] * 6), [view, view]) == [10.5, 50.5]


def test_no_faces():
    assert apparent_ages(Told(), []) == []


def test_the_mirrored_face_is_where_it_is_found_in_the_mirrored_picture(view, analyser):
    mirrored = _mirrored(view)
    [found] = analyser.find(mirrored.image)
    assert np.abs(mirrored.face.landmarks5 - found.landmarks5).max() < 0.04 * found.width
    assert np.abs(mirrored.face.mesh[:, :2] - found.mesh[:, :2]).max() < 0.12 * found.width


def check_with(tmp_path, group):
    """A check with a FairFace that says the same age group of everybody."""
    shelf = Shelf(tmp_path)
    put_detector(shelf, told_detector())
    shelf.put("fairface", "face_classifier", "fairface", fixed_fairface(0, 0, group))
    return ContentCheck.create(content_sessions(shelf))


@pytest.mark.parametrize(("group", "is_minor"), [(0, True), (1, True), (2, True), (3, False), (8, False)])
def test_fairface_groups_below_twenty_are_minors(group, is_minor, tmp_path, view):
    check = check_with(tmp_path, group)
    assert check.tells_ages
    [age] = check.ages([view])
    assert (age < MINOR_BELOW) is is_minor


def test_without_an_age_model_no_age_is_told(tmp_path, view):
    shelf = Shelf(tmp_path)
    put_detector(shelf, told_detector())
    check = ContentCheck.create(content_sessions(shelf))
    assert not check.tells_ages
    assert check.ages([view]) == [None]
    assert "no age model, so apparent minors are not looked for" in str(check.active)


def test_an_age_model_that_fails_lets_nothing_pass(tmp_path, view):
    check = check_with(tmp_path, 9)  # a group that there is not
    with pytest.raises(ContentUncheckedError, match="The age of a face could not be checked"):
        check.ages([view])


def test_the_model_that_is_asked_for_goes_first(tmp_path):
    shelf = Shelf(tmp_path)
    put_detector(shelf, told_detector())
    for name in ("another", "own_ages"):
        shelf.put(name, "face_classifier", "fairface", fixed_fairface(0, 0, 3))
    assert ContentCheck.create(content_sessions(shelf), age_model="own_ages").active.age == "own_ages"
    assert ContentCheck.create(content_sessions(shelf)).active.age == "another"


def test_a_refusal_says_where(astronaut_face):
    where = where_in_video("target", 3.0)
    with pytest.raises(ContentRefusedError, match=r"^The target at 3\.0 s shows somebody who seems to be a minor"):
        refuse_minors([astronaut_face], where)
    refuse_minors([], where)


# Of a video


@pytest.fixture
def followed(astronaut_face):
    return [replace(astronaut_face, track_id=track) for track in (0, 1)]


def looks(watch, faces, ages, frames):
    """Ask the watch for so many frames; return frame and track of each look, and the tracks that seem minors'."""
    seen, minors = [], []
    for frame in range(frames):
        due = watch.due(faces)
        seen += [(frame, face.track_id) for face in due]
        minors += [face.track_id for face in watch.saw(due, [ages[face.track_id] for face in due])]
    return seen, minors


def test_one_look_is_enough_for_who_is_plainly_grown_up(followed):
    assert looks(AgeWatch(), followed, {0: 40.0, 1: 30.0}, 100) == ([(0, 0), (0, 1)], [])


def test_others_are_looked_at_three_times(followed):
    seen, minors = looks(AgeWatch(), followed[:1], {0: 20.0}, 10)
    assert (seen, minors) == ([(0, 0), (1, 0), (2, 0)], [])


def test_three_looks_make_a_minor(followed):
    assert looks(AgeWatch(), followed, {0: 12.0, 1: 50.0}, 10)[1] == [0]


def test_one_wrong_look_of_three_makes_none(followed):
    watch, minors = AgeWatch(), []
    for age in (12.0, 28.0, 29.0):
        minors += watch.saw(watch.due(followed[:1]), [age])
    assert minors == []


def test_a_face_without_a_track_is_decided_at_once(astronaut_face):
    watch = AgeWatch()
    assert watch.saw(watch.due([astronaut_face]), [12.0]) == [astronaut_face]
    assert watch.saw(watch.due([astronaut_face]), [None]) == []


def test_a_job_that_goes_on_looks_at_the_same_faces(followed):
    ages = {0: 20.0, 1: 12.0}
    whole = looks(AgeWatch(), followed, ages, 6)
    first, second = AgeWatch(), AgeWatch()
    seen, minors = looks(first, followed, ages, 2)
    second.restore(unpack(pack(first.state())))
    rest, more = looks(second, followed, ages, 4)
    assert (seen + [(frame + 2, track) for frame, track in rest], minors + more) == whole


def test_tracks_that_are_gone_are_forgotten(followed):
    watch = AgeWatch()
    looks(watch, followed, {0: 40.0, 1: 40.0}, 1)
    looks(watch, followed[:1], {0: 40.0}, 300)
    assert [track for track, *_ in watch.state()["tracks"]] == [0]


@pytest.mark.slow
def test_no_adult_of_the_portraits_is_taken_for_a_minor(assets, analyser, tmp_path):
    name, catalogue = "ssrnet_age", Catalogue.known()
    (tmp_path / catalogue[name].file).write_bytes((assets / "models" / "attribute" / "ssrnet_age.onnx").read_bytes())
    check = ContentCheck.create(SessionFactory(("cpu",), store=ModelStore(own=tmp_path)))
    assert check.active.age == name
    ages = []
    for folder in ("congress", "pictures/synthetic", "pairs"):
        for path in sorted((assets / folder).glob("*.jpg")):
            image = read(path)
            ages += check.ages([FaceView(image, face) for face in analyser.find(image)])
    assert len(ages) > 100
    assert min(ages) >= MINOR_BELOW + 2
