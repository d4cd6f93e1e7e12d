"""Steps that move frames: how the background moved, the calm path, gate weave and shaking cameras."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
import pytest
from film_scenes import moved, psnr, scenery, through, weave

from facefusion.processors.film_restorer.camera import Similarity, plain, similarity_between
from facefusion.processors.film_restorer.path import Calm, calmed
from facefusion.processors.film_restorer.steady import Steady, shake_steadying, weave_steadying
from facefusion.processors.film_restorer.step import Moment, Window

WIDTH, HEIGHT = 240, 180
CALM = Calm(16.0, 4.0, 2e-5)


@pytest.fixture(scope="module")
def scene():
    return scenery(WIDTH + 80, HEIGHT + 60)


def cut(image):
    return np.ascontiguousarray(image[30:-30, 40:-40])


def shown(scene, places):
    return [cut(image) for image in moved(scene, places)]


def between(before, now):
    return similarity_between(plain(before), plain(now))


def measured(images):
    """The places of frames in widths, in relation to the first."""
    steps = [between(*pair).values for pair in pairwise(images)]
    return np.vstack([np.zeros(4), np.cumsum(steps, axis=0)])


@pytest.mark.parametrize("noise", [0, 6])
def test_shift_turn_and_zoom_are_told_to_a_fraction_of_a_pixel(scene, noise):
    truth = Similarity(3.4 / WIDTH, -1.7 / WIDTH, 0.004, 0.003)
    wide = WIDTH / (WIDTH + 80)
    both = shown(scene, np.array([np.zeros(4), truth.values * [wide, wide, 1, 1]]))
    random = np.random.default_rng(0)
    both = [np.clip(image + random.normal(0, noise, image.shape), 0, 255).astype(np.uint8) for image in both]
    wrong = (between(*both).values - truth.values) * [WIDTH, WIDTH, WIDTH / 2, WIDTH / 2]
    assert np.abs(wrong).max() < (0.05 if noise == 0 else 0.12)


def test_somebody_who_walks_and_a_lamp_that_flickers_move_no_background(scene):
    before = cut(scene)
    now = np.clip(before.astype(np.float32) * 0.85 + 9, 0, 255).astype(np.uint8)
    person = scenery(90, 120, seed=7)
    before[30:150, 60:150], now[30:150, 66:156] = person, person
    assert np.abs(between(before, now).values[:2] * WIDTH).max() < 0.05


def test_fog_has_no_motion_that_could_be_told():
    fog = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)
    assert between(fog, fog) is None


def test_a_camera_at_rest_is_held_still():
    path = np.random.default_rng(0).normal(0, 1e-3, (67, 4))
    calm = np.array([calmed(path, at, CALM) for at in range(30, 61)])
    assert calm.std() < 0.25e-3
    assert np.abs(np.diff(calm, axis=0)).std() < 0.06e-3


def test_a_pan_goes_on_evenly():
    pan = np.arange(67.0)[:, None] * [4e-3, 1e-3, 0, 0]
    path = pan + np.random.default_rng(0).normal(0, 1e-3, pan.shape)
    wrong = np.array([calmed(path, at, CALM) - pan[at] for at in range(30, 61)])
    assert np.abs(wrong.mean(0)).max() < 0.5e-3
    assert np.abs(np.diff(wrong, axis=0)).std() < 0.2e-3


def test_where_the_camera_starts_to_move_the_path_goes_along():
    start = np.maximum(np.arange(67.0) - 40, 0)[:, None] * [6e-3, 0, 0, 0]
    path = start + np.random.default_rng(0).normal(0, 5e-4, start.shape)
    wrong = np.array([calmed(path, at, CALM) - start[at] for at in range(20, 61)])
    assert (
        np.abs(wrong[:, 0]).max() < 12e-3
    )  # two frames of its way; the old place would be wrong by 120e-3, a long line by 30e-3


@pytest.mark.parametrize("period", [12, 20, 32, 60])
def test_a_camera_that_sways_is_left_to_sway(period):
    sway = 6e-3 * np.sin(np.arange(90.0)[:, None] * 2 * np.pi / period) * [1, 1, 0, 0]
    gate = Calm(16.0, 4.0, 2e-5, follows=True)
    wrong = np.array([calmed(sway[at - 30 : at + 7], 30, gate) - sway[at] for at in range(30, 83)])
    assert np.abs(wrong).max() < 0.05 * np.abs(sway).max()


def test_two_frames_are_their_own_path():
    path = np.array([[0.0] * 4, [1.0] * 4])
    assert np.array_equal(calmed(path, 1, CALM), path[1])


def test_gate_weave_is_gone(scene):
    woven = shown(scene, weave(36, WIDTH + 80))
    steady = through(Steady("weave", 100, weave_steadying(100)), woven)
    before, after = (
        np.diff(measured(images), axis=0)[8:, :3].std(0) * [WIDTH, WIDTH, 1e3] for images in (woven, steady)
    )
    assert before[0] > 0.8
    assert (after < 0.15 * before).all()


def test_a_pan_is_no_weave(scene):
    pan = np.arange(24.0)[:, None] * [1.0 / (WIDTH + 80), 0, 0, 0]
    images = shown(scene, pan)
    steady = through(Steady("weave", 100, weave_steadying(100)), images)
    worst = min(psnr(*pair) for pair in zip(steady, images, strict=True))
    assert worst > 33


def test_a_still_film_stays_as_it_is(scene):
    images = [cut(scene) for _ in range(9)]
    steady = through(Steady("weave", 100, weave_steadying(100)), images)
    assert all(a is b for a, b in zip(steady, images, strict=True))


def test_a_shaking_camera_gets_calm(scene):
    random = np.random.default_rng(5)
    shake = cv2.GaussianBlur(random.normal(0, 1, (40, 4)), (1, 5), 0, sigmaY=1.2) * [5 / WIDTH, 5 / WIDTH, 0.004, 0.002]
    shaken = shown(scene, shake)
    for borders in ("fill", "crop"):
        steady = through(Steady("stabilise", 100, shake_steadying(100), borders), shaken)
        rough = [np.square(np.diff(measured(images)[6:], n=2, axis=0)[:, :2]).sum() for images in (shaken, steady)]
        assert rough[1] < 0.1 * rough[0]


def test_empty_places_show_what_the_frame_before_showed(scene):
    shaken = shown(scene, np.array([[0.012 * (number % 2), 0, 0, 0] for number in range(14)]))
    steady = through(Steady("weave", 100, weave_steadying(100)), shaken)
    sides = [image[:, 4:10].astype(float) for image in steady[5:11]]
    assert max(np.abs(a - b).mean() for a, b in pairwise(sides)) < 6


def test_each_shot_has_a_path_of_its_own(scene):
    first, second = shown(scene, weave(5, WIDTH)), [image[::-1].copy() for image in shown(scene, weave(5, WIDTH, 9))]
    step = Steady("weave", 100, weave_steadying(100))
    both = through(step, first + second, begins=(0, 5))
    alone = through(Steady("weave", 100, weave_steadying(100)), second)
    assert all(np.array_equal(a, b) for a, b in zip(both[5:], alone, strict=True))


def test_from_its_state_it_goes_on_as_if_nothing_had_been(scene):
    images = shown(scene, weave(11, WIDTH))
    moments = [Moment(image, number == 0) for number, image in enumerate(images)]
    windows = [Window(tuple(moments[number : number + 7]), 0, number == 0) for number in range(5)]
    one, other = (Steady("weave", 100, weave_steadying(100)) for _ in range(2))
    for window in windows[:3]:
        one.apply(window)
    other.restore(one.state())
    for window in windows[3:]:
        assert np.array_equal(one.apply(window), other.apply(window))


def test_no_frame_goes_further_than_the_margin(scene):
    wild = shown(scene, np.array([[0.2 * (number % 2), 0, 0, 0] for number in range(12)]))
    through(Steady("weave", 100, weave_steadying(100)), wild)
    step = Steady("stabilise", 100, shake_steadying(100), "crop")
    for image in through(step, wild):
        assert image.shape == wild[0].shape
