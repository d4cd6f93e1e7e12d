"""Shape: features go where the source has them, as a whole, and nothing else does."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from facefusion.faces.mesh import INNER_LIPS, LEFT_EYE, OVAL, RIGHT_EYE, canonical_vertices
from facefusion.faces.types import Pose
from facefusion.processors.face_swapper.mesh.expression import smile_of
from facefusion.processors.face_swapper.mesh.memory import FaceMemory
from facefusion.processors.face_swapper.mesh.region import FaceRegion
from facefusion.processors.face_swapper.mesh.shape import level_shape, shape_difference, turned_with
from facefusion.processors.face_swapper.mesh.warp import reshaped

ME = level_shape(canonical_vertices())
SIZE = (480, 480)


def turned(degrees: float, roll: float = 0.0, scale: float = 130.0):
    """The canonical face in the middle of a picture, turned."""
    yaw, tilt = np.radians([degrees, roll])
    about_y = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
    about_z = np.array([[np.cos(tilt), -np.sin(tilt), 0], [np.sin(tilt), np.cos(tilt), 0], [0, 0, 1]])
    mesh = canonical_vertices() @ (about_z @ about_y).T * scale
    return (mesh + np.array([240, 240, 0])).astype(np.float32)


def with_eyes_apart(shape, by: float):
    """A face whose eyes lie farther apart; the surroundings follow."""
    other = shape.copy()
    for rim, sign in ((LEFT_EYE, -1), (RIGHT_EYE, 1)):
        distance = np.linalg.norm(shape[:, None] - shape[list(rim)][None], axis=2).min(1)
        other[:, 0] += sign * by * np.clip(1 - distance / 0.3, 0, 1)
    return other


@pytest.mark.parametrize("degrees", [0, 20, -40])
@pytest.mark.parametrize("roll", [0, 33, 180])
def test_a_level_shape_knows_nothing_of_pose_and_size(degrees, roll):
    assert np.abs(level_shape(turned(degrees, roll)) - ME).max() < 1e-3
    assert np.abs(level_shape(turned(degrees, roll, scale=40)) - ME).max() < 1e-3


def test_one_face_differs_in_nothing_from_itself():
    assert not shape_difference(ME, ME).any()


def test_eyes_move_as_a_whole_and_the_outline_stays():
    moved = shape_difference(with_eyes_apart(ME, 0.05), ME)
    left, right = moved[list(LEFT_EYE), 0], moved[list(RIGHT_EYE), 0]
    assert -0.06 < left.min() <= left.max() < -0.03
    assert 0.03 < right.min() <= right.max() < 0.06
    assert np.ptp(left) < 0.01
    assert not moved[list(OVAL)].any()


def test_lids_that_are_closed_stay_closed():
    """What an eye expresses is no part of the shape: the source's open eye does not open the target's."""
    closed = ME.copy()
    closed[list(LEFT_EYE), 1] = ME[list(LEFT_EYE), 1].mean()
    moved = shape_difference(with_eyes_apart(ME, 0.05), closed)
    assert np.ptp((closed + moved)[list(LEFT_EYE), 1]) < 0.01


def test_a_smile_is_no_part_of_the_shape():
    """The mean face smiles a little as it is; at rest its mouth is narrower and its corners hang lower."""
    resting = ME.copy()
    resting[[61, 291], 0] += [0.053, -0.053]
    resting[[61, 291], 1] += 0.05
    assert smile_of(resting) < 0.1
    assert smile_of(ME) > 0.9
    corners = shape_difference(ME, resting)[[61, 291]]
    assert np.abs(corners).max() < 0.02, "hardly any of it is carried over"


def test_no_vertex_goes_far():
    assert np.linalg.norm(shape_difference(with_eyes_apart(ME, 2.0), ME), axis=1).max() < 0.11


def test_a_difference_turns_with_the_head():
    difference = np.zeros((468, 3), np.float32)
    difference[:, 0] = 0.1
    plain, upside_down = (turned_with(difference, turned(0, roll)) for roll in (0, 180))
    assert plain[:, 0] == pytest.approx(13, rel=0.02)
    assert upside_down[:, 0] == pytest.approx(-13, rel=0.02)
    assert turned_with(difference, turned(60))[0, 0] == pytest.approx(6.5, rel=0.02)


def picture():
    """A smooth pattern in which every place can be told."""
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    return np.dstack([x / 2, y / 2, (x + y) / 4]).astype(np.uint8)


@pytest.mark.parametrize("degrees", [0, 35, 60])
def test_the_picture_moves_with_the_vertices_and_nothing_outside_does(degrees):
    mesh = turned(degrees)
    region = FaceRegion.of(mesh, SIZE)
    view = np.ascontiguousarray(region.view(picture()))
    by = turned_with(shape_difference(with_eyes_apart(ME, 0.08), ME), mesh)

    warped, moved, _ = reshaped(view, region, region.outline(), by)

    hull = cv2.convexHull(np.ascontiguousarray(mesh[:, :2]))
    inside = np.zeros(SIZE, np.uint8)
    cv2.fillConvexPoly(inside, hull.astype(np.int32), 1)
    assert not ((warped != view).any(2) & (region.view(inside) == 0)).any()
    rims = [*LEFT_EYE, *RIGHT_EYE, *INNER_LIPS]
    for before, after in zip(region.mesh[rims, :2], moved.mesh[rims, :2], strict=True):
        scale = region.size[0] / region.grid[0]
        (x, y), (left, top) = (after + 0.5) * scale, (before + 0.5) * scale
        seen = warped[int(y), int(x)].astype(int)
        assert np.abs(seen - view[int(top), int(left)]).max() <= 2


def test_a_followed_face_comes_to_have_one_shape():
    memory = FaceMemory()
    noise = np.random.default_rng(1)
    shapes = [
        memory.own_shape((ME + noise.normal(0, 0.02, ME.shape)).astype(np.float32), Pose(0.0, 0.0, 0.0))
        for _ in range(120)
    ]
    assert np.abs(shapes[-1] - ME).max() < 0.015
    assert np.array_equal(shapes[-1], shapes[70])
    assert np.abs(np.diff(shapes[30:], axis=0)).max() < 0.004


def test_a_turned_head_says_little_of_its_shape():
    memory = FaceMemory()
    memory.own_shape(ME, Pose(0.0, 0.0, 0.0))
    wrong = ME + np.float32(0.1)
    assert np.abs(memory.own_shape(wrong, Pose(60.0, 0.0, 0.0)) - ME).max() < 0.003


def test_a_shape_that_is_known_stays_whatever_is_seen_of_it_then():
    memory, rng = FaceMemory(), np.random.default_rng(0)
    while not memory.knows_shape:
        memory.own_shape(ME + rng.normal(0, 0.01, ME.shape).astype(np.float32), Pose(0, 0, 0))
    known = memory.own_shape(ME, Pose(0, 0, 0))
    assert (memory.own_shape(with_eyes_apart(ME, 0.1), Pose(0, 0, 0)) == known).all()
    assert FaceMemory.of_state(memory.state()).knows_shape
