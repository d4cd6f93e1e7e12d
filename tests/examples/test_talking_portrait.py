"""An animated portrait looks like a person who moves, and what is said of it is what it shows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from facefusion.faces.analyser import FaceAnalyser
from talking_portrait import Actor, Event, Portrait, Scene, Script, default_events, make_scene, read_portrait
from talking_portrait.portrait import MeshFinder

Play = Callable[..., Scene]
EYE_CORNERS = (33, 263)
WELL_APART = (1, 10, 152, 50, 280, 105, 334, 61, 291)

# Each event at its height, half a second in.
TURN_RIGHT, TURN_LEFT = Event("turn", 0, 1, 27), Event("turn", 0, 1, -27)
NOD, TILT, MOVE = Event("nod", 0, 1, -12), Event("tilt", 0, 1, 6), Event("move", 0, 1, 0.08)
BLINK, LIGHT = Event("blink", 0, 1), Event("light", 0, 1)
HAND, HAND_FROM_LEFT = Event("hand", 0, 1, 1), Event("hand", 0, 1, -1)
SPEECH = Event("speech", 0, 2)
HEIGHT = 0.5


def eye_distance(landmarks: npt.NDArray[np.float32]) -> float:
    left, right = landmarks[list(EYE_CORNERS)]
    return float(np.hypot(*(right - left)))


def loudest(scene: Scene) -> float:
    """The moment at which the mouth opens furthest."""
    times = np.arange(0, 2, 0.01)
    return float(times[np.argmax([scene.actors[0].script.voice.mouth(t) for t in times])])


def test_the_same_moment_is_the_same_picture_in_whatever_order_it_is_asked_for(play: Play) -> None:
    events = default_events(4)
    first, second = play(*events, liveliness=1, height=360), play(*events, liveliness=1, height=360)
    forwards = [first.render(t)[0] for t in (0.4, 1.9, 3.4)]
    backwards = [second.render(t)[0] for t in (3.4, 1.9, 0.4)]
    assert all(np.array_equal(a, b) for a, b in zip(forwards, reversed(backwards), strict=True))


def test_another_seed_is_another_performance(play: Play) -> None:
    a, b = (play(SPEECH, liveliness=1, seed=seed, height=360).render(1.0)[1].face for seed in (1, 2))
    assert not np.allclose(a.landmarks, b.landmarks, atol=0.1)


@pytest.mark.parametrize("who", ["collins", "hopper"])
def test_at_rest_it_is_the_portrait(play: Play, who: str) -> None:
    scene = play(who=who)
    portrait = scene.actors[0].portrait
    image, truth = scene.render(0.0)
    assert np.abs(image.astype(int) - portrait.image).max() <= 1
    assert np.allclose(truth.face.landmarks, portrait.mesh[:, :2], atol=0.01)
    assert truth.face.visible.all()
    assert (truth.face.yaw, truth.face.eye_openness, truth.face.light_gain, truth.face.hand_mask) == (0, 1, 1, None)


@pytest.mark.parametrize("who", ["collins", "hopper"])
def test_the_face_takes_its_usual_size(play: Play, who: str) -> None:
    assert play(who=who).actors[0].portrait.face_width == pytest.approx(275, abs=1)


@pytest.mark.parametrize(
    "event", [TURN_RIGHT, TURN_LEFT, NOD, TILT, MOVE, LIGHT], ids=lambda e: f"{e.kind}{e.amount:+g}"
)
@pytest.mark.parametrize("who", ["collins", "hopper"])
def test_the_analyser_finds_the_landmarks_where_the_truth_has_them(
    play: Play, analyser: FaceAnalyser, who: str, event: Event
) -> None:
    image, truth = play(event, who=who).render(HEIGHT)
    found = analyser.find(image)[0].mesh[:, :2]
    error = np.hypot(*(found - truth.face.landmarks)[truth.face.visible].T) / eye_distance(truth.face.landmarks)
    assert error.mean() < 0.05


@pytest.mark.parametrize("who", ["collins", "hopper"])
def test_the_analyser_finds_the_open_mouth(play: Play, analyser: FaceAnalyser, who: str) -> None:
    scene = play(SPEECH, who=who)
    image, truth = scene.render(loudest(scene))
    mesh = analyser.find(image)[0].mesh
    gap = np.hypot(*(mesh[14] - mesh[13])[:2]) / np.hypot(*(mesh[308] - mesh[78])[:2])
    assert truth.face.mouth_opening > 0.12
    assert gap == pytest.approx(truth.face.mouth_opening, abs=0.1)


@pytest.mark.parametrize("event", [TURN_RIGHT, NOD, TILT, MOVE], ids=lambda e: e.kind)
def test_marks_on_the_skin_move_to_where_the_truth_says(play: Play, event: Event) -> None:
    portrait = play().actors[0].portrait
    dark = np.zeros_like(portrait.image)
    for x, y in np.rint(portrait.mesh[list(WELL_APART), :2]).astype(int).tolist():
        cv2.circle(dark, (x, y), 4, (255, 255, 255), -1, cv2.LINE_AA)
    image, truth = Actor(Portrait(dark, portrait.mesh), Script([event], liveliness=0)).render(HEIGHT)
    for landmark in WELL_APART:
        if truth.visible[landmark]:
            left, top = np.rint(truth.landmarks[landmark]).astype(int) - 14
            spot = image[top : top + 29, left : left + 29, 0]
            rows, columns = np.nonzero(spot > 64)
            centre = np.average(np.stack([columns + left, rows + top]), axis=1, weights=spot[rows, columns])
            assert np.hypot(*(centre - truth.landmarks[landmark])) < 2.5


@pytest.mark.parametrize(("event", "sign"), [(TURN_RIGHT, 1), (TURN_LEFT, -1)])
def test_a_turned_head_hides_its_far_side(play: Play, event: Event, sign: int) -> None:
    scene = play(event, who="hopper")
    _, truth = scene.render(HEIGHT)
    hidden = ~truth.face.visible
    side = sign * (scene.actors[0].portrait.mesh[:, 0] - scene.actors[0].portrait.centre[0])
    assert 0.02 < hidden.mean() < 0.25
    assert (side[hidden] > 0).mean() > 0.9


@pytest.mark.parametrize("event", [TURN_RIGHT, TURN_LEFT, NOD], ids=lambda e: f"{e.kind}{e.amount:+g}")
def test_the_analyser_sees_the_pose(play: Play, analyser: FaceAnalyser, event: Event) -> None:
    scene = play(event, who="hopper")
    rest = analyser.find(scene.render(0.0)[0])[0].pose
    image, truth = scene.render(HEIGHT)
    pose = analyser.find(image)[0].pose
    assert pose.yaw - rest.yaw == pytest.approx(truth.face.yaw, abs=10)
    assert pose.pitch - rest.pitch == pytest.approx(truth.face.pitch, abs=10)


def test_near_parts_move_further_than_far_ones(play: Play) -> None:
    scene = play(TURN_RIGHT)
    moved = scene.render(HEIGHT)[1].face.landmarks - scene.actors[0].portrait.mesh[:, :2]
    nose, brow, ear = moved[1, 0], moved[168, 0], moved[454, 0]
    assert nose > 1.2 * brow > 3 * abs(ear)


def test_the_background_stays_where_it_is(play: Play) -> None:
    scene = play(TURN_RIGHT, NOD)
    rest = scene.actors[0].portrait
    difference = np.abs(scene.render(HEIGHT)[0].astype(int) - rest.image).max(axis=2)
    x = np.abs(np.arange(rest.image.shape[1]) - rest.centre[0])
    assert difference[:, x > rest.face_width].max() <= 1


@pytest.mark.parametrize("who", ["collins", "hopper"])
def test_a_blink_hides_the_iris(play: Play, who: str) -> None:
    scene = play(BLINK, who=who)
    mesh = scene.actors[0].portrait.mesh
    image, truth = scene.render(HEIGHT)
    assert truth.face.eye_openness < 0.05
    for upper, lower in ((159, 145), (386, 374)):
        x, y = np.rint((mesh[upper, :2] + mesh[lower, :2]) / 2).astype(int)
        place = np.s_[y - 4 : y + 3, x - 4 : x + 5]
        assert np.median(image[place]) > np.median(scene.actors[0].portrait.image[place]) + 30
        lids = truth.face.landmarks[[upper, lower], 1]
        assert abs(lids[1] - lids[0]) < 0.25 * (mesh[lower, 1] - mesh[upper, 1])


def test_the_light_changes_as_much_as_it_says(play: Play) -> None:
    scene = play(LIGHT)
    image, truth = scene.render(HEIGHT)
    x, y = np.rint(truth.face.landmarks).astype(int).T
    ratio = image[y, x].mean() / scene.actors[0].portrait.image[y, x].mean()
    assert ratio == pytest.approx(truth.face.light_gain, abs=0.05)
    assert scene.render(0.2)[1].face.light_gain < 0.8


@pytest.mark.parametrize("event", [HAND, HAND_FROM_LEFT], ids=["right", "left"])
def test_the_hand_is_where_its_mask_is(play: Play, event: Event) -> None:
    image, truth = play(event).render(HEIGHT)
    bare, _ = play().render(HEIGHT)
    mask, box = truth.face.hand_mask, truth.face.hand_box
    assert mask is not None
    assert box is not None
    changed = np.abs(image.astype(int) - bare).max(axis=2)
    assert (changed[mask > 0.9] > 3).mean() > 0.97
    shade = cv2.dilate(mask, np.ones((61, 61)))  # its shadow lies close to it
    assert changed[shade == 0].max() <= 5
    rows, columns = np.nonzero(mask > 0.5)
    assert box == (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    mouth = truth.face.landmarks[[13, 14]].mean(0)
    assert box[0] < mouth[0] < box[2]
    assert box[1] < mouth[1] < box[3]


def test_the_hand_comes_and_goes(play: Play) -> None:
    scene = play(Event("hand", 1, 2))
    boxes = [scene.render(t)[1].face.hand_box for t in (0.5, 1.0, 2.0, 3.5)]
    assert [box is not None for box in boxes] == [False, False, True, False]


def test_two_people_stand_side_by_side(
    portraits: dict[str, Path], find_mesh: MeshFinder, analyser: FaceAnalyser
) -> None:
    scene = make_scene([portraits["collins"], portraits["hopper"]], events=[HAND], liveliness=0, find_mesh=find_mesh)
    image, truth = scene.render(0.0)
    assert image.shape == (720, 1280, 3)
    assert scene.size == (1280, 720)
    found = sorted(analyser.find(image), key=lambda face: face.box[0])
    assert len(found) == 2
    for face, known in zip(found, truth.faces, strict=True):
        error = np.hypot(*(face.mesh[:, :2] - known.landmarks).T) / eye_distance(known.landmarks)
        assert error.mean() < 0.05
    masks = [face.hand_mask for face in scene.render(HEIGHT)[1].faces]
    assert all(mask is not None and mask.shape == (720, 1280) for mask in masks)
    assert masks[1] is not None
    assert masks[1][:, :640].max() == 0
    with pytest.raises(ValueError, match="unpack"):
        _ = truth.face


def test_what_cannot_be_played_is_refused(portraits: dict[str, Path], find_mesh: MeshFinder, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="longer than nothing"):
        Event("nod", 1.0, 0.0)
    with pytest.raises(ValueError, match="must be even"):
        make_scene([portraits["hopper"]], width=641, height=360, find_mesh=find_mesh)
    text = tmp_path / "portrait.jpg"
    text.write_text("not a picture")
    with pytest.raises(ValueError, match="not a picture"):
        read_portrait(text, find_mesh)
