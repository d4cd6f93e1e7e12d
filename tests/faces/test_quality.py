"""Sharpness, and what a source must be."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from facefusion.errors import FaceBlurredError, FaceTooSmallError, FaceTurnedError
from facefusion.faces.quality import check_source, sharpness
from facefusion.options import FaceSelectionOptions
from material import face_of, mesh_at, read

OPTIONS = FaceSelectionOptions()


def test_the_more_blur_the_less_sharp(captain, captain_face):
    values = [sharpness(captain, captain_face)]
    values += [sharpness(cv2.GaussianBlur(captain, (0, 0), sigma), captain_face) for sigma in (2, 4, 8, 16)]
    assert values == sorted(values, reverse=True)
    assert values[0] > 0.45
    assert values[-1] < 0.3
    assert all(0 <= value <= 1 for value in values)


def test_contrast_hardly_matters(captain, captain_face):
    faded = (captain // 3 + 100).astype(np.uint8)
    assert sharpness(faded, captain_face) == pytest.approx(sharpness(captain, captain_face), abs=0.08)


def test_blur_along_one_direction_counts(captain, captain_face):
    for size in ((21, 1), (1, 21)):
        assert sharpness(cv2.blur(captain, size), captain_face) < sharpness(captain, captain_face) - 0.1


def test_motion_blur_in_a_real_picture_is_seen(analyser, assets):
    pictures = assets / "pictures"
    values = {}
    for name in ("synthetic/sfhq_04_redhead_woman.jpg", "derived/motion_blur25.jpg"):
        image = read(pictures / name)
        [face] = analyser.find(image)
        values[name] = sharpness(image, face)
    sharp, blurred = values.values()
    assert sharp > 0.5
    assert blurred < 0.4


@pytest.mark.parametrize("value", [0, 128, 255])
def test_a_flat_picture_is_not_sharp_at_all(value):
    assert sharpness(np.full((90, 90, 3), value, np.uint8), face_of(mesh_at(45, 45, 60))) == 0


@pytest.mark.parametrize("sigma", [0, 6])
def test_a_picture_cut_close_to_the_face_is_as_sharp_as_the_whole(captain, captain_face, sigma):
    image = cv2.GaussianBlur(captain, (0, 0), sigma) if sigma else captain
    left, top, right, bottom = captain_face.box.astype(int)
    close = np.ascontiguousarray(image[top:bottom, left:right])
    moved = face_of((captain_face.mesh - [left, top, 0]).astype(np.float32))
    assert sharpness(close, moved) == pytest.approx(sharpness(image, captain_face), abs=0.05)


def test_a_good_source_passes(captain, captain_face):
    check_source(captain, captain_face, "captain.jpg", OPTIONS)


def test_what_is_wrong_is_said_with_value_and_limit(captain, captain_face):
    with pytest.raises(FaceTooSmallError, match=r"The face in a\.jpg is 40 pixels wide, the least is 48\. .*--source-"):
        check_source(captain, face_of(mesh_at(100, 100, 40.4)), "a.jpg", OPTIONS)
    with pytest.raises(FaceTurnedError, match=r"The face in a\.jpg is turned 60° from the camera, the most is 50°"):
        check_source(captain, face_of(mesh_at(100, 100, 300, yaw=-60)), "a.jpg", OPTIONS)
    with pytest.raises(FaceBlurredError, match=r"The face in a\.jpg has sharpness 0\.\d\d, the least is 0\.40"):
        check_source(cv2.GaussianBlur(captain, (0, 0), 9), captain_face, "a.jpg", OPTIONS)


def test_limits_are_options(captain, captain_face):
    strict = FaceSelectionOptions(source_face_min_sharpness=0.99)
    with pytest.raises(FaceBlurredError, match=r"the least is 0\.99"):
        check_source(captain, captain_face, "a.jpg", strict)
    blurred = cv2.GaussianBlur(captain, (0, 0), 9)
    check_source(blurred, captain_face, "a.jpg", FaceSelectionOptions(source_face_min_sharpness=0))
