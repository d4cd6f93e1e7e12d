"""Similarity transforms, rotated squares and crops."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facefusion.faces.align import RotatedSquare, apply_affine, crop, invert_affine, similarity_transform

POINTS = np.array([[0, 0], [10, 0], [3, 8], [-4, 5], [6, -7]], float)


@given(scale=st.floats(0.01, 100), angle=st.floats(-np.pi, np.pi), x=st.floats(-1e4, 1e4), y=st.floats(-1e4, 1e4))
def test_a_known_transform_is_found_again(scale, angle, x, y):
    cos, sin = scale * np.cos(angle), scale * np.sin(angle)
    known = np.array([[cos, -sin, x], [sin, cos, y]])
    found = similarity_transform(POINTS, POINTS @ known[:, :2].T + known[:, 2])
    assert np.allclose(found, known, atol=1e-6 * max(scale, abs(x), abs(y), 1))


def test_it_never_mirrors():
    found = similarity_transform(POINTS, POINTS * [-1, 1])
    assert np.linalg.det(found[:, :2]) >= 0
    assert found[0, 0] == found[1, 1]
    assert found[0, 1] == -found[1, 0]


def test_it_is_the_best_in_the_least_squares():
    random = np.random.default_rng(5)
    target = POINTS * 2 + random.normal(0, 1, POINTS.shape)
    best = similarity_transform(POINTS, target)

    def cost(affine):
        return ((POINTS @ affine[:, :2].T + affine[:, 2] - target) ** 2).sum()

    for a, b, x, y in random.normal(0, 0.05, (200, 4)):
        assert cost(best) <= cost(best + np.array([[a, -b, x], [b, a, y]]))


def test_two_points_are_enough():
    affine = similarity_transform([[0, 0], [1, 0]], [[5, 5], [5, 7]])
    assert apply_affine(affine, [[0, 0], [1, 0]]) == pytest.approx(np.array([[5, 5], [5, 7]]))


@given(st.floats(0.1, 10), st.floats(-3, 3), st.floats(-100, 100))
def test_an_inverse_undoes_its_transform(scale, angle, shift):
    cos, sin = scale * np.cos(angle), scale * np.sin(angle)
    affine = np.array([[cos, -sin, shift], [sin, cos, -shift]])
    there_and_back = apply_affine(invert_affine(affine), apply_affine(affine, POINTS))
    assert np.allclose(there_and_back, POINTS, atol=1e-2)


@pytest.mark.parametrize("angle", [0, 0.3, np.pi / 2, -2])
def test_a_rotated_square_becomes_its_crop(angle):
    square = RotatedSquare(100, 60, 40, angle)
    axis = np.array([np.cos(angle), np.sin(angle)])
    places = apply_affine(square.to_crop(64), [[100, 60], np.array([100, 60]) + 20 * axis])
    assert places == pytest.approx(np.array([[32, 32], [64, 32]]), abs=1e-3)


def gradient(height, width):
    y, x = np.mgrid[:height, :width]
    return np.stack([x % 256, y % 256, np.full_like(x, 7)], -1).astype(np.uint8)


def test_a_crop_of_the_same_size_is_a_copy_of_the_pixels():
    image = gradient(200, 200)
    shift = np.array([[1, 0, -30], [0, 1, -40]], float)
    assert (crop(image, shift, 64) == image[40:104, 30:94]).all()


@pytest.mark.parametrize("side", [64, 100, 107, 160, 201, 250])
def test_pixels_come_from_where_the_transform_says_whether_it_shrinks_or_not(side):
    affine = RotatedSquare(128, 125, side, 0).to_crop(64)
    # Brighter and darker to the right: rounding, which favours the brighter, cancels out.
    rising, falling = (
        crop(image, affine, 64).astype(float) for image in (gradient(256, 256), 255 - gradient(256, 256))
    )
    seen = ((rising - falling + 255) / 2)[8:56, 8:56, :2]
    y, x = np.mgrid[8:56, 8:56]
    expected = apply_affine(invert_affine(affine), np.stack([x.ravel(), y.ravel()], 1)).reshape(48, 48, 2)
    difference = seen - expected
    assert np.abs(difference.mean((0, 1))).max() < 0.1
    assert np.abs(difference).max() < 1


def test_a_shrunk_crop_does_not_alias():
    y, x = np.mgrid[:640, :640]
    stripes = np.repeat(((x + y) % 2 * 255)[..., None], 3, 2).astype(np.uint8)
    for angle in (0, 0.5):
        patch = crop(stripes, RotatedSquare(320, 320, 400, angle).to_crop(64), 64)
        assert patch.std() < 12, "a pattern too fine for the crop turns grey"
        assert patch.mean() == pytest.approx(127.5, abs=4)


@pytest.mark.parametrize("scale", [0.1, 0.5, 0.59, 0.61, 1, 4])
def test_a_flat_picture_stays_flat_and_beyond_its_border_it_is_black(scale):
    image = np.full((100, 100, 3), 200, np.uint8)
    affine = RotatedSquare(50, 50, 64 / scale, 0).to_crop(64)
    patch = crop(image, affine, 64)
    assert (patch[28:36, 28:36] == 200).all()
    if scale == 0.1:
        assert (patch[:20] == 0).all()


def test_a_crop_outside_the_picture_is_black():
    image = np.full((50, 50, 3), 200, np.uint8)
    for side in (20, 900):
        assert not crop(image, RotatedSquare(5000, -5000, side, 1).to_crop(32), 32).any()


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 3000, 3), (3000, 1, 3)])
@pytest.mark.parametrize("side", [1, 50, 5000])
def test_any_shape_can_be_cropped(shape, side):
    patch = crop(np.full(shape, 9, np.uint8), RotatedSquare(shape[1] / 2, shape[0] / 2, side, 0.2).to_crop(48), 48)
    assert patch.shape == (48, 48, 3)
