"""Affine and thin-plate-spline warps."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from facefusion.faces.align import apply_affine
from facefusion.faces.warps import ThinPlateSpline, affine_transform, warp_crop

RANDOM = np.random.default_rng(8)
POINTS = np.array([[10, 10], [90, 15], [50, 50], [20, 85], [85, 80], [55, 20], [30, 60]], float)


def test_a_known_affine_transform_is_found_again():
    known = np.array([[1.2, 0.3, 5], [-0.2, 0.8, 9]])
    assert affine_transform(POINTS, apply_affine(known, POINTS)) == pytest.approx(known, abs=1e-5)


def test_an_affine_transform_is_the_best_in_the_least_squares():
    target = POINTS + RANDOM.normal(0, 3, POINTS.shape)
    best = affine_transform(POINTS, target)

    def cost(affine):
        return ((apply_affine(affine, POINTS) - target) ** 2).sum()

    for change in RANDOM.normal(0, 0.01, (100, 2, 3)):
        assert cost(best) <= cost(best + change) + 1e-3


def test_a_spline_carries_every_point_where_it_belongs():
    target = POINTS + RANDOM.normal(0, 5, POINTS.shape)
    assert ThinPlateSpline.fit(POINTS, target).apply(POINTS) == pytest.approx(target, abs=1e-3)


def test_a_spline_between_points_that_an_affine_transform_carries_is_that():
    known = np.array([[0.9, 0.1, 3], [0.05, 1.1, -2]])
    spline = ThinPlateSpline.fit(POINTS, POINTS @ known[:, :2].T + known[:, 2])
    elsewhere = RANDOM.uniform(-50, 150, (20, 2))
    assert spline.apply(elsewhere) == pytest.approx(apply_affine(known, elsewhere), abs=1e-2)


def test_the_stiffer_the_nearer_to_affine():
    target = POINTS + RANDOM.normal(0, 5, POINTS.shape)
    affine = apply_affine(affine_transform(POINTS, target), POINTS)
    errors = [np.abs(ThinPlateSpline.fit(POINTS, target, stiffness=each).apply(POINTS) - affine).max() for each in
              (0, 1, 100, 1e5)]  # fmt: skip
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 0.05


def test_a_crop_by_a_spline_shows_what_lies_where_it_says():
    y, x = np.mgrid[:200, :200]
    image = np.stack([x, y, np.zeros_like(x)], -1).astype(np.uint8)
    spline = ThinPlateSpline.fit(POINTS, POINTS * 1.5 + 20 + RANDOM.normal(0, 3, POINTS.shape))
    patch = warp_crop(image, spline, 100)
    rows, columns = np.mgrid[5:95:10, 5:95:10]
    there = spline.apply(np.stack([columns.ravel(), rows.ravel()], 1))
    assert np.abs(patch[rows.ravel(), columns.ravel(), :2] - there).max() < 1.5


def test_a_spline_brings_a_face_onto_another_exactly_where_a_similarity_does_not(captain, captain_face, astronaut_face):
    from facefusion.faces.align import similarity_transform
    from facefusion.faces.landmarks import landmarks68_of_mesh

    here, there = landmarks68_of_mesh(captain_face.mesh), landmarks68_of_mesh(astronaut_face.mesh)
    wanted = apply_affine(similarity_transform(there, here), there) - here.min(0) + 20
    patch = warp_crop(captain, ThinPlateSpline.fit(wanted, here), 256)
    assert patch.shape == (256, 256, 3)
    spline = ThinPlateSpline.fit(here, wanted)
    assert np.abs(spline.apply(here) - wanted).max() < 0.05
    assert cv2.cvtColor(patch, cv2.COLOR_RGB2GRAY).std() > 10
