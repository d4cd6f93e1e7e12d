"""Landmarks, checked against facts that a hand can measure, and the pose that follows from them."""

from __future__ import annotations

import numpy as np
import pytest

from facefusion.faces.mesh import (
    INNER_LIPS,
    LEFT_EYE,
    OUTER_LIPS,
    OVAL,
    RIGHT_EYE,
    canonical_vertices,
    five_landmarks,
    mirror_vertices,
    pose_of,
    rotation_of,
    triangles,
    vertex_normals,
)
from material import mesh_at, read

# Measured by hand in the enlarged portrait: middles of the eyes, nose tip, corners of the mouth.
BY_HAND = [(203, 101), (247, 103), (224, 127), (203, 140), (244, 141)]


def test_five_landmarks_lie_where_a_hand_puts_them(astronaut_face):
    distance = np.linalg.norm(astronaut_face.landmarks5 - BY_HAND, axis=1)
    assert distance.max() < 4


def test_parts_of_a_face_lie_in_their_order(captain_face):
    mesh = captain_face.mesh
    left_eye, right_eye, nose, left_mouth, right_mouth = captain_face.landmarks5
    assert left_eye[0] < nose[0] < right_eye[0]
    assert left_mouth[0] < nose[0] < right_mouth[0]
    assert max(left_eye[1], right_eye[1]) < nose[1] < min(left_mouth[1], right_mouth[1])
    assert mesh[10, 1] < left_eye[1], "forehead above the eyes"
    assert mesh[152, 1] > left_mouth[1], "chin below the mouth"
    assert mesh[1, 2] < mesh[[33, 263, 234, 454], 2].min(), "the nose is nearest"
    assert captain_face.box.tolist() == pytest.approx([*mesh[:, :2].min(0), *mesh[:, :2].max(0)])


def test_the_pupils_are_dark_and_lie_within_the_lids(captain, captain_face):
    grey = captain.mean(2)
    skin = grey[tuple(captain_face.mesh[[50, 280], :2].round().astype(int).T[::-1])].mean()
    for rim in (LEFT_EYE, RIGHT_EYE):
        x, y = captain_face.mesh[list(rim), :2].mean(0).round().astype(int)
        assert grey[y - 1 : y + 2, x - 1 : x + 2].mean() < 0.6 * skin


def test_a_mirrored_picture_has_the_mirrored_face(analyser, captain, captain_face):
    [face] = analyser.find(np.ascontiguousarray(captain[:, ::-1]))
    expected = captain_face.mesh[mirror_vertices()].copy()
    expected[:, 0] = captain.shape[1] - 1 - expected[:, 0]
    distance = np.linalg.norm(face.mesh[:, :2] - expected[:, :2], axis=1)
    assert distance.mean() < 0.02 * captain_face.width
    assert face.pose.yaw == pytest.approx(-captain_face.pose.yaw, abs=3)
    assert face.pose.pitch == pytest.approx(captain_face.pose.pitch, abs=3)
    assert face.pose.roll == pytest.approx(-captain_face.pose.roll, abs=3)


@pytest.mark.parametrize(("yaw", "pitch", "roll"), [(0, 0, 0), (30, 0, 0), (0, 20, 0), (0, 0, 50), (-25, 10, 120)])
def test_pose_gives_back_the_angles_of_a_turned_head(yaw, pitch, roll):
    pose = pose_of(mesh_at(320, 200, 150, yaw=yaw, pitch=pitch, roll=roll))
    assert (pose.yaw, pose.pitch, pose.roll) == pytest.approx((yaw, pitch, roll), abs=0.01)


def test_signs_of_the_pose():
    def nose_from_centre(mesh):
        return mesh[1] - mesh[list(OVAL)].mean(0)

    straight = nose_from_centre(mesh_at(0, 0, 100))
    assert nose_from_centre(mesh_at(0, 0, 100, yaw=20))[0] > straight[0], "yaw > 0: the nose points right"
    assert nose_from_centre(mesh_at(0, 0, 100, pitch=20))[1] < straight[1], "pitch > 0: the nose points up"
    rolled = mesh_at(0, 0, 100, roll=20)
    assert rolled[263, 1] > rolled[33, 1], "roll > 0: clockwise, the right eye lower"


@pytest.mark.parametrize(
    ("name", "yaw", "roll"),
    [
        ("cc_by/intel_female_turned.png", (-70, -35), (-10, 10)),
        ("synthetic/sfhq_14_red_beard_man.jpg", (8, 25), (-6, 6)),
        ("synthetic/sfhq_22_man_shadow_side_light.jpg", (-25, -10), (-6, 6)),
        ("synthetic/sfhq_23_asian_man_frontal.jpg", (-7, 7), (-5, 5)),
        ("derived/roll35.jpg", (-12, 12), (-40, -30)),
    ],
)
def test_heads_in_pictures_are_turned_as_one_sees_them(analyser, assets, name, yaw, roll):
    [face] = analyser.find(read(assets / "pictures" / name))
    assert yaw[0] < face.pose.yaw < yaw[1]
    assert roll[0] < face.pose.roll < roll[1]


def test_rotation_is_a_rotation_whatever_the_mesh():
    for mesh in (mesh_at(5, 5, 80, yaw=40, pitch=-20, roll=170), np.zeros((468, 3), np.float32)):
        rotation = rotation_of(mesh)
        assert np.allclose(rotation @ rotation.T, np.eye(3), atol=1e-6)
        assert np.linalg.det(rotation) == pytest.approx(1)


def test_the_canonical_face_is_symmetric_and_looks_at_the_camera():
    face, mirror = canonical_vertices(), mirror_vertices()
    assert (mirror[mirror] == np.arange(468)).all()
    assert np.abs(face[mirror] * [-1, 1, 1] - face).max() < 0.01
    assert np.linalg.norm(face[33] - face[263]) == pytest.approx(1, abs=0.02), "its unit is the eye distance"
    assert {33: 263, 61: 291, 1: 1}.items() <= {vertex: int(mirror[vertex]) for vertex in (33, 61, 1)}.items()


def test_triangles_cover_the_face_once_and_leave_eyes_and_mouth_open():
    corners = triangles()
    assert corners.shape == (852, 3)
    edges = np.sort(np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [2, 0]]]), axis=1)
    unique, counts = np.unique(edges, axis=0, return_counts=True)
    assert counts.max() == 2, "no edge has three triangles"
    rims = {frozenset(pair) for pair in unique[counts == 1].tolist()}
    for ring in (OVAL, LEFT_EYE, RIGHT_EYE, INNER_LIPS):
        closed = {frozenset(pair) for pair in zip(ring, (*ring[1:], ring[0]), strict=True)}
        assert closed <= rims | {frozenset(pair) for pair in unique.tolist()}
    vertices_of_rims = {vertex for pair in rims for vertex in pair}
    assert vertices_of_rims == set(OVAL) | set(LEFT_EYE) | set(RIGHT_EYE) | set(INNER_LIPS)
    assert not set(OUTER_LIPS) & vertices_of_rims


def test_normals_are_of_length_one_and_point_at_the_camera_at_the_front():
    normals = vertex_normals(mesh_at(100, 100, 120))
    assert np.allclose(np.linalg.norm(normals, axis=1), 1, atol=1e-4)
    assert normals[1, 2] < -0.5, "nose tip"
    assert normals[151, 2] < -0.8, "forehead"
    assert normals[234, 0] < -0.3, "the side of the face looks to its side"
    assert normals[454, 0] > 0.3


def test_five_landmarks_are_means_of_vertices():
    mesh = mesh_at(0, 0, 100)
    assert five_landmarks(mesh)[0] == pytest.approx(mesh[[33, 133], :2].mean(0))
    assert five_landmarks(mesh)[2] == pytest.approx(mesh[1, :2])


def test_faces_of_the_analyser_read_like_dictionaries_too(captain_face):
    assert captain_face["score"] == captain_face.score
    assert captain_face["mesh"] is captain_face.mesh
    with pytest.raises(KeyError, match="age"):
        captain_face["age"]
    with pytest.raises(AttributeError):
        captain_face.score = 1.0
