"""Ordering faces and picking one."""

from __future__ import annotations

import pytest

from facefusion.errors import NoFaceError, SeveralFacesError
from facefusion.faces.select import order_faces, pick_face
from material import face_of, mesh_at

BIG_LEFT = face_of(mesh_at(100, 300, 90), score=0.7)
SMALL_RIGHT = face_of(mesh_at(500, 200, 30), score=0.9)
MIDDLE_LOW = face_of(mesh_at(300, 400, 60), score=0.8)
FACES = [MIDDLE_LOW, BIG_LEFT, SMALL_RIGHT]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("large-small", [BIG_LEFT, MIDDLE_LOW, SMALL_RIGHT]),
        ("small-large", [SMALL_RIGHT, MIDDLE_LOW, BIG_LEFT]),
        ("left-right", [BIG_LEFT, MIDDLE_LOW, SMALL_RIGHT]),
        ("right-left", [SMALL_RIGHT, MIDDLE_LOW, BIG_LEFT]),
        ("top-bottom", [SMALL_RIGHT, BIG_LEFT, MIDDLE_LOW]),
        ("bottom-top", [MIDDLE_LOW, BIG_LEFT, SMALL_RIGHT]),
        ("best-worst", [SMALL_RIGHT, MIDDLE_LOW, BIG_LEFT]),
        ("worst-best", [BIG_LEFT, MIDDLE_LOW, SMALL_RIGHT]),
    ],
)
def test_every_order(order, expected):
    assert order_faces(FACES, order) == expected
    assert FACES == [MIDDLE_LOW, BIG_LEFT, SMALL_RIGHT], "the list given stays as it was"


def pick(faces, position=None, order="large-small"):
    return pick_face(order_faces(faces, order), position, name="face.jpg", option="--source-face-position")


def test_the_only_face_is_picked():
    assert pick([BIG_LEFT]) is BIG_LEFT


def test_a_position_counts_in_the_order_asked_for():
    assert [pick(FACES, position) for position in range(3)] == [BIG_LEFT, MIDDLE_LOW, SMALL_RIGHT]
    assert pick(FACES, 0, "right-left") is SMALL_RIGHT


def test_no_face_says_in_which_picture():
    with pytest.raises(NoFaceError, match=r"No face was found in face\.jpg\. Use a picture"):
        pick([])
    with pytest.raises(NoFaceError, match="No face was found"):
        pick([], 0)


def test_several_faces_are_not_guessed_among():
    with pytest.raises(SeveralFacesError, match=r"3 faces were found in face\.jpg, one was wanted\. Choose with "
                       r"--source-face-position 0 to 2 \(in --face-selector-order\)"):  # fmt: skip
        pick(FACES)


def test_a_position_past_the_last_face_is_an_error():
    with pytest.raises(NoFaceError, match=r"face\.jpg shows 3 face\(s\), none at position 3"):
        pick(FACES, 3)
