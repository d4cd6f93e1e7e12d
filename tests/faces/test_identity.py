"""Embeddings: whose face it is."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from facefusion.faces.recognisers.dlib_resnet import chip_transform, identity_distance, identity_similarity
from material import read


def test_an_embedding_is_128_finite_numbers(analyser, captain, captain_face):
    [face] = analyser.embed(captain, [captain_face])
    assert face.embedding.shape == (128,)
    assert face.embedding.dtype == np.float32
    assert np.isfinite(face.embedding).all()
    assert captain_face.embedding is None, "faces are values; the one given stays as it was"


def test_two_portraits_of_two_people_are_far_apart(analyser, captain, captain_face, astronaut, astronaut_face):
    [one] = analyser.embed(captain, [captain_face])
    [other] = analyser.embed(astronaut, [astronaut_face])
    assert identity_distance(one.embedding, other.embedding) > 0.6
    assert identity_similarity(one.embedding, other.embedding) < 0.4


def test_a_mirrored_scaled_and_turned_portrait_is_the_same_person(analyser, captain, captain_face):
    import cv2

    [here] = analyser.embed(captain, [captain_face])
    for other in (captain[:, ::-1], np.rot90(captain), cv2.resize(captain, None, fx=0.5, fy=0.5)):
        image = np.ascontiguousarray(other)
        [face] = analyser.embed(image, analyser.find(image))
        assert identity_distance(here.embedding, face.embedding) < 0.4


@pytest.mark.slow
def test_the_same_person_is_nearer_than_anybody_else(analyser, assets):
    people = sorted((assets / "pairs").glob("*-neutral.jpg"))[:10]
    neutral, smiling = [], []
    for path in people:
        for into, file in ((neutral, path), (smiling, path.with_name(path.name.replace("neutral", "smiling")))):
            image = read(file)
            into.append(analyser.embed(image, analyser.find(image)[:1])[0].embedding)
    distances = np.array([[identity_distance(a, b) for b in smiling] for a in neutral])
    assert (distances.argmin(1) == np.arange(10)).all()
    same, different = distances.diagonal(), distances[~np.eye(10, dtype=bool)]
    assert same.mean() < 0.45
    assert different.mean() > 0.7


def test_all_faces_of_a_picture_embed_together_as_they_do_alone(analyser, assets):
    image = read(assets / "pictures" / "usgov" / "two_people_obama_biden.jpg")
    faces = analyser.find(image)
    together = analyser.embed(image, faces)
    for face, joint in zip(faces, together, strict=True):
        [alone] = analyser.embed(image, [face])
        assert np.abs(alone.embedding - joint.embedding).max() < 1e-4


def test_a_person_is_recognised_among_others(analyser, assets):
    pictures = assets / "pictures" / "usgov"
    image = read(pictures / "two_people_obama_biden.jpg")
    faces = analyser.embed(image, analyser.find(image))
    for name in ("obama_official_2012.jpg", "biden_official.jpg"):
        portrait = read(pictures / name)
        [reference] = analyser.embed(portrait, analyser.find(portrait))
        near = [identity_distance(face.embedding, reference.embedding) for face in faces]
        assert min(near) < 0.5 < max(near)


def test_distance_is_a_distance():
    vectors = np.random.default_rng(0).standard_normal((3, 128)).astype(np.float32)
    for a, b in itertools.product(vectors, vectors):
        assert identity_distance(a, b) == identity_distance(b, a) >= 0
    assert identity_distance(vectors[0], vectors[0]) == 0
    assert identity_similarity(vectors[0], vectors[0]) == pytest.approx(1)


def test_the_chip_puts_the_eyes_level_and_the_face_into_its_middle(captain_face):
    affine = chip_transform(captain_face.mesh)
    places = captain_face.mesh[[33, 263, 2], :2] @ affine[:, :2].T + affine[:, 2]
    left, right, nose = places
    assert left[1] == pytest.approx(right[1], abs=3)
    assert 30 < left[0] < nose[0] < right[0] < 120
    assert nose[0] == pytest.approx(75, abs=5)
