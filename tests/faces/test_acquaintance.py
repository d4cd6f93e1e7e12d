"""Whose face a track shows: several views count, answers are given up for clear reasons only."""

from __future__ import annotations

import numpy as np
import pytest

from facefusion.faces.acquaintance import Acquaintance, worth_of
from facefusion.state import pack, unpack
from material import face_of, mesh_at

ANNA, BEN = np.eye(128, dtype=np.float32)[:2] * 0.6
PEOPLE = [(ANNA, 0.5), (BEN, 0.5)]
STRANGER = -ANNA - BEN


def view(yaw=0.0, width=100.0):
    return face_of(mesh_at(300, 200, width, yaw=yaw), presence=1.0, track_id=1)


def between(share: float):
    """Somebody who looks like Ben by a share, and else like Anna."""
    return (1 - share) * ANNA + share * BEN


def shown(*vectors, known=None):
    """Answers after each of several views from the front."""
    known = known or Acquaintance()
    answers = []
    for vector in vectors:
        known.learn(view(), vector)
        known.decide(PEOPLE)
        answers.append(known.answer)
    return answers


def test_views_from_the_front_large_and_sure_tell_most():
    assert worth_of(view()) > worth_of(view(yaw=30)) > worth_of(view(yaw=60))
    assert worth_of(view()) > worth_of(view(width=30))


def test_each_is_told_from_the_other_and_from_strangers():
    assert shown(ANNA) == [0]
    assert shown(BEN) == [1]
    assert shown(STRANGER) == [None]


def test_only_who_was_always_turned_away_and_is_nobody_is_unsure():
    known = Acquaintance()
    known.learn(view(yaw=60), STRANGER)
    known.decide(PEOPLE)
    assert known.is_unsure
    assert Acquaintance.of_state(known.state()).is_unsure
    known.learn(view(yaw=10), STRANGER)
    known.decide(PEOPLE)
    assert not known.is_unsure
    known.doubt()
    assert known.is_unsure
    assert shown(ANNA, known=known) == [0]
    assert not known.is_unsure


def test_one_misleading_view_among_good_ones_changes_nothing():
    assert shown(ANNA, ANNA, BEN, ANNA) == [0] * 4


def test_after_a_doubt_the_answer_holds_until_a_view_speaks_clearly():
    known = Acquaintance()
    shown(ANNA, ANNA, known=known)
    known.doubt()
    assert known.answer == 0
    assert shown(BEN, known=known) == [1]


def test_an_unclear_view_after_a_doubt_wants_a_second_look():
    known = Acquaintance()
    shown(ANNA, known=known)
    known.doubt()
    assert shown(between(0.62), between(0.62), known=known) == [0, 1]


def test_a_turned_face_is_not_asked_again_and_keeps_its_answer():
    known = Acquaintance()
    shown(ANNA, known=known)
    assert not any(known.wants(view(yaw=75)) for _ in range(200))
    assert known.answer == 0


def test_looks_become_rare():
    known, looks = Acquaintance(), []
    for frame in range(400):
        if known.wants(view()):
            looks.append(frame)
            known.learn(view(), ANNA)
            known.decide(PEOPLE)
    assert looks[0] == 0
    assert len(looks) <= 10
    assert np.diff(looks)[-1] == pytest.approx(100, abs=1)


def test_a_poor_first_view_is_followed_up_as_soon_as_a_better_one_comes():
    known = Acquaintance()
    assert known.wants(view(yaw=58))
    known.learn(view(yaw=58), STRANGER)
    known.decide(PEOPLE)
    waits = [known.wants(view(yaw=20)) for _ in range(4)]
    assert waits == [False, False, True, True]


def test_it_goes_on_from_its_state():
    known = Acquaintance()
    shown(ANNA, between(0.3), known=known)
    other = Acquaintance.of_state(unpack(pack(known.state())))
    assert pack(other.state()) == pack(known.state())
    assert shown(BEN, BEN, BEN, BEN, BEN, known=other) == shown(BEN, BEN, BEN, BEN, BEN, known=known)
