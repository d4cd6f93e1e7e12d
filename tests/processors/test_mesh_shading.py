"""Shading: how far the light on the new face models it as the source's own is modelled."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from facefusion.faces.mesh import VERTICES, canonical_vertices
from facefusion.processors.face_swapper.mesh.light import LightField
from facefusion.processors.face_swapper.mesh.shading import own_shading

NOSE, CHIN = 4, 152
CHEEKS = [50, 280]
ALL = np.ones(VERTICES, np.float32)
NONE = np.zeros((VERTICES, 3), np.float32)


def light(lightness: np.ndarray, mean: float = 150.0) -> LightField:
    directional = np.full((VERTICES, 3), 128, np.float32)
    directional[:, 0] = mean + lightness
    return LightField(directional, NONE, np.ones(3), np.array([mean, 140.0, 140.0]), 10.0, 0.0)


FLAT = light(np.zeros(VERTICES, np.float32))
STANDS_OUT = light(np.asarray(8 * np.exp(-8 * (canonical_vertices()[:, :2] ** 2).sum(1)), np.float32))


def test_a_nose_that_stands_out_in_the_source_does_so_on_the_new_face():
    assert own_shading(STANDS_OUT, FLAT, ALL)[NOSE] > 2


def test_a_nose_that_stands_out_in_the_target_does_not_on_the_new_face():
    assert own_shading(FLAT, STANDS_OUT, ALL)[NOSE] < -2


def test_along_the_outline_the_light_is_the_targets():
    assert own_shading(STANDS_OUT, FLAT, ALL)[CHIN] == 0


def test_how_light_the_skin_is_counts_for_nothing():
    assert own_shading(light(np.zeros(VERTICES, np.float32), mean=170), FLAT, ALL) == pytest.approx(0, abs=1e-4)


def test_light_from_one_side_of_the_source_stays_away():
    left, right = own_shading(light(canonical_vertices()[:, 0] * 30), FLAT, ALL)[CHEEKS]
    assert abs(left - right) < 0.3 * 30 * float(np.ptp(canonical_vertices()[CHEEKS, 0]))


def test_deep_shadows_of_the_source_are_bounded():
    assert np.abs(own_shading(light(canonical_vertices()[:, 1] * 200), FLAT, ALL)).max() <= 18


def test_shadows_of_dark_skin_are_held_back_on_much_paler_skin():
    pale = replace(FLAT, directional=FLAT.directional + np.float32([90, 0, 0]), mean=FLAT.mean + np.array([90, 0, 0]))
    same, held = (own_shading(STANDS_OUT, target, ALL)[NOSE] for target in (FLAT, pale))
    assert held == pytest.approx(0.4 * same, rel=0.01)
