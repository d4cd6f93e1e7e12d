"""Landmarkers over networks, and what faces get from them."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest

from facefusion.errors import CatalogueError, ModelError, ModelUnknownError
from facefusion.faces.align import apply_affine
from facefusion.faces.enrich import FaceEnricher
from facefusion.faces.landmarkers.base import FaceView
from facefusion.faces.landmarks import five_of_68, landmarks68_of_mesh
from facefusion.options import FaceSelectionOptions
from generated import face_landmarker as generated
from generated.builder import Shelf
from material import read
from real_models import real_sessions
from reference import face_landmarker as reference

PFLD = {"points": 106, "size": 112, "layout": "106", "colour_order": "bgr"}


@pytest.fixture(scope="module")
def views(astronaut, captain, astronaut_face, captain_face):
    return [FaceView(astronaut, astronaut_face), FaceView(captain, captain_face)]


@pytest.fixture
def shelf(tmp_path):
    return Shelf(tmp_path)


def load(shelf, family, network, **settings):
    shelf.put("model", "face_landmarker", family, network, settings=settings)
    return shelf.sessions().load("model", "face_landmarker")


def raw(network, blob):
    session = onnxruntime.InferenceSession(network.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: blob.astype(np.float32)})


@pytest.mark.parametrize("batch", ["batch", 1])
@pytest.mark.parametrize("settings", [
    PFLD,
    {"points": 68, "size": 160, "scale": 1.2, "values": 143, "layout": "300w", "colour_order": "bgr"},
    {"points": 203, "size": 224, "scale": 1.5},
])  # fmt: skip
def test_coordinates_are_those_of_the_reference_for_all_faces_at_once(shelf, views, settings, batch):
    points, size = settings["points"], settings["size"]
    extra = settings.get("values", 2 * points) - 2 * points
    further = (214, 262) if points == 203 else (4096,)
    network = generated.regressed(points, size, extra=extra, further=further, batch=batch)
    for view, found in zip(views, load(shelf, "regressed_landmarks", network, **settings).fit(views), strict=True):
        crop, back = view.cut(size, settings.get("scale", 1.0))
        row = raw(network, reference.blob(crop, settings.get("colour_order", "rgb")))[-1][0]
        wanted = apply_affine(back, row[: 2 * points].reshape(points, 2) * size)
        assert np.abs(found.points - wanted).max() < 0.02
        assert (found.points68 is None) == (points == 203)
        assert found.score == view.face.presence


def test_points_of_heat_maps_and_their_score_are_those_of_the_reference(shelf, views):
    network = generated.fan()
    for view, found in zip(views, load(shelf, "fan_landmarks", network).fit(views), strict=True):
        crop, back = view.cut(256, 256 / 195)
        points, score = reference.fan(*raw(network, reference.blob(crop, "bgr")))
        assert np.abs(found.points - apply_affine(back, points)).max() < 0.02
        assert found.score == pytest.approx(score, abs=1e-4)


@pytest.mark.parametrize("flat", [False, True])
def test_points_with_scores_are_those_of_the_reference(shelf, views, flat):
    network = generated.peppa(flat=flat)
    landmarker = load(shelf, "peppa_landmarks", network, certain=0.95)
    for view, found in zip(views, landmarker.fit(views), strict=True):
        crop, back = view.cut(256, 256 / 195)
        points, score = reference.peppa(raw(network, reference.blob(crop, "bgr"))[0])
        assert np.abs(found.points - apply_affine(back, points)).max() < 0.02
        assert found.score == pytest.approx(score, abs=1e-4)


def test_68_points_guessed_from_five_follow_the_face_and_are_never_sure(shelf, views):
    landmarker = load(shelf, "landmarks_from_five", generated.from_five())
    here, there = landmarker.fit([views[0], FaceView(views[0].image, views[0].face.moved(30, 20))])
    assert there.points - here.points == pytest.approx(np.tile([30, 20], (68, 1)), abs=0.05)
    assert here.score == 0


def test_a_dark_crop_gets_more_contrast_and_another_does_not():
    from facefusion.faces.landmarkers.heatmaps import lightened

    light = np.random.default_rng(0).integers(60, 200, (64, 64, 3), np.uint8)
    assert lightened(light) is light
    assert lightened(light // 8).std() > (light // 8).std()


def test_no_face_needs_no_network(shelf):
    assert load(shelf, "fan_landmarks", generated.fan()).fit([]) == []


def test_a_layout_with_more_points_than_there_are_is_refused(shelf):
    with pytest.raises(CatalogueError, match="layout 106 has more than 68 points"):
        load(shelf, "regressed_landmarks", generated.regressed(68, 112), points=68, size=112, layout="106")


def test_five_of_68_are_middles_of_the_eyes_nose_and_corners(astronaut_face):
    points = landmarks68_of_mesh(astronaut_face.mesh)
    assert five_of_68(points) == pytest.approx(reference.five_of_68(points))
    assert np.abs(five_of_68(points) - astronaut_face.landmarks5).max() < 0.08 * astronaut_face.width


def test_without_weights_68_landmarks_are_those_of_the_mesh_and_the_five_stay(views):
    enricher = FaceEnricher(FaceSelectionOptions(), Shelf.__new__(Shelf))
    [face, _] = enricher.enrich(views, {"landmarks68"})
    assert (face.landmarks68 == landmarks68_of_mesh(face.mesh)).all()
    assert face.landmarks5 is views[0].face.landmarks5
    assert face.landmarks is None


@pytest.mark.parametrize("least, is_believed", [(0.0, True), (1.0, False)])
def test_a_landmarker_moves_the_five_landmarks_only_where_it_is_sure(shelf, views, least, is_believed):
    shelf.put("mine", "face_landmarker", "fan_landmarks", generated.fan())
    options = FaceSelectionOptions(face_landmarker_model="mine", face_landmarker_score=least)
    for view, face in zip(views, FaceEnricher(options, shelf.sessions()).enrich(views, {"landmarks5"}), strict=True):
        assert face.landmarks.shape == (68, 2)
        assert (face.landmarks5 is not view.face.landmarks5) == is_believed
        wanted = five_of_68(face.landmarks) if is_believed else view.face.landmarks5
        assert face.landmarks5 == pytest.approx(wanted)
        assert face.mesh is view.face.mesh, "the mesh swapper sees what it saw"


def test_nothing_is_loaded_that_nobody_needs(views):
    options = FaceSelectionOptions(face_landmarker_model="2dfan4")
    enricher = FaceEnricher(options, Shelf.__new__(Shelf))
    assert enricher.enrich(views, frozenset()) == [view.face for view in views]


def test_a_model_of_another_task_or_without_weights_is_told_of_before_work(views):
    from facefusion.inference.session import SessionFactory

    with pytest.raises(ModelUnknownError, match="'iris' is a"):
        FaceEnricher(FaceSelectionOptions(face_landmarker_model="iris"), SessionFactory()).prepare({"landmarks5"})
    with pytest.raises(ModelError, match="2dfan4"):
        FaceEnricher(FaceSelectionOptions(face_landmarker_model="2dfan4"), SessionFactory()).prepare({"landmarks68"})


@pytest.fixture(scope="module")
def sessions(assets, tmp_path_factory):
    return real_sessions(assets, tmp_path_factory.mktemp("weights"))


@pytest.mark.parametrize("name, limit", [("slim_160_68", 0.08), ("pfld_106", 0.12), ("mesh_478", 0.06)])
def test_real_landmarkers_agree_with_the_mesh(sessions, assets, analyser, name, limit):
    """Mean distance of the five landmarks, as a share of the distance between the eyes, over portraits."""
    landmarker, errors = sessions.load(name, "face_landmarker"), []
    for path in sorted((assets / "pictures" / "synthetic").glob("sfhq_*[0-9]_*.jpg"))[::3]:
        image = read(path)
        view = FaceView(image, analyser.find(image)[0])
        [found] = landmarker.fit([view])
        eyes = np.linalg.norm(view.face.landmarks5[1] - view.face.landmarks5[0])
        gaps = np.linalg.norm(five_of_68(found.points68) - five_of_68(landmarks68_of_mesh(view.face.mesh)), axis=1)
        errors.append(gaps.mean() / eyes)
        assert found.score > 0.5
    assert len(errors) == 10
    assert np.median(errors) < limit
    assert max(errors) < 2.5 * limit
