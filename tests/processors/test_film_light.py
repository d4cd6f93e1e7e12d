"""Flicker and fading: light holds still, slow light stays, blacks and whites come back."""

from __future__ import annotations

import itertools

import numpy as np
from benchmarks.film_damage import with_fade, with_flicker
from tests.processors.worn_film import restored, scene

from facefusion.media.frame import Image
from facefusion.processors.film_restorer.deflicker import Deflicker
from facefusion.processors.film_restorer.fade import Fade


def brightness(images: list[Image]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Logarithm of each frame's mean."""
    return np.array([np.log(image.mean()) for image in images])


def lit(images: list[Image], light: np.ndarray[tuple[int], np.dtype[np.float64]]) -> list[Image]:
    """Frames by another light, given as a factor for each."""
    return [
        np.clip(np.rint(image * factor), 0, 255).astype(np.uint8) for image, factor in zip(images, light, strict=True)
    ]


def test_flicker_goes() -> None:
    """Nine tenths of the variance that was put in are gone."""
    images = scene(36, speed=0.5)
    worn = with_flicker(images, seed=2).images
    before = brightness(worn) - brightness(images)
    after = brightness(restored(worn, Deflicker(100))) - brightness(images)
    assert after.var() <= 0.1 * before.var()


def test_half_the_strength_leaves_half_of_it() -> None:
    """Strength is the share that goes."""
    images = scene(24, speed=0.5)
    worn = with_flicker(images, seed=2, local=0).images
    before = brightness(worn) - brightness(images)
    after = brightness(restored(worn, Deflicker(50))) - brightness(images)
    assert 0.35 < after.std() / before.std() < 0.65


def test_steady_light_is_left_alone() -> None:
    """Frames without flicker are the same objects."""
    images = scene(12)
    assert all(now is before for now, before in zip(restored(images, Deflicker(100)), images, strict=True))


def test_dusk_stays() -> None:
    """Light that goes slowly goes as slowly afterwards, with flicker or without."""
    images, dusk = scene(40, speed=0.5), np.exp(-0.015 * np.arange(40))
    dark = lit(images, dusk)
    assert np.abs(brightness(restored(dark, Deflicker(100))) - brightness(dark)).max() < 0.01
    random = np.random.default_rng(4)
    worn = lit(images, dusk * (1 + 0.05 * random.standard_normal(40)))
    off = brightness(restored(worn, Deflicker(100))) - brightness(dark)
    assert np.abs(off - off.mean())[8:].max() < 0.06


def test_a_lamp_that_is_switched_on_stays_on() -> None:
    """Light that changes for good is no flicker."""
    images, light = scene(24, speed=0.5), np.where(np.arange(24) < 12, 0.6, 1.0)
    worn = lit(images, light)
    assert np.abs(brightness(restored(worn, Deflicker(100))) - brightness(worn)).max() < 0.02


def test_a_cut_to_a_darker_shot_stays() -> None:
    """Each shot has its own light."""
    images = lit(scene(10, seed=1), np.ones(10)) + lit(scene(10, seed=9), np.full(10, 0.5))
    assert np.abs(brightness(restored(images, Deflicker(100))) - brightness(images)).max() < 0.02


def full(frames: int) -> list[Image]:
    """A scene with black and white in it."""
    images = scene(frames)
    for image in images:
        image[:12, :40], image[:12, 40:80] = 8, 247
    return images


def test_faded_film_gets_its_blacks_whites_and_greys_back() -> None:
    """The picture comes near to what it was, without a cast."""
    images = full(4)
    faded = with_fade(images)
    result = restored(faded, Fade(100))
    assert np.abs(result[3].astype(int) - images[3]).mean() < 8 < np.abs(faded[3].astype(int) - images[3]).mean()
    assert np.ptp(result[3].mean((0, 1)) - images[3].mean((0, 1))) < 4


def test_a_fresh_print_is_left_alone() -> None:
    """Frames with black and white in them are the same objects."""
    images = full(4)
    assert all(now is before for now, before in zip(restored(images, Fade(100)), images, strict=True))


def test_colours_hold_still_while_something_passes() -> None:
    """Something white that comes into a faded shot does not make the rest darker at once."""
    faded = with_fade(full(8))
    for image in faded[4:]:
        image[70:120, 120:170] = 252
    result = restored(faded, Fade(100))
    steps = [
        np.abs(a[20:50, :90].mean((0, 1)) - b[20:50, :90].mean((0, 1))).max() for a, b in itertools.pairwise(result)
    ]
    usual = [
        np.abs(a[20:50, :90].mean((0, 1)) - b[20:50, :90].mean((0, 1))).max() for a, b in itertools.pairwise(faded)
    ]
    assert max(steps) < 2 * max(usual) + 1.5
