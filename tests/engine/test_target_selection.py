"""Which faces of the target are worked on: one, many, or a reference person; and why none was."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from facefusion.engine.casting import Casting, Person
from facefusion.engine.targets import TargetSelector
from facefusion.errors import (
    FaceTooSmallError,
    FaceTurnedError,
    NoFaceError,
    OptionsError,
    ReferenceNotFoundError,
    SeveralFacesError,
)
from facefusion.options import FaceSelectionOptions
from material import ASTRONAUT, CAPTAIN, face_of, mesh_at, save, write_clip

BIG = mesh_at(100, 100, 90)
MIDDLE = mesh_at(300, 300, 60)
SMALL = mesh_at(500, 100, 30)
IMAGE = np.zeros((400, 600, 3), np.uint8)
PATH = Path("film.mp4")


def faces(*meshes, tracks=None):
    tracks = tracks or [None] * len(meshes)
    return [face_of(mesh, track_id=track) for mesh, track in zip(meshes, tracks, strict=True)]


class ByRow:
    """An analyser to which the upper half of a picture shows one person and the lower half another."""

    class recogniser:  # noqa: N801 - stands for an attribute
        calls = 0

        @classmethod
        def embed(cls, image, meshes):
            cls.calls += len(meshes)
            return [np.eye(128, dtype=np.float32)[int(mesh[:, 1].mean() > 200)] for mesh in meshes]


def selector(analyser=ByRow, people=(), others=0, **options):
    return TargetSelector(analyser, FaceSelectionOptions(**options), Casting(tuple(people), others))


def person(vector, role=0, name="them"):
    return Person(name, role, vector, 0.5)


def test_many_takes_all_in_order():
    found = faces(MIDDLE, SMALL, BIG)
    assert selector().select(IMAGE, found) == (found[2], found[0], found[1])
    assert selector(face_selector_order="right-left").select(IMAGE, found) == (found[1], found[0], found[2])


@pytest.mark.parametrize("position", [0, 1, 2])
def test_one_takes_the_face_at_the_position(position):
    found = faces(BIG, MIDDLE, SMALL)
    assert selector(face_selector_mode="one", face_position=position).select(IMAGE, found) == (found[position],)


def test_one_stays_with_the_person_in_a_video_when_another_grows_larger():
    one = selector(face_selector_mode="one")
    assert one.select(IMAGE, faces(BIG, MIDDLE, tracks=[7, 8]))[0].track_id == 7
    [kept] = one.select(IMAGE, faces(mesh_at(500, 100, 40), mesh_at(300, 300, 90), tracks=[7, 8]))
    assert kept.track_id == 7


def test_one_finds_the_person_again_and_takes_nobody_else_meanwhile():
    one = selector(face_selector_mode="one")
    one.select(IMAGE, faces(BIG, MIDDLE, tracks=[7, 8]))
    assert one.select(IMAGE, faces(MIDDLE, tracks=[8])) == (), "gone"
    assert one.select(IMAGE, faces(mesh_at(300, 320, 90), tracks=[9])) == (), "somebody else, in another scene"
    [again] = one.select(IMAGE, faces(mesh_at(400, 90, 60), MIDDLE, tracks=[10, 8]))
    assert again.track_id == 10


def test_one_stays_with_the_person_who_is_turned_away():
    one = selector(face_selector_mode="one")
    assert one.select(IMAGE, faces(BIG, MIDDLE, tracks=[7, 8]))[0].track_id == 7
    turned = mesh_at(100, 100, 90, yaw=80)
    assert one.select(IMAGE, faces(turned, MIDDLE, tracks=[7, 8])) == ()
    assert one.select(IMAGE, faces(BIG, MIDDLE, tracks=[7, 8]))[0].track_id == 7


def test_a_position_too_high_is_the_cause_even_when_another_face_is_turned_away():
    found = faces(BIG, mesh_at(300, 300, 90, yaw=80))
    error = problem(found, face_selector_mode="one", face_position=3)
    assert isinstance(error, NoFaceError)
    assert "position 3" in str(error)


@pytest.mark.parametrize(
    ("options", "advice"),
    [
        ({"reference_face_path": str(ASTRONAUT)}, "--face-selector-mode reference"),
        ({"face_position": 1}, "--face-selector-mode one"),
    ],
)
def test_a_selection_that_would_be_ignored_is_refused(job, options, advice):
    with pytest.raises(OptionsError, match=advice):
        job(**options)


def test_faces_too_small_or_too_far_turned_are_left_as_they_are():
    turned = mesh_at(300, 100, 80, yaw=75)
    found = faces(BIG, SMALL, turned)
    assert selector(face_min_size=40).select(IMAGE, found) == (found[0],)
    assert len(selector(face_min_size=40, face_max_yaw=90).select(IMAGE, found)) == 2


def problem(found, **options):
    one = selector(**options)
    assert one.select(IMAGE, found) == ()
    return one.problem(PATH)


def test_why_nothing_was_selected():
    none = problem([])
    assert isinstance(none, NoFaceError)
    assert "No face was found in film.mp4" in str(none)

    small = problem(faces(SMALL), face_min_size=64)
    assert isinstance(small, FaceTooSmallError)
    assert "The largest face in film.mp4 is 30 pixels wide, the least is 64" in str(small)

    turned = problem(faces(mesh_at(9, 9, 80, yaw=-80), mesh_at(9, 9, 80, yaw=72)))
    assert isinstance(turned, FaceTurnedError)
    assert "is turned 72° or more from the camera, the most is 65°" in str(turned)

    late = problem(faces(BIG), face_selector_mode="one", face_position=1)
    assert isinstance(late, NoFaceError)
    assert "shows no face at position 1" in str(late)


def test_the_frame_kept_to_show_the_problem_is_let_go_when_all_is_well():
    one = selector(face_min_size=40)
    one.select(IMAGE, faces(SMALL))
    assert one.seen is not None
    one.select(IMAGE, faces(BIG))
    one.select(IMAGE, faces(SMALL))
    assert one.seen is None


@pytest.fixture
def both(quiet_place, astronaut, captain):
    """A picture of two people, and which side the captain is on."""
    canvas = np.full((600, 1024, 3), 80, np.uint8)
    canvas[:512, :512] = astronaut
    canvas[:600, 512:1024] = captain[:600]
    return save(Path("both.png"), canvas)


def changed_sides(before: Path, after: Path) -> tuple[bool, bool]:
    from material import read

    difference = np.abs(read(before).astype(int) - read(after)).max(2) > 0
    return bool(difference[:, :512].any()), bool(difference[:, 512:].any())


@pytest.mark.parametrize(("reference", "sides"), [(ASTRONAUT, (True, False)), (CAPTAIN, (False, True))])
def test_only_the_reference_person_is_worked_on(job, both, reference, sides):
    result = job(target_path=both, output_path="out.png", face_selector_mode="reference", reference_face_path=reference)
    assert result.faces == 1
    assert changed_sides(both, Path("out.png")) == sides


@pytest.mark.parametrize(
    ("options", "sides"),
    [
        ({}, (True, True)),
        ({"face_selector_mode": "one"}, (False, True)),
        ({"face_selector_mode": "one", "face_position": 1}, (True, False)),
        ({"face_selector_mode": "one", "face_selector_order": "left-right"}, (True, False)),
    ],
)
def test_one_and_many_in_a_picture(job, both, options, sides):
    job(target_path=both, output_path="out.png", **options)
    assert changed_sides(both, Path("out.png")) == sides


def test_an_absent_reference_person_is_said_with_distance_and_limit(job, only_file):
    with pytest.raises(
        ReferenceNotFoundError, match=r"the nearest face is at distance 0\.\d\d, the limit is 0\.50"
    ) as e:
        job(face_selector_mode="reference", reference_face_path=CAPTAIN)
    assert e.value.exit_code == 25
    assert only_file() == ["out.problem.jpg"]


def test_the_distance_decides(job):
    options = {"face_selector_mode": "reference", "reference_face_path": CAPTAIN, "reference_face_distance": 2}
    assert job(**options).faces == 20


def test_a_reference_picture_must_say_who_is_meant(job, both):
    options = {"target_path": both, "output_path": "out.png", "face_selector_mode": "reference"}
    with pytest.raises(OptionsError, match=r"wants a reference picture\. Name one with --reference-face-path"):
        job(**options)
    with pytest.raises(SeveralFacesError, match="--reference-face-position 0 to 1"):
        job(**options, reference_face_path=both)
    job(**options, reference_face_path=both, reference_face_position=1)
    assert changed_sides(both, Path("out.png")) == (True, False)


def test_the_reference_is_found_again_after_every_cut(job, astronaut, captain):
    import cv2

    here = astronaut[10:266, 60:316]
    there = cv2.resize(captain, (256, 256), interpolation=cv2.INTER_AREA)
    clip = write_clip(Path("cuts.mp4"), [here] * 6 + [there] * 6 + [here] * 6)
    result = job(target_path=clip, face_selector_mode="reference", reference_face_path=ASTRONAUT)
    assert (result.frames, result.faces) == (18, 12)


class Counting:
    """The bundled recogniser, counted."""

    def __init__(self, analyser):
        self.calls = 0
        self.recogniser, self._analyser = self, analyser

    def embed(self, image, meshes):
        self.calls += len(meshes)
        return self._analyser.recogniser.embed(image, meshes)


def test_who_it_is_is_asked_ever_more_rarely(analyser, astronaut, astronaut_face):
    [reference] = analyser.recogniser.embed(astronaut, [astronaut_face.mesh])
    counting = Counting(analyser)
    one = selector(counting, [person(reference)], None, face_selector_mode="reference")
    tracked = face_of(astronaut_face.mesh, track_id=3)
    for _ in range(200):
        assert one.select(astronaut, [tracked]) == (tracked,)
    assert counting.calls <= 8


def test_where_everybody_gets_one_face_nobody_is_asked_who_they_are(astronaut):
    ByRow.recogniser.calls = 0
    many = selector()
    for _ in range(30):
        assert len(many.select(IMAGE, faces(BIG, MIDDLE, tracks=[7, 8]))) == 2
    assert ByRow.recogniser.calls == 0
