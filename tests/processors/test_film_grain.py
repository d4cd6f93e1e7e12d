"""Grain and noise of film: measured, taken away without smearing, and laid on again as it was."""

from __future__ import annotations

from fractions import Fraction

import cv2
import numpy as np
import pytest
from film_scenes import even, grain, laid_on, psnr, scenery, through

from facefusion.media.frame import Frame
from facefusion.processors.base import FaceFrame
from facefusion.processors.film_restorer.denoise import Denoise
from facefusion.processors.film_restorer.grain import Regrain
from facefusion.processors.film_restorer.noise import BANDS, LAG, GrainMeter, measured_grain
from facefusion.processors.film_restorer.shrink import Fineness, shrunk
from facefusion.processors.film_restorer.stage import Stage
from facefusion.processors.film_restorer.step import Moment

WIDTH, HEIGHT = 240, 176
SIGMA, SIZE = 7.0, 0.9


@pytest.fixture(scope="module")
def scene():
    """Detail on the left, an even ramp on the right."""
    image = even(WIDTH, HEIGHT)
    image[:, : WIDTH // 2] = scenery(WIDTH // 2, HEIGHT)
    return image


@pytest.fixture(scope="module")
def noisy(scene):
    return laid_on([scene] * 7, grain((HEIGHT, WIDTH), 7, sigma=SIGMA, size=SIZE))


def alike(layer):
    """What neighbours across and down share of the grain, up to three pixels apart."""
    layer = layer - layer.mean()
    across = [(layer[:, lag:] * layer[:, : layer.shape[1] - lag]).mean() for lag in range(4)]
    down = [(layer[lag:] * layer[: layer.shape[0] - lag]).mean() for lag in range(4)]
    return np.array(across + down) / layer.var()


def restored(original, images, step, first=0):
    """What a step makes of films that came as `original` and were restored to `images` by steps before it."""
    stage, made = Stage(step), []
    for number, (came, image) in enumerate(zip(original, images, strict=True)):
        item = FaceFrame(Frame(first + number, number, 1, Fraction(1, 25), came), ())
        made += stage.push(Moment(image, number == 0, None, item))
    return [moment.image for moment in made + stage.flush()]


def test_strength_and_size_of_grain_are_measured_beside_detail(noisy):
    [layer] = grain((256, 256), 1, sigma=SIGMA, size=SIZE)
    found = measured_grain(noisy[0], noisy[1])
    assert found.deviation == pytest.approx(SIGMA, rel=0.08)
    share = found.alike[0]
    told = np.concatenate([share[LAG, LAG : LAG + 4], share[LAG : LAG + 4, LAG]])
    assert np.abs(told - alike(layer[:, :, 0])).max() < 0.08
    assert found.mean[1:].max() < 0.15  # grain that is grey has no colour beyond what rounding gives


def test_each_band_of_brightness_has_its_own_strength():
    image, layers = even(320, 160), grain((160, 320), 2, sigma=1.0, size=0.7)
    strength = 2 + image[:, :, :1] / 40.0
    found = measured_grain(*laid_on([image] * 2, [layer * strength for layer in layers]))
    bands = np.flatnonzero(found.weights)
    truth = 2 + (bands + 0.5) * 256 / BANDS / 40
    assert len(bands) >= 5
    assert np.abs(np.sqrt(found.variances[bands, 0]) / truth - 1)[1:-1].max() < 0.12


def test_what_moves_and_specks_of_dust_are_no_grain(noisy):
    before, after = noisy[0].copy(), noisy[1].copy()
    before[20:40, 150:170] = 250
    after[100:140, 130:190] = scenery(60, 40, seed=9)
    assert measured_grain(before, after).deviation == pytest.approx(SIGMA, rel=0.1)


def test_a_film_without_grain_is_left_alone(scene):
    for step in (Denoise(100), Regrain(100)):
        images = [scene.copy() for _ in range(4)]
        assert all(a is b for a, b in zip(through(step, images), images, strict=True))


def test_of_a_single_picture_no_grain_is_known_and_it_stays_as_it_is(noisy):
    for step in (Denoise(100), Regrain(100)):
        assert through(step, noisy[:1])[0] is noisy[0]


def test_pictures_smaller_than_a_block_stay_as_they_are():
    images = [np.full((9, 12, 3), value, np.uint8) for value in (90, 120, 100)]
    meter = GrainMeter()
    meter.add(*images[:2])
    assert meter.grain is None
    for step in (Denoise(100), Regrain(100)):
        assert all(a is b for a, b in zip(through(step, images), images, strict=True))


def test_noise_goes_and_detail_stays(scene, noisy):
    clean = through(Denoise(100), noisy)
    gains = [psnr(image, scene) - psnr(before, scene) for image, before in zip(clean, noisy, strict=True)]
    assert min(gains[3:6]) > 7
    assert min(gains) > 4  # the first and the last have but one neighbour
    left = cv2.Laplacian(clean[4][8:-8, 8:112, 1], cv2.CV_32F).std()
    assert left > 0.8 * cv2.Laplacian(scene[8:-8, 8:112, 1], cv2.CV_32F).std()


def test_half_the_strength_takes_half_of_the_noise(scene, noisy):
    whole, half = (through(Denoise(strength), noisy)[4].astype(int) for strength in (100, 50))
    assert np.abs(half - (noisy[4].astype(int) + whole) / 2).max() <= 1


def test_what_appears_and_goes_leaves_no_ghost(scene):
    truth = [scene.copy() for _ in range(6)]
    truth[3][60:110, 140:220] = scenery(80, 50, seed=4)
    noisy = laid_on(truth, grain((HEIGHT, WIDTH), 6, sigma=SIGMA, size=SIZE))
    clean = through(Denoise(100), noisy)
    part = np.s_[62:108, 142:218]
    for number in (2, 3, 4):
        ghost = cv2.blur(clean[number][part].astype(np.float32) - truth[number][part], (9, 9))
        assert np.abs(ghost).mean() < 3.0
        assert psnr(clean[number][part], truth[number][part]) > psnr(noisy[number][part], truth[number][part])


def test_within_a_frame_noise_is_shrunk_by_its_own_size(noisy, scene):
    found = measured_grain(noisy[0], noisy[1])
    planes = np.random.default_rng(0).normal(100, SIGMA, (64, 64, 3)).astype(np.float32)
    noise = np.full_like(planes, SIGMA)
    white = Fineness((0.8, 0.15, 0.04), (0.8, 0.15, 0.04))
    assert shrunk(planes, noise, white).std() < 0.45 * planes.std()
    assert np.array_equal(shrunk(planes, noise * 0, white).round(2), planes.round(2))
    assert sum(Fineness.of(found).luma) <= 1


def test_grain_comes_back_as_strong_and_as_large_as_it_was(scene, noisy):
    made = restored(noisy, [scene] * 7, Regrain(100))[3]
    layer = (made.astype(np.float64) - scene)[:, 130:]
    truth = (noisy[3].astype(np.float64) - scene)[:, 130:]
    assert layer.std() == pytest.approx(truth.std(), rel=0.08)
    assert np.abs(alike(layer[:, :, 1]) - alike(truth[:, :, 1])).max() < 0.1
    assert np.corrcoef(layer[:, :, 0].ravel(), layer[:, :, 2].ravel())[0, 1] > 0.95


def test_only_what_lacks_is_laid_on(scene, noisy):
    half = [((a.astype(int) + scene) // 2).astype(np.uint8) for a in noisy]
    layer = (restored(noisy, half, Regrain(100))[3].astype(np.float64) - scene)[:, 130:]
    assert layer.std() == pytest.approx(SIGMA, rel=0.12)
    untouched = restored(noisy, half, Regrain(40))
    assert all(a is b for a, b in zip(untouched, half, strict=True))


def test_grain_is_the_same_for_the_same_seed_and_frame_number(scene, noisy):
    clean = [scene] * 7
    one, again = restored(noisy, clean, Regrain(100)), restored(noisy, clean, Regrain(100))
    other, later = restored(noisy, clean, Regrain(100, seed=1)), restored(noisy, clean, Regrain(100), first=50)
    assert all(np.array_equal(a, b) for a, b in zip(one, again, strict=True))
    assert not np.array_equal(one[3], other[3])
    assert not np.array_equal(one[3], later[3])
    assert not np.array_equal(one[3], one[4])


@pytest.mark.parametrize("kind", [Denoise, Regrain])
def test_from_its_state_a_step_goes_on_as_if_nothing_had_been(kind, noisy, scene):
    one, other = Stage(kind(100)), Stage(kind(100))
    items = [FaceFrame(Frame(number, number, 1, Fraction(1, 25), image), ()) for number, image in enumerate(noisy)]
    shown = noisy if kind is Denoise else [scene] * 7
    moments = [Moment(image, not item.frame.index, None, item) for image, item in zip(shown, items, strict=True)]
    for moment in moments[:4]:
        one.push(moment)
    other.restore(one.state())
    for moment in moments[4:]:
        for a, b in zip(one.push(moment), other.push(moment), strict=True):
            assert np.array_equal(a.image, b.image)


def test_a_new_shot_has_grain_of_its_own(scene, noisy):
    made = through(Denoise(100), [*noisy[:2], scene, scene.copy()], begins=(0, 2))
    assert made[0] is not noisy[0]
    assert made[2] is scene
