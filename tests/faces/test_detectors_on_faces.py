"""Detectors with real weights: boxes lie on faces, where somebody looked and read them off, and nowhere else."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from facefusion.faces.analyser import FaceAnalyser
from facefusion.faces.search import ALL_TURNS, FaceSearch
from facefusion.options import FaceSelectionOptions
from material import read
from real_models import real_sessions
from reference.face_detector import overlap

DETECTORS = ("scrfd_500m", "scrfd_2.5g", "yunet_n", "yunet_2023_mar", "retinaface_mnet025")


def hand_checked():
    boxes = defaultdict(list)
    lines = (Path(__file__).parent / "hand_checked_boxes.csv").read_text("utf-8").splitlines()
    for name, *numbers in csv.reader(line for line in lines if not line.startswith("#")):
        boxes[name] += [np.array(numbers, float)] if numbers else []
    return boxes


BOXES = hand_checked()


@pytest.fixture(scope="module")
def sessions(assets, tmp_path_factory):
    return real_sessions(assets, tmp_path_factory.mktemp("weights"))


@pytest.fixture(scope="module", params=DETECTORS)
def name(request):
    return request.param


@pytest.fixture(scope="module")
def detector(name, sessions):
    return sessions.load(name, "face_detector").detector(score=0.6)


@pytest.mark.parametrize("picture", BOXES)
def test_boxes_lie_on_faces_and_nowhere_else(detector, assets, picture):
    turns = ALL_TURNS if picture == "derived/rot90.jpg" else (0,)
    found = FaceSearch((detector,), turns).everywhere(read(assets / "pictures" / picture))
    assert len(found) == len(BOXES[picture])
    for box in BOXES[picture]:
        best = max(found, key=lambda one: overlap(one.box, box))
        assert overlap(best.box, box) >= 0.6
        left, top, right, bottom = best.box
        eyes, nose, mouth = best.landmarks5[:2].mean(0), best.landmarks5[2], best.landmarks5[3:].mean(0)
        for x, y in (eyes, nose, mouth):
            assert left < x < right
            assert top < y < bottom
        assert np.dot(nose - eyes, mouth - eyes) > 0, "the nose lies between eyes and mouth"


def test_every_close_up_is_found_once(detector, assets):
    portraits = sorted((assets / "pictures" / "synthetic").glob("*.jpg"))
    counts = [len(found) for found in detector.detect([read(path) for path in portraits])]
    assert counts == [1] * 30


@pytest.mark.slow
@pytest.mark.parametrize("picture, count", [("group_12_faces.jpg", 12), ("same_person_twice.jpg", 2)])
def test_the_analyser_works_with_each(name, sessions, assets, picture, count):
    analyser = FaceAnalyser.create(FaceSelectionOptions(face_detector_model=(name,)), sessions)
    assert len(analyser.find(read(assets / "pictures" / "derived" / picture))) == count


def test_a_small_face_in_4k_is_found_in_tiles(sessions, assets):
    """A face about 26 pixels wide in a picture of 3840 × 2160."""
    small = read(assets / "pictures" / "derived" / "tiny_face_44px_tile.png")
    image = np.tile(np.uint8([[[90, 110, 140]]]), (2160, 3840, 1))
    image[1200 : 1200 + small.shape[0], 2500 : 2500 + small.shape[1]] = small
    detector = sessions.load("scrfd_500m", "face_detector").detector(score=0.5)
    assert not FaceSearch((detector,), (0,), 1).everywhere(image)
    [found] = FaceSearch((detector,), (0,), 5).everywhere(image)
    assert found.box[0] > 2500
    assert 15 < found.box[2] - found.box[0] < 40


def test_several_detectors_are_surer_together(sessions, astronaut):
    def find(*names):
        [face] = FaceAnalyser.create(FaceSelectionOptions(face_detector_model=names), sessions).find(astronaut)
        return face

    assert find("scrfd_500m", "yunet_n").score > max(find("scrfd_500m").score, find("yunet_n").score)


@pytest.mark.parametrize(
    "names", [("scrfd_500m", "yunet_n"), ("yunet_n", "blazeface_full_range"), ("retinaface_mnet025",)]
)
@pytest.mark.parametrize("turn", [1, 2, 3])
def test_detectors_that_are_sure_of_a_turned_face_do_not_take_it_for_upright(sessions, astronaut, names, turn):
    turned = np.ascontiguousarray(np.rot90(astronaut, turn))
    analyser = FaceAnalyser.create(FaceSelectionOptions(face_detector_model=names), sessions)
    (face,) = analyser.find(turned)
    across, down = face.landmarks5[1] - face.landmarks5[0]
    assert np.cos(np.arctan2(down, across) + turn * np.pi / 2) > 0.9
