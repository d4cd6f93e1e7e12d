"""Irises and lips: where they are seen, and how they are followed through a video."""

from __future__ import annotations

import numpy as np
import pytest

from facefusion.faces.irises import CORNERS, IrisFilter
from facefusion.faces.landmarkers.lips import LIPS, lip_influence
from facefusion.faces.mesh import INNER_LIPS, LEFT_EYE, OUTER_LIPS, RIGHT_EYE
from facefusion.faces.saved import face_state, restored_face
from facefusion.media.reader import VideoReader
from facefusion.state import pack, unpack
from material import LIMITS, mesh_at, polygon_mask, read

FACE = mesh_at(300, 300, 200)
"""A face at rest; its eyes are some 40 pixels wide."""


def irises_at(mesh, along=0.0, radius=8.0):
    """Irises of which each lies `along` widths of the eye to the right of its middle."""
    middles = [
        (mesh[left, :2] + mesh[right, :2]) / 2 + along * (mesh[right, :2] - mesh[left, :2]) for left, right in CORNERS
    ]
    return np.column_stack([middles, [radius, radius]]).astype(np.float32)


def frame_of(path, number):
    with VideoReader(path, LIMITS) as reader:
        return next(frame.image for frame in reader if frame.index == number)


def gap(face):
    """Distance of the lips in the middle, over that of the eyes' corners."""
    return np.linalg.norm(face.mesh[13, :2] - face.mesh[14, :2]) / np.linalg.norm(face.mesh[33] - face.mesh[263])


def test_irises_lie_within_the_lids_and_are_a_fifth_of_the_eye_wide(captain, captain_face):
    for rim, (x, y, radius) in zip((LEFT_EYE, RIGHT_EYE), captain_face.irises, strict=True):
        assert polygon_mask(captain_face.mesh[list(rim), :2], captain.shape)[round(y), round(x)]
        assert radius == pytest.approx(0.21 * np.ptp(captain_face.mesh[list(rim), 0]), rel=0.25)


def test_irises_are_part_of_what_is_saved_of_a_face(captain_face):
    again = restored_face(unpack(pack(face_state(captain_face))))
    assert np.array_equal(again.irises, captain_face.irises)


def test_an_iris_at_rest_is_steady_and_a_jump_is_followed_at_once():
    random, smooth = np.random.default_rng(2), IrisFilter()
    seen, given = [], []
    for _ in range(60):
        irises = irises_at(FACE) + random.normal(0, 0.3, (2, 3)).astype(np.float32)
        smooth.update(irises, FACE)
        seen.append(irises)
        given.append(smooth.on(FACE))
    assert np.std(given[10:], axis=0).max() < 0.6 * np.std(seen[10:], axis=0).min()
    smooth.update(irises_at(FACE, along=0.25), FACE)
    assert np.abs(smooth.on(FACE) - irises_at(FACE, along=0.25))[:, :2].max() < 0.5


def test_irises_go_with_the_face():
    smooth = IrisFilter()
    smooth.update(irises_at(FACE, along=0.1), FACE)
    larger = mesh_at(500, 200, 400)
    assert smooth.on(larger) == pytest.approx(irises_at(larger, along=0.1, radius=16.0), abs=0.01)


def test_where_no_iris_was_seen_the_last_one_stays():
    smooth = IrisFilter()
    smooth.update(None, FACE)
    assert (smooth.on(FACE)[:, 2] == 0).all()
    smooth.update(irises_at(FACE), FACE)
    smooth.update(np.zeros((2, 3), np.float32), FACE)
    assert smooth.on(FACE) == pytest.approx(irises_at(FACE), abs=0.01)


@pytest.mark.parametrize(
    ("picture", "least", "most"),
    [
        ("sfhq_02_smiling_man_stubble.jpg", 0.17, 0.30),
        ("sfhq_05_blonde_woman.jpg", 0.0, 0.02),
        ("sfhq_19_middle_aged_asian_woman.jpg", 0.05, 0.14),
    ],
)
def test_the_mouth_is_as_open_as_it_is_seen(analyser, assets, picture, least, most):
    [face] = analyser.find(read(assets / "pictures" / "synthetic" / picture))
    assert least <= gap(face) <= most


def test_a_mouth_opens_and_shuts_within_a_clip(analyser, assets):
    clip = assets / "talk" / "talk-d0.mp4"
    shut, grinning = (analyser.find(frame_of(clip, number))[0] for number in (0, 57))
    assert gap(shut) < 0.02
    assert gap(grinning) > 0.15


def test_skin_moves_with_the_lip_that_it_belongs_to():
    upper, lower = (LIPS.index(vertex) for vertex in (13, 14))
    spread = lip_influence()
    assert spread[13, upper] == 1
    assert spread[13, lower] == 0
    above, below = 12, 15  # in the flesh of the upper and of the lower lip
    assert spread[above, upper] > 0
    assert spread[above, lower] == 0
    assert spread[below, lower] > 0
    assert spread[below, upper] == 0
    assert not spread[[10, 33, 263, 152]].any(), "forehead, eyes and chin stay"
    assert set(LIPS) == {*INNER_LIPS, *OUTER_LIPS}


def test_a_face_that_is_cut_out_takes_its_irises_along(astronaut_face):
    moved = astronaut_face.moved(-30, -12)
    assert moved.irises[:, :2] == pytest.approx(astronaut_face.irises[:, :2] - [30, 12])
    assert moved.irises[:, 2] == pytest.approx(astronaut_face.irises[:, 2])
    assert moved.mesh[:, 2] == pytest.approx(astronaut_face.mesh[:, 2])
