"""Detectors over networks: what they are given, and what is made of what they give, against plain NumPy."""

from __future__ import annotations

import cv2
import numpy as np
import onnxruntime
import pytest

from facefusion.errors import CatalogueError, ModelUnfitError
from facefusion.faces.detectors.base import box_overlap
from facefusion.faces.search import FaceSearch, tile_corners
from facefusion.faces.types import Detection
from generated.builder import Shelf
from generated.face_detector import FAMILIES, anchor_distance, yolo_v8, yunet
from reference import face_detector as reference

SIZE = 96


def picture(height, width, seed=0):
    """Soft noise, so that neighbouring cells differ somewhat."""
    small = np.random.default_rng(seed).integers(0, 256, (height // 8 + 1, width // 8 + 1, 3), np.uint8)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)


@pytest.fixture(scope="module", params=FAMILIES)
def case(request, tmp_path_factory):
    """Family, network, settings, and the model of the family."""
    family, make, settings = FAMILIES[request.param]
    shelf = Shelf(tmp_path_factory.mktemp("models"))
    network = make()
    shelf.put("model", "face_detector", family, network, settings=settings)
    return family, network, settings, shelf.sessions().load("model", "face_detector")


def raw(network, blob):
    session = onnxruntime.InferenceSession(network.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: blob.astype(np.float32)})


def greedy(candidates):
    """The best candidates of which none overlaps a better one."""
    kept = []
    for one in sorted(candidates, key=lambda candidate: -candidate[0]):
        if all(reference.overlap(one[1], other[1]) <= 0.4 for other in kept):
            kept.append(one)
    return kept


def test_every_candidate_is_that_of_the_reference(case):
    family, network, settings, model = case
    blob, *_ = reference.blob(picture(SIZE, SIZE), family, SIZE)
    seen = model.head.decode(model.model.session.run({"input": blob}), SIZE, SIZE)
    expected = reference.decode(family, raw(network, blob), SIZE, settings)
    scores, boxes, points = (np.array(kind) for kind in zip(*expected, strict=True))
    assert (scores > 0.5).sum() > 2, "the generated network sees something"
    assert np.abs(seen.scores[0] - scores).max() < 1 / 255
    assert seen.boxes[0] == pytest.approx(boxes, rel=1e-4, abs=1e-2)
    assert seen.points[0] == pytest.approx(points, rel=1e-4, abs=1e-2)


@pytest.mark.parametrize("side, scale", [(SIZE, 1), (2 * SIZE, 0.5)])
def test_each_face_is_found_once_where_the_reference_has_it(case, side, scale):
    family, network, settings, model = case
    image = picture(side, side)
    detector = model.detector(score=0.5, size=SIZE)
    detector._settings = detector._settings.model_copy(update={"paddings": (0.0,)})
    [found] = detector.detect([image])
    blob, *_ = reference.blob(image, family, SIZE)
    candidates = [each for each in reference.decode(family, raw(network, blob), SIZE, settings) if each[0] > 0.5]
    whole = [each for each in candidates if each[1][2] > each[1][0] and each[1][3] > each[1][1]]
    kept = greedy(whole)
    assert kept
    for one in found:
        assert any(
            abs(score - one.score) < 1 / 255
            and np.allclose(np.array(box) / scale, one.box, rtol=1e-3, atol=0.1)
            and np.allclose(np.array(five) / scale, one.landmarks5, rtol=1e-3, atol=0.1)
            for score, box, five in kept
        )
    for _, box, _ in kept:
        assert any(box_overlap(np.float32(box) / scale, one.box) > 0.4 for one in found)


def test_the_network_is_given_what_the_reference_gives_it(case):
    family, _, settings, model = case
    given = []

    class Recording:
        def __init__(self, session):
            self.inputs, self.outputs, self._session = session.inputs, session.outputs, session

        def run(self, inputs):
            given.append(inputs["input"])
            return self._session.run(inputs)

    detector = model.detector(score=0.5, size=SIZE)
    detector._session = Recording(detector._session)
    image = picture(SIZE * 2, SIZE * 2)
    detector.detect([image])
    scale = 255.0 if np.abs(given[0]).max() > 2 else 1.0
    expected, *_ = reference.blob(image, family, SIZE)
    assert given[0].dtype == np.float32
    assert np.abs(given[0][:1] - expected).max() <= scale / 255 + 1e-6
    assert sum(map(len, given)) == len(settings.get("paddings", [0]))


def test_pictures_together_give_what_each_gives_alone(case):
    *_, model = case
    detector = model.detector(score=0.5, size=SIZE)
    images = [picture(SIZE, SIZE, seed) for seed in range(3)] + [picture(40, 90, 9)]
    together = detector.detect(images)
    for image, found in zip(images, together, strict=True):
        [alone] = detector.detect([image])
        assert len(alone) == len(found)
        for a, b in zip(alone, found, strict=True):
            assert a.score == pytest.approx(b.score, abs=1e-5)
            assert np.abs(a.box - b.box).max() < 1e-2


def test_no_two_detections_are_of_one_face_and_the_best_comes_first(case):
    *_, model = case
    [found] = model.detector(score=0.5, size=SIZE).detect([picture(SIZE, SIZE)])
    scores = [one.score for one in found]
    assert scores == sorted(scores, reverse=True)
    for place, one in enumerate(found):
        assert all(reference.overlap(one.box, other.box) <= 0.4 + 1e-6 for other in found[:place])


def test_a_network_of_fixed_size_keeps_it(tmp_path):
    shelf = Shelf(tmp_path)
    shelf.put("fixed", "face_detector", "yunet", yunet(size=64, batch=1))
    detector = shelf.sessions().load("fixed", "face_detector").detector(score=0.5, size=320)
    assert detector.side == 64
    assert len(detector.detect([picture(200, 150), picture(30, 30)])) == 2


@pytest.mark.parametrize("wanted, side", [(None, 640), (320, 320), (330, 320), (17, 32)])
def test_a_network_of_any_size_takes_the_one_that_is_asked_for_to_the_next_stride(tmp_path, wanted, side):
    shelf = Shelf(tmp_path)
    shelf.put("any", "face_detector", "yunet", yunet())
    assert shelf.sessions().load("any", "face_detector").detector(score=0.5, size=wanted).side == side


def test_a_padded_look_gives_places_in_the_picture(tmp_path):
    """The same cells see the same pixels when the margin is as long as a cell."""
    shelf = Shelf(tmp_path)
    network = anchor_distance()
    shelf.put("bare", "face_detector", "scrfd", network)
    shelf.put("padded", "face_detector", "scrfd", network, settings={"paddings": [32 / 96]})
    sessions, image = shelf.sessions(), picture(96, 96)
    bare, padded = (
        sessions.load(name, "face_detector").detector(score=0.5, size=160).detect([image])[0]
        for name in ("bare", "padded")
    )
    inside = [one for one in padded if (one.box > 4).all() and (one.box < 92).all()]
    assert inside
    for one in inside:
        assert any(np.abs(one.box - other.box).max() < 0.01 for other in bare) or one.score < 0.9


def test_a_file_with_other_outputs_is_refused_by_name(tmp_path):
    shelf = Shelf(tmp_path)
    shelf.put("odd", "face_detector", "scrfd", yolo_v8())
    with pytest.raises(ModelUnfitError, match="odd has no output"):
        shelf.sessions().load("odd", "face_detector")


def test_a_file_whose_outputs_only_look_alike_is_refused_when_it_runs(tmp_path):
    shelf = Shelf(tmp_path)
    shelf.put("odd", "face_detector", "scrfd", yunet())
    detector = shelf.sessions().load("odd", "face_detector").detector(score=0.5, size=64)
    with pytest.raises(ModelUnfitError, match="odd gives 64 scores at stride 8, not 128"):
        detector.detect([picture(64, 64)])


def test_a_setting_that_the_family_does_not_know_is_refused(tmp_path):
    shelf = Shelf(tmp_path)
    shelf.put("odd", "face_detector", "yunet", yunet(), settings={"anchors": 3})
    with pytest.raises(CatalogueError, match=r"odd: settings\.anchors"):
        shelf.sessions().load("odd", "face_detector")


@pytest.mark.parametrize("shape", [(2160, 3840), (3840, 2160), (1000, 1000), (300, 4000)])
@pytest.mark.parametrize("pieces", [2, 3, 5, 8])
def test_tiles_cover_the_picture_overlap_and_are_few(shape, pieces):
    tiles = tile_corners(shape, pieces)
    covered = np.zeros((shape[0] // 10, shape[1] // 10), int)
    for left, top, right, bottom in tiles:
        assert 0 <= left < right <= shape[1]
        assert 0 <= top < bottom <= shape[0]
        covered[top // 10 : bottom // 10, left // 10 : right // 10] += 1
    assert covered.min() >= 1
    assert len(tiles) <= pieces * max(2, pieces)


class Marks:
    """A detector that sees white squares of at least a twentieth of its side, where they are bright enough."""

    side = 320

    def detect(self, images):
        return [self._of(image) for image in images]

    def _of(self, image):
        scale = min(1.0, self.side / max(image.shape[:2]))
        small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        count, _, stats, _ = cv2.connectedComponentsWithStats((small[..., 0] > 200).astype(np.uint8))
        found = []
        for left, top, width, height, _ in stats[1:count]:
            if width >= self.side / 20:
                box = np.array([left, top, left + width, top + height], np.float32) / scale
                x, y = box[:2]
                five = np.array([[x, y], [x + 9, y], [x + 4, y + 5], [x + 2, y + 8], [x + 7, y + 8]], np.float32)
                found.append(Detection(box, 0.95, five))
        return found


@pytest.mark.parametrize("tiles, small", [(1, False), (None, False), (6, True)])
def test_small_faces_in_a_large_picture_are_found_in_tiles(tiles, small):
    image = np.zeros((2160, 3840, 3), np.uint8)
    image[300:900, 200:800] = 255
    image[1500:1560, 3000:3060] = 255
    found = FaceSearch((Marks(),), (0,), tiles).everywhere(image)
    lefts = sorted(round(float(one.box[0]), -1) for one in found)
    assert lefts == ([200, 3000] if small else [200])
    quick = FaceSearch((Marks(),), (0,), tiles).quick(image)
    assert len(quick) == len(found)


@pytest.mark.parametrize("turns", [(0,), (0, 1), (2, 3), (0, 1, 2, 3)])
def test_it_looks_in_those_directions_that_are_asked_for(turns):
    seen = []

    class Looks:
        side = 320

        def detect(self, images):
            seen.extend(image.shape[:2] for image in images)
            return [[] for _ in images]

    search = FaceSearch((Looks(),), turns)
    assert search.everywhere(np.zeros((100, 200, 3), np.uint8)) == []
    assert seen == [(200, 100) if turn % 2 else (100, 200) for turn in turns]
    seen.clear()
    assert search.turned(np.zeros((100, 200, 3), np.uint8), (1, 2, 3)) == []
    assert len(seen) == len(set(turns) - {0})
