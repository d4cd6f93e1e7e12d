"""Faces that move as another does, by the mesh."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from facefusion.faces.mesh import LEFT_EYE, RIGHT_EYE
from facefusion.processors.face_motion.level import LID_PAIRS, LIP_PAIRS, Stand, lids_open, lip_gaps, mouth_width
from facefusion.processors.face_motion.motion import Performance, performed
from facefusion.processors.face_motion.openings import Opening
from facefusion.processors.face_motion.render import rendered
from facefusion.processors.face_motion.transfer import transferred
from facefusion.state import pack, unpack

BOTH = ("upper-face", "lower-face")


def level_of(face):
    return Stand.of(face.mesh).level(face.mesh)


def with_lids(level, share):
    """Return a level face with its lids at a share of their opening."""
    moved = level.copy()
    for pairs in LID_PAIRS:
        for lower, upper in pairs:
            moved[upper] = level[lower] + share * (level[upper] - level[lower])
    return moved


def with_lips(level, gap):
    """Return a level face with its lips so far apart, in eye distances."""
    moved = level.copy()
    for lower, upper in LIP_PAIRS:
        moved[lower, 1] = level[upper, 1] + gap
    return moved


def test_a_level_face_is_put_back_where_it_was(captain_face):
    stand = Stand.of(captain_face.mesh)
    assert np.abs(stand.placed(stand.level(captain_face.mesh)) - captain_face.mesh).max() < 0.01
    assert np.linalg.norm(level_of(captain_face)[33] - level_of(captain_face)[263]) == pytest.approx(1, abs=0.15)


def test_a_face_at_rest_moves_no_face(captain_face, astronaut_face):
    rest = with_lips(level_of(astronaut_face), 0.0)
    target = level_of(captain_face)
    assert np.abs(transferred(target, rest, rest, areas=BOTH) - target).max() < 0.01


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_lids_shut_by_the_share_that_the_driving_face_shuts_its_own(captain_face, astronaut_face, share):
    rest, target = level_of(astronaut_face), level_of(captain_face)
    moved = transferred(target, with_lids(rest, share), rest, areas=BOTH)
    left = lids_open(moved) / lids_open(target)
    assert (left < 0.02).all() if share == 0 else ((left > 0.05) & (left < 0.75)).all()


def test_a_shut_mouth_opens_in_proportion(captain_face, astronaut_face):
    rest, target = with_lips(level_of(astronaut_face), 0.0), with_lips(level_of(captain_face), 0.0)
    moved = transferred(target, with_lips(rest, 0.2), rest, areas=BOTH)
    assert 0.12 < lip_gaps(moved)[4] < 0.3
    assert lip_gaps(transferred(target, rest, with_lips(rest, 0.2), areas=BOTH)).min() > -0.001, "lips never cross"


def test_a_mouth_that_smiles_already_grows_no_broader_than_mouths_do(captain_face, astronaut_face):
    rest, target = level_of(astronaut_face), level_of(captain_face)
    now = rest.copy()
    near = rest[:, 1] > 0.5
    now[near, 0] *= 1.8
    assert mouth_width(now) > 0.85
    assert mouth_width(transferred(target, now, rest, areas=BOTH)) < 0.82


def test_each_area_moves_alone(captain_face, astronaut_face):
    rest, target = with_lips(level_of(astronaut_face), 0.0), level_of(captain_face)
    now = with_lips(with_lids(rest, 0.0), 0.2)
    upper, lower = (transferred(target, now, rest, areas=(area,)) - target for area in BOTH)
    rims = [*LEFT_EYE, *RIGHT_EYE]
    assert np.abs(upper[rims]).max() > 0.02 > np.abs(lower[rims]).max()
    lips = [lower for lower, _ in LIP_PAIRS]
    assert np.abs(lower[lips]).max() > 0.02 > np.abs(upper[lips]).max()


def test_a_factor_of_nothing_moves_nothing(captain_face, astronaut_face):
    rest, target = level_of(astronaut_face), level_of(captain_face)
    assert np.array_equal(transferred(target, with_lids(rest, 0.0), rest, factor=0.0, areas=BOTH), target)


def test_a_picture_in_which_nothing_moves_stays_the_same_object(captain, captain_face):
    mesh = captain_face.mesh
    assert rendered(captain, mesh, mesh, 100.0) is captain
    assert rendered(captain, mesh + 5000, mesh + 5010, 100.0) is captain, "out of the picture"


def test_only_the_face_and_what_is_near_it_change(captain, captain_face, astronaut, astronaut_face):
    rest = Performance.of(astronaut, astronaut_face)
    now = replace(rest, level=with_lids(rest.level, 0.0))
    before = captain.copy()
    moved = performed(captain, captain_face, now, rest, factor=1.0, areas=BOTH)
    assert np.array_equal(captain, before), "what came in is left as it was"
    rows, columns = np.nonzero((moved != captain).any(axis=2))
    eyes = Stand.of(captain_face.mesh).scale
    low, high = captain_face.mesh[:, :2].min(0) - eyes, captain_face.mesh[:, :2].max(0) + eyes
    assert low[0] < columns.min() and columns.max() < high[0]
    assert low[1] < rows.min() and rows.max() < high[1]


def test_shut_eyes_are_found_shut(captain, captain_face, astronaut, astronaut_face, analyser):
    rest = Performance.of(captain, captain_face)
    now = replace(rest, level=with_lids(rest.level, 0.0))
    moved = performed(astronaut, astronaut_face, now, rest, factor=1.0, areas=BOTH)
    [face] = analyser.find(moved)
    assert (lids_open(level_of(face)) < 0.6 * lids_open(level_of(astronaut_face))).all()


def test_a_glance_moves_the_irises_alone(captain, captain_face, astronaut, astronaut_face):
    seen = Performance.of(astronaut, astronaut_face)
    rest = replace(seen, level=with_lips(seen.level, 0.0))
    now = replace(rest, gaze=rest.gaze + np.array([0.1, 0.0]))
    moved = performed(captain, captain_face, now, rest, factor=1.0, areas=BOTH)
    rows, columns = np.nonzero((moved.astype(int) - captain).any(axis=2))
    corners = captain_face.mesh[[33, 133, 362, 263], :2]
    assert len(rows) > 20
    assert corners[:, 0].min() - 4 < columns.min() and columns.max() < corners[:, 0].max() + 4
    assert np.ptp(rows) < 0.4 * np.ptp(corners[:, 0])
    assert performed(captain, captain_face, now, rest, factor=1.0, areas=("lower-face",)) is captain


def test_a_performance_is_saved_and_restored(astronaut, astronaut_face):
    one = Performance.of(astronaut, astronaut_face)
    other = Performance.of_state(unpack(pack(one.state())))
    assert np.array_equal(one.level, other.level)
    assert np.array_equal(one.mouth.image, other.mouth.image)
    assert one.mouth.image.size < astronaut.size / 20, "no more than the mouth is kept"


@pytest.mark.parametrize("rim", [LEFT_EYE, RIGHT_EYE])
def test_places_in_an_opening_are_told_in_any_order_of_corners(captain_face, rim):
    points = captain_face.mesh[list(rim), :2]
    opening = Opening.of(points)
    u, v = opening.inside(points[[4, 12]].astype(np.float64))
    assert v[0] == pytest.approx(1, abs=0.02) and v[1] == pytest.approx(0, abs=0.02)
    assert np.abs(opening.at(u, v) - points[[4, 12]]).max() < 0.1
