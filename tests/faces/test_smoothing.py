"""The One-Euro filter: steady at rest, quick in motion, measured against motion that is known."""

from __future__ import annotations

import numpy as np
import pytest

from facefusion.faces.smooth import OneEuroFilter
from material import mesh_at

RATE = 25.0
WIDTH = 200.0
NOISE = 0.5


def filtered(meshes):
    smooth = OneEuroFilter(meshes[0], 0.0)
    return np.stack([meshes[0]] + [smooth.update(mesh, index / RATE) for index, mesh in enumerate(meshes) if index])


def noisy(meshes):
    random = np.random.default_rng(3)
    return np.stack([mesh + random.normal(0, NOISE, mesh.shape).astype(np.float32) for mesh in meshes])


def error(meshes, truth):
    return np.linalg.norm(meshes[..., :2] - truth[..., :2], axis=-1).mean(-1)


def test_a_face_at_rest_jitters_less_than_half():
    truth = np.stack([mesh_at(300, 300, WIDTH)] * 60)
    seen = noisy(truth)
    result = filtered(seen)
    assert np.abs(np.diff(result[10:], axis=0)).mean() < 0.4 * np.abs(np.diff(seen[10:], axis=0)).mean()
    assert error(result, truth)[10:].mean() < 0.6 * error(seen, truth)[10:].mean()


@pytest.mark.parametrize("widths_per_second", [0.25, 1.0, 3.0])
def test_a_moving_head_lags_by_less_than_a_hundredth_of_its_width(widths_per_second):
    truth = np.stack([mesh_at(300 + widths_per_second * WIDTH * k / RATE, 300, WIDTH) for k in range(40)])
    lag = (truth[..., 0] - filtered(truth)[..., 0]).mean(1)
    assert lag[12:].max() < 0.01 * WIDTH
    assert lag[-1] < 0.3 * widths_per_second * WIDTH / RATE, "which is less than a third of a frame"


def test_a_turning_head_is_followed():
    truth = np.stack([mesh_at(300, 300, WIDTH, yaw=30 * np.sin(2 * np.pi * k / 50)) for k in range(100)])
    assert error(filtered(truth), truth).max() < 0.03 * WIDTH


def test_after_a_jump_it_arrives_within_a_few_frames():
    truth = np.stack([mesh_at(300, 300, WIDTH)] * 5 + [mesh_at(340, 300, WIDTH)] * 10)
    late = error(filtered(truth), truth)
    assert late[8] < 0.1 * 40
    assert late[-1] < 0.5


def test_it_never_overshoots_a_step():
    truth = np.stack([mesh_at(300, 300, WIDTH)] * 3 + [mesh_at(330, 300, WIDTH)] * 20)
    x = filtered(truth)[..., 0].mean(1) - mesh_at(300, 300, WIDTH)[:, 0].mean()
    assert (np.diff(x) >= -1e-3).all()
    assert x.max() <= 30 + 1e-2


def test_each_vertex_has_its_own_pace():
    still, speaking = mesh_at(300, 300, WIDTH), mesh_at(300, 300, WIDTH)
    speaking[14, 1] += 20
    result = filtered(np.stack([still] * 5 + [speaking] * 3))
    assert np.abs(result[-1, 1] - still[1]).max() < 1e-3, "the nose stays"
    assert result[-1, 14, 1] > still[14, 1] + 10, "the lip moves"


@pytest.mark.parametrize("times", [(0.0, 0.0, 0.0), (0.0, 1.0, 0.5), (0.0, 1e9, 2e9)])
def test_odd_time_stamps_give_finite_meshes_between_the_observations(times):
    smooth = OneEuroFilter(mesh_at(300, 300, WIDTH), times[0])
    for time in times[1:]:
        value = smooth.update(mesh_at(310, 300, WIDTH), time)
        assert np.isfinite(value).all()
    assert mesh_at(300, 300, WIDTH)[1, 0] <= value[1, 0] <= mesh_at(310, 300, WIDTH)[1, 0] + 1e-3


def test_it_keeps_no_hold_on_the_arrays_it_is_given():
    first = mesh_at(300, 300, WIDTH)
    smooth = OneEuroFilter(first, 0.0)
    before = smooth.value.copy()
    first += 100
    assert (smooth.value == before).all()
