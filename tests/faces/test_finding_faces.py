"""How many faces are found, and where, in pictures of every kind."""

from __future__ import annotations

import numpy as np
import pytest

from facefusion.faces.analyser import FaceAnalyser
from facefusion.faces.detectors.base import box_overlap, group_overlapping, suppress
from facefusion.faces.draw import draw_faces
from facefusion.faces.types import Detection
from facefusion.options import FaceSelectionOptions
from material import face_of, mesh_at, outline_mask, read

FACES = {
    "astronaut_eileen_collins.png": 1,
    "cc_by/intel_female_turned.png": 1,
    "cc_by/intel_hand_over_eye.png": 1,
    "cc_by/intel_hand_over_mouth.png": 1,
    "cc_by/intel_two_people_tilted.png": 2,
    "derived/cut_by_frame.jpg": 1,
    "derived/dark_noise.jpg": 1,
    "derived/exif_orientation6.jpg": 1,
    "derived/gray.jpg": 1,
    "derived/group_12_faces.jpg": 12,
    "derived/jpeg_q4.jpg": 1,
    "derived/lowres_64.png": 1,
    "derived/motion_blur25.jpg": 1,
    "derived/overexposed.jpg": 1,
    "derived/painted_fingers_over_mouth.jpg": 1,
    "derived/rgb16.png": 1,
    "derived/rgba_ellipse_alpha.png": 1,
    "derived/roll35.jpg": 1,
    "derived/rot90.jpg": 1,
    "derived/same_person_twice.jpg": 2,
    "derived/sunglasses.jpg": 1,
    "derived/surgical_mask.jpg": 1,
    "derived/tiny_face_44px_tile.png": 1,
    "derived/upside_down.jpg": 1,
    "derived/webp.webp": 1,
    "noface/noface_cat.png": 0,
    "noface/noface_coffee.png": 0,
    "noface/noface_rocket.jpg": 0,
    "usgov/biden_official.jpg": 1,
    "usgov/biden_standing.jpg": 1,
    "usgov/obama_blue_room.jpg": 1,
    "usgov/obama_official_2012.jpg": 1,
    "usgov/obama_partial_face.jpg": 1,
    "usgov/two_people_obama_biden.jpg": 2,
}


@pytest.mark.parametrize("name", FACES)
def test_every_face_is_found_and_nothing_else(analyser, assets, name):
    faces = analyser.find(read(assets / "pictures" / name))
    assert len(faces) == FACES[name]
    assert [face.width * face.height for face in faces] == sorted(
        (face.width * face.height for face in faces), reverse=True
    )
    for face in faces:
        assert 0 < face.score <= 1
        assert face.presence > 0.5
        assert face.mesh.shape == (468, 3)
        assert face.mesh.dtype == face.box.dtype == face.landmarks5.dtype == np.float32
        assert np.isfinite(face.mesh).all()
        assert face.embedding is None
        assert face.track_id is None


@pytest.mark.slow
def test_each_generated_portrait_shows_one_upright_frontal_face(analyser, assets):
    portraits = sorted((assets / "pictures" / "synthetic").glob("*.jpg"))
    assert len(portraits) == 30
    for path in portraits:
        image = read(path)
        [face] = analyser.find(image)
        assert face.score > 0.9, path.name
        assert abs(face.pose.yaw) < 25, path.name
        assert abs(face.pose.roll) < 5, path.name
        assert 0.4 < face.width / image.shape[1] < 0.7, path.name


def test_some_of_many_tiny_faces_are_found(analyser, assets):
    faces = analyser.find(read(assets / "pictures" / "cc_by" / "intel_classroom_small_faces.png"))
    assert 2 <= len(faces) <= 4
    assert all(10 < face.width < 40 for face in faces)


@pytest.mark.parametrize(("turn", "roll"), [(0, 0), (1, -90), (2, 180), (3, 90)])
def test_a_face_is_found_whatever_way_up_and_its_landmarks_turn_with_it(analyser, captain, captain_face, turn, roll):
    turned = np.ascontiguousarray(np.rot90(captain, turn))
    [face] = analyser.find(turned)
    assert (face.pose.roll - roll - captain_face.pose.roll + 180) % 360 - 180 == pytest.approx(0, abs=4)
    height, width = captain.shape[:2]
    x, y = captain_face.mesh[:, 0], captain_face.mesh[:, 1]
    expected = [(x, y), (y, width - x), (width - x, height - y), (height - y, x)][turn]
    distance = np.linalg.norm(face.mesh[:, :2] - np.stack(expected, 1), axis=1)
    assert distance.mean() < 0.02 * captain_face.width


@pytest.mark.parametrize("width", [28, 44, 96, 250, 700])
def test_a_face_is_found_at_any_size(analyser, astronaut, astronaut_face, width):
    import cv2

    scale = width / astronaut_face.width
    image = cv2.resize(astronaut, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    [face] = analyser.find(image)
    assert face.width == pytest.approx(width, rel=0.06)
    distance = np.linalg.norm(face.mesh[:, :2] / scale - astronaut_face.mesh[:, :2], axis=1)
    assert distance.mean() < 0.05 * astronaut_face.width


@pytest.mark.parametrize("scale", [0.5, 0.75, 1.0])
def test_a_small_face_beside_a_large_one_is_found_the_right_way_up(analyser, astronaut, captain, scale):
    import cv2

    small = cv2.resize(astronaut, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    canvas = np.full((600, 1024, 3), 80, np.uint8)
    canvas[: small.shape[0], : small.shape[1]] = small
    canvas[:, 512:] = captain[:600]
    faces = analyser.find(canvas)
    assert [round(face.width) for face in faces] == pytest.approx([192, 96 * scale], rel=0.1)
    assert all(abs(face.pose.roll) < 10 for face in faces)


@pytest.mark.parametrize("side", ["left", "right", "top", "bottom"])
def test_a_face_that_touches_the_border_is_found(analyser, captain, captain_face, side):
    left, top, right, bottom = captain_face.box.astype(int)
    window = {
        "left": np.s_[:, left + 5 :],
        "right": np.s_[:, : right - 5],
        "top": np.s_[top + 5 :],
        "bottom": np.s_[: bottom - 5],
    }[side]
    [face] = analyser.find(np.ascontiguousarray(captain[window]))
    assert face.width == pytest.approx(captain_face.width, rel=0.1)


@pytest.mark.parametrize("shape", [(1, 1), (1, 900), (3000, 1), (2, 2), (7, 4000), (500, 500)])
@pytest.mark.parametrize("value", [0, 255])
def test_a_picture_of_any_shape_without_a_face_has_none(analyser, shape, value):
    assert analyser.find(np.full((*shape, 3), value, np.uint8)) == []


def test_noise_is_no_face(analyser):
    assert analyser.find(np.random.default_rng(1).integers(0, 256, (400, 400, 3), np.uint8)) == []


def test_finding_leaves_the_picture_as_it_was(analyser, captain):
    before = captain.copy()
    analyser.find(captain)
    assert (captain == before).all()


def test_finding_twice_gives_the_same(analyser, captain, captain_face):
    [again] = analyser.find(captain)
    assert (again.mesh == captain_face.mesh).all()
    assert again.score == captain_face.score


def test_a_higher_threshold_finds_fewer_faces(assets):
    image = read(assets / "pictures" / "derived" / "group_12_faces.jpg")
    strict = FaceAnalyser.create(FaceSelectionOptions(face_detector_score=0.99))
    assert len(strict.find(image)) < 12


def test_a_list_of_no_faces_embeds_to_nothing(analyser, captain):
    assert analyser.embed(captain, []) == []
    assert analyser.fit(captain, []) == []


def test_boxes_overlap_as_intersection_over_union():
    a = np.array([0, 0, 10, 10], np.float32)
    assert box_overlap(a, a) == 1
    assert box_overlap(a, a + 10) == 0
    assert box_overlap(a, np.array([5, 0, 15, 10], np.float32)) == pytest.approx(0.375)
    assert box_overlap(a, np.array([2, 2, 4, 4], np.float32)) == 0.75, "a box inside another is the same face"


def detection(left: float, score: float) -> Detection:
    box = np.array([left, 0, left + 10, 10], np.float32)
    return Detection(box, score, np.zeros((5, 2), np.float32))


def test_detections_of_one_face_are_grouped_best_first():
    groups = group_overlapping([detection(0, 0.6), detection(50, 0.7), detection(1, 0.9)], 0.3)
    assert [[member.score for member in group] for group in groups] == [[0.9, 0.6], [0.7]]


def test_suppression_keeps_the_best_score_and_the_weighted_place():
    [merged] = suppress([detection(0, 0.9), detection(4, 0.3)], 0.3)
    assert merged.score == 0.9
    assert merged.box.tolist() == pytest.approx([1, 0, 11, 10])


def test_drawn_faces_are_marked_on_a_copy(astronaut, astronaut_face):
    before = astronaut.copy()
    drawn = draw_faces(astronaut, [astronaut_face], note="one face, 20° to the left")
    assert (astronaut == before).all()
    changed = (drawn != astronaut).any(2)
    left, top, right, bottom = astronaut_face.box.round().astype(int)
    assert changed[top, left:right].mean() > 0.9
    assert changed[:, left][top:bottom].mean() > 0.9
    assert changed[outline_mask(astronaut_face, astronaut.shape, 0.8)].mean() < 0.3, "the face stays to be seen"


@pytest.mark.parametrize("shape", [(1, 1, 3), (8, 300, 3), (300, 8, 3)])
def test_a_face_larger_than_the_picture_can_be_drawn(shape):
    drawn = draw_faces(np.zeros(shape, np.uint8), [face_of(mesh_at(0, 0, 500))], note="far too large a face")
    assert drawn.shape == shape
