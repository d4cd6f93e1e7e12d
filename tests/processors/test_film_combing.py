"""Combing of video that does not say that it is interlaced."""

from __future__ import annotations

import numpy as np
import pytest
from film_scenes import psnr, scenery, through

from facefusion.processors.film_restorer.combing import Combing

WIDTH, HEIGHT, SPEED = 160, 96, 3


def moment(number):
    """A picture at rest before which another goes to the right."""
    image = scenery(WIDTH, HEIGHT)
    image[24:72, 10 + SPEED * number : 70 + SPEED * number] = scenery(60, 48, seed=8)
    return image


def woven(number):
    """Even lines of one moment, odd lines of the next."""
    image = moment(2 * number)
    image[1::2] = moment(2 * number + 1)[1::2]
    return image


@pytest.fixture(scope="module")
def film():
    return [woven(number) for number in range(5)]


def test_each_frame_shows_one_moment(film):
    made = through(Combing(60), film)
    for number, (image, before) in enumerate(zip(made, film, strict=True)):
        truth = moment(2 * number)
        assert psnr(image, truth) > psnr(before, truth) + 4


def test_what_is_at_rest_keeps_its_lines(film):
    made = through(Combing(60), film)
    changed = np.any([np.any(a != b, axis=2) for a, b in zip(made, film, strict=True)], axis=0)
    assert not changed[:14].any()
    assert not changed[82:].any()


def test_even_lines_are_never_changed(film):
    assert all(np.array_equal(a[::2], b[::2]) for a, b in zip(through(Combing(100), film), film, strict=True))


def test_frames_of_one_moment_are_left_alone():
    film = [moment(2 * number) for number in range(4)]
    assert all(a is b for a, b in zip(through(Combing(60), film), film, strict=True))


def test_fine_stripes_that_do_not_move_are_no_combing():
    stripes = moment(0)
    stripes[30:60:2, 90:150] = 220
    stripes[31:60:2, 90:150] = 40
    film = [stripes.copy() for _ in range(3)]
    assert all(a is b for a, b in zip(through(Combing(60), film), film, strict=True))


@pytest.mark.parametrize("shape", [(3, 5), (8, 8), (9, 7), (97, 160)])
def test_any_size_will_do(shape):
    film = [np.random.default_rng(number).integers(0, 255, (*shape, 3), np.uint8) for number in range(2)]
    assert [image.shape for image in through(Combing(100), film)] == [(*shape, 3)] * 2
