"""Keyed templates of faces: they know a person again, and are of no use without the key."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import combinations

import numpy as np
import pytest
from faces_like import person, view

from facefusion.trust.keys import KeyRing
from facefusion.trust.templates import THRESHOLD, Template, TemplateMaker, difference, epoch_at, match
from facefusion.trust.templates.projection import BITS, Projection
from material import read


def maker(secret: bytes = b"one", scope: str = "consent/default") -> TemplateMaker:
    return TemplateMaker(KeyRing(secret.ljust(32, b".")).derived, scope)


def test_two_pictures_of_one_person_match_and_those_of_two_do_not():
    made = maker()
    ann, ben = person(1), person(2)
    assert match(made.made(ann, "2026-4"), made.made(view(ann, 1), "2026-4"))
    assert not match(made.made(ann, "2026-4"), made.made(ben, "2026-4"))


def test_a_template_is_4096_bits_of_which_half_are_set():
    bits = np.unpackbits(np.frombuffer(maker().made(person(1), "2026-4").bits, np.uint8))
    assert bits.size == BITS == 4096
    assert bits.mean() == pytest.approx(0.5, abs=0.04)


def test_the_same_key_gives_the_same_template_each_time():
    assert maker().made(person(1), "2026-4") == maker().made(person(1), "2026-4")


def test_by_two_keys_one_picture_has_templates_with_nothing_in_common():
    ann = person(1)
    template = maker().made(ann, "2026-4")
    others = [maker(b"two"), maker(scope="consent/other"), maker(scope="blocklist/default")]
    for other in others:
        share = difference(template, other.made(ann, "2026-4"))
        assert share == pytest.approx(0.5, abs=0.04)
        assert share > THRESHOLD


def test_templates_of_two_epochs_have_nothing_in_common_and_do_not_compare():
    made, ann = maker(), person(1)
    one, other = made.made(ann, "2026-4"), made.made(ann, "2027-1")
    with pytest.raises(ValueError, match="different epochs"):
        difference(one, other)
    assert difference(one, Template("2026-4", other.bits)) > THRESHOLD


def test_an_epoch_is_a_quarter_of_a_year():
    assert epoch_at(datetime(2026, 1, 1, tzinfo=UTC)) == epoch_at(datetime(2026, 3, 31, tzinfo=UTC)) == "2026-1"
    assert epoch_at(datetime(2026, 10, 1, tzinfo=UTC)) == "2026-4"


def test_far_faces_are_all_equally_far():
    """So that a template says nothing of whom a face is a little like."""
    made, ann = maker(), person(1)
    template = made.made(ann, "2026-4")
    near, far, farther = (difference(template, made.made(view(ann, 3, away), "2026-4")) for away in (0.2, 1.0, 3.0))
    assert near < 0.35
    assert far == pytest.approx(0.5, abs=0.03)
    assert farther == pytest.approx(0.5, abs=0.03)


def test_who_guesses_a_key_gets_nothing_back():
    """Undone with the matrix of another key, a template gives a vector that has nothing of the face."""
    ann = person(1)
    signs = np.unpackbits(Projection(b"k" * 32, 128).bits(ann)).astype(float) * 2 - 1
    for guessed in (b"a" * 32, b"b" * 32, b"c" * 32):
        wrong = Projection(guessed, 128)
        axes = np.stack([wrong._vectors[:, place] for place in range(BITS)])
        found = np.linalg.lstsq(axes, signs, rcond=None)[0]
        assert abs(found @ ann) / (np.linalg.norm(found) * np.linalg.norm(ann)) < 0.3


def test_some_known_pairs_of_vector_and_template_do_not_teach_how_to_undo_others():
    projection = Projection(b"k" * 32, 128)
    vectors = np.stack([person(seed) for seed in range(600)])
    signs = np.stack([np.unpackbits(projection.bits(vector)) for vector in vectors]) * 2.0 - 1
    known, asked = slice(0, 500), slice(500, 600)
    kernel = signs[known] @ signs[known].T + 10 * np.eye(500)
    found = signs[asked] @ signs[known].T @ np.linalg.solve(kernel, vectors[known])
    cosines = (found * vectors[asked]).sum(1) / (np.linalg.norm(found, axis=1) * 0.6)
    assert abs(cosines.mean()) < 0.1


@pytest.mark.parametrize("vector", [np.zeros(128), np.full(128, np.nan), np.zeros((2, 128)), np.full(128, np.inf)])
def test_what_is_no_identity_vector_has_no_template(vector):
    with pytest.raises(ValueError, match="finite and not zero"):
        maker().made(vector.astype(np.float32), "2026-4")


def test_a_template_does_not_show_its_bits_in_logs():
    assert repr(maker().made(person(1), "2026-4")) == "Template(2026-4, …)"


@pytest.mark.slow
def test_real_people_are_known_again_and_told_apart(analyser, assets):
    made, people = maker(), sorted((assets / "pairs").glob("*-neutral.jpg"))[:8]
    templates = []
    for path in people:
        pictures = (read(path), read(path.with_name(path.name.replace("neutral", "smiling"))))
        faces = [analyser.embed(image, analyser.find(image)[:1])[0] for image in pictures]
        templates.append([made.made(face.embedding, "2026-4") for face in faces])
    assert sum(match(*pair) for pair in templates) >= 7
    assert not any(match(one[0], other[1]) for one, other in combinations(templates, 2))
