"""Recognisers of the ArcFace family."""

from __future__ import annotations

import cv2
import numpy as np
import onnxruntime
import pytest
from benchmarks.analysers import separation

from facefusion.errors import ModelUnfitError
from facefusion.faces.recognisers.arcface import normalised
from facefusion.faces.templates import to_template
from generated.builder import Shelf
from generated.face_recogniser import arcface
from material import read
from real_models import real_sessions
from reference import face_landmarker as reference

CASES = {"arcface": {}, "mobilefacenet": {"dimensions": 128, "std": 128}}


@pytest.mark.parametrize("batch", ["batch", 1])
@pytest.mark.parametrize("kind", CASES)
def test_vectors_are_those_of_the_reference_for_all_faces_at_once(tmp_path, astronaut, astronaut_face, kind, batch):
    dimensions = CASES[kind].get("dimensions", 512)
    shelf, network = Shelf(tmp_path), arcface(dimensions, batch=batch, name="data")
    shelf.put("model", "face_recogniser", "arcface", network, settings=CASES[kind])
    recogniser = shelf.sessions().load("model", "face_recogniser")
    five = [astronaut_face.landmarks5, astronaut_face.landmarks5 + 4]
    vectors = recogniser.embed(astronaut, five)
    assert vectors.shape == (2, dimensions)
    assert vectors.dtype == np.float32
    session = onnxruntime.InferenceSession(network.SerializeToString(), providers=["CPUExecutionProvider"])
    for vector, points in zip(vectors, five, strict=True):
        affine = to_template(points, "arcface_112_v2", 112)
        crop = cv2.warpAffine(astronaut, affine, (112, 112), borderMode=cv2.BORDER_REPLICATE)
        assert np.abs(crop.astype(int) - recogniser.cut(astronaut, points)).max() <= 1
        [expected] = session.run(None, {"data": reference.blob(crop, kind).astype(np.float32)})[0]
        assert vector == pytest.approx(expected, abs=1e-3 * float(np.abs(expected).max()))


def test_no_face_gives_no_vector(tmp_path, astronaut):
    shelf = Shelf(tmp_path)
    shelf.put("model", "face_recogniser", "arcface", arcface())
    recogniser = shelf.sessions().load("model", "face_recogniser")
    assert recogniser.embed(astronaut, []).shape == (0, 512)
    assert recogniser.embed_faces(astronaut, []).shape == (0, 512)


def test_vectors_of_another_length_are_refused(tmp_path):
    shelf = Shelf(tmp_path)
    shelf.put("model", "face_recogniser", "arcface", arcface(128))
    with pytest.raises(ModelUnfitError, match=r"output \[batch,128\] float32 does not fit"):
        shelf.sessions().load("model", "face_recogniser")


def test_normalised_vectors_have_length_one_and_zeros_stay():
    vectors = normalised(np.array([[3, 4], [0, 0]], np.float32))
    assert vectors == pytest.approx(np.array([[0.6, 0.8], [0, 0]]))


@pytest.mark.slow
def test_the_small_real_recogniser_tells_people_apart(assets, analyser, tmp_path):
    recogniser = real_sessions(assets, tmp_path).load("mobilefacenet_128", "face_recogniser")
    labels, vectors = [], []
    for person in sorted((assets / "lfw_subset").iterdir())[:10]:
        for path in sorted(person.glob("*.jpg")):
            image = read(path)
            labels.append(person.name)
            vectors.append(recogniser.embed_faces(image, analyser.find(image)[:1])[0])
    assert all(5 < np.linalg.norm(vector) < 40 for vector in vectors), "raw, not normalised"
    figures = separation(labels, vectors, 0.4)
    assert figures["best_accuracy"] > 0.98
    assert figures["fixed_accuracy"] > 0.97
