"""What every detector must do; a new detector is one more name in `REAL`."""

from __future__ import annotations

import numpy as np
import pytest

from facefusion.inference.session import SessionFactory
from material import read
from real_models import real_sessions

BUNDLED = ("blazeface_short_range", "blazeface_full_range")
REAL = ("scrfd_500m", "scrfd_2.5g", "yunet_n", "yunet_2023_mar", "retinaface_mnet025")


@pytest.fixture(scope="module", params=[*BUNDLED, *REAL])
def detector(request, tmp_path_factory):
    if request.param in BUNDLED:
        sessions = SessionFactory()
    else:
        sessions = real_sessions(request.getfixturevalue("assets"), tmp_path_factory.mktemp("weights"))
    return sessions.load(request.param, "face_detector").detector(score=0.5)


def test_it_finds_the_face_of_a_portrait(detector, captain, captain_face):
    [[found]] = detector.detect([captain])
    left, top, right, bottom = found.box
    x, y = captain_face.landmarks5.mean(0)
    assert left < x < right
    assert top < y < bottom
    assert 0.5 < found.score <= 1
    assert found.box.dtype == found.landmarks5.dtype == np.float32
    assert np.linalg.norm(found.landmarks5 - captain_face.landmarks5, axis=1).max() < 0.15 * captain_face.width


def test_it_finds_nothing_where_there_is_nothing(detector):
    assert detector.detect([np.zeros((300, 400, 3), np.uint8)]) == [[]]


def test_pictures_of_different_sizes_go_in_one_batch(detector, captain, astronaut):
    grey = np.full((50, 90, 3), 128, np.uint8)
    together = detector.detect([captain, grey, astronaut])
    assert [len(found) for found in together] == [1, 0, 1]
    for image, [joint] in ((captain, together[0]), (astronaut, together[2])):
        [[alone]] = detector.detect([image])
        assert np.abs(alone.box - joint.box).max() < 0.05
        assert alone.score == pytest.approx(joint.score, abs=1e-3)


def test_boxes_are_in_pixels_of_the_picture(detector, captain):
    import cv2

    [[here]] = detector.detect([captain])
    [[there]] = detector.detect([cv2.resize(captain, None, fx=2, fy=2, interpolation=cv2.INTER_LINEAR)])
    assert there.box / 2 == pytest.approx(here.box, abs=0.05 * float(here.box[2] - here.box[0]))


def test_the_best_comes_first(detector, assets):
    [found] = detector.detect([read(assets / "pictures" / "derived" / "group_12_faces.jpg")])
    scores = [one.score for one in found]
    assert len(scores) >= 2
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize("shape", [(1, 1), (1, 700), (700, 1), (129, 127)])
def test_no_shape_is_too_odd(detector, shape):
    assert detector.detect([np.zeros((*shape, 3), np.uint8)]) == [[]]
