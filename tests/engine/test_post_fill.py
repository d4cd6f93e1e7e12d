"""Filling a burnt-in logo: it is gone, nothing else is touched, and nobody sees where it was."""

from __future__ import annotations

from fractions import Fraction

import cv2
import numpy as np
import pytest

from facefusion.engine.post.diffuse import diffuse
from facefusion.engine.post.fill import RegionFill
from facefusion.errors import OptionsError
from facefusion.media.frame import Frame
from facefusion.media.region import Rectangle
from facefusion.state import pack, unpack

LOGO = Rectangle(90, 20, 44, 16)
SIZE = (90, 160)


def frame(image, index=0):
    return Frame(index, index, 1, Fraction(1, 25), image)


def burnt(image, *regions):
    """The picture with logos."""
    image = image.copy()
    for region in regions or (LOGO,):
        image[region.slices] = (20, 60, 220)
        image[region.slices][2::4] = 255
    return image


def filled(images, *regions, fill=None):
    fill = fill or RegionFill(regions or (LOGO,))
    return [fill.fill(frame(burnt(image, *regions), index)).image for index, image in enumerate(images)]


def scenery(seed=1, size=SIZE):
    """A picture with structure of all sizes."""
    random = np.random.default_rng(seed)
    layers = [random.uniform(0, 255, (size[0] // step + 2, size[1] // step + 2, 3)) for step in (40, 12, 5)]
    whole = sum(
        cv2.resize(layer, (size[1], size[0]), interpolation=cv2.INTER_CUBIC) * share
        for layer, share in zip(layers, (0.6, 0.3, 0.1), strict=True)
    )
    return np.clip(whole, 0, 255).astype(np.uint8)


def noisy(image, count, level=2.0):
    random = np.random.default_rng(7)
    return [np.clip(image + random.normal(0, level, image.shape), 0, 255).astype(np.uint8) for _ in range(count)]


def error(one, two, region=LOGO):
    return float(np.abs(one[region.slices].astype(float) - two[region.slices]).mean())


def flicker(images, region=LOGO):
    return float(np.abs(np.diff(np.stack([image[region.slices] for image in images]).astype(float), axis=0)).mean())


def test_only_the_rectangle_changes_and_the_frame_given_stays_as_it_was():
    image = burnt(scenery())
    image.flags.writeable = False
    given = frame(image, 3)
    result = RegionFill([LOGO]).fill(given)
    changed = (result.image != image).any(2)
    assert changed[LOGO.slices].mean() > 0.9
    changed[LOGO.slices] = False
    assert not changed.any()
    assert (result.index, result.pts, result.duration) == (3, 3, 1)


def test_without_rectangles_the_frame_is_passed_on():
    given = frame(scenery())
    assert RegionFill([]).fill(given) is given


def test_what_continues_around_the_logo_continues_in_it():
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    slope = np.stack([x, y * 2, 255 - x], 2).astype(np.uint8)
    assert error(filled([slope])[0], slope) < 5
    stripes = np.where((x // 6 % 2)[..., None] > 0, (200, 180, 160), (60, 70, 80)).astype(np.uint8)
    assert error(filled([stripes])[0], stripes) < 25, "a mean of the two colours would be off by 55"


def test_the_edge_of_the_rectangle_does_not_show():
    image = scenery(3)
    [result] = filled([image])
    rows, columns = LOGO.slices
    step = np.abs(result[rows.start, columns].astype(float) - result[rows.start - 1, columns]).mean()
    usual = np.abs(np.diff(image[: rows.start, columns].astype(float), axis=0)).mean()
    assert step < 2 * usual + 2


def test_a_picture_at_rest_has_a_fill_at_rest():
    images = noisy(scenery(), 30)
    assert flicker(filled(images)) < 1.1 * flicker(images)
    assert flicker(filled([scenery()] * 10)[1:]) == 0


def test_the_fill_has_the_grain_of_the_picture():
    images = noisy(np.full((*SIZE, 3), 120, np.uint8), 6, level=6)
    grain = np.std(filled(images)[-1][LOGO.slices])
    assert 0.5 * 6 < grain < 1.3 * 6


@pytest.mark.parametrize("speed", [(3.0, 0.0), (-6.0, 1.5), (0.0, 2.0)])
def test_when_the_camera_moves_what_was_beside_the_logo_is_carried_into_it(speed):
    world = scenery(5, (400, 600))
    start = np.array([200.0, 150.0])
    images = []
    for index in range(30):
        x, y = start + np.array(speed) * index
        images.append(cv2.warpAffine(world, np.array([[1, 0, -x], [0, 1, -y]]), (SIZE[1], SIZE[0])))
    result = filled(noisy_each(images))
    assert error(result[-1], images[-1]) < 5
    assert error(result[-1], images[-1]) < 0.5 * error(result[0], images[0])


def noisy_each(images):
    return [noisy(image, 1, 1.0)[0] for image in images]


def test_nothing_of_a_scene_is_left_after_a_cut():
    red, green = np.full((*SIZE, 3), (200, 30, 30), np.uint8), np.full((*SIZE, 3), (30, 180, 60), np.uint8)
    result = filled([red] * 3 + [green] * 3)
    assert all(error(image, green) <= 1 for image in result[3:])


def test_light_that_fades_is_followed():
    image = scenery(2)
    images = [np.round(image * (1 - 0.02 * index)).astype(np.uint8) for index in range(40)]
    result = filled(images)
    brightness = [each[LOGO.slices].mean() for each in result]
    assert brightness[-1] == pytest.approx(brightness[0] * (1 - 0.02 * 39), rel=0.1)


@pytest.mark.parametrize(
    "regions",
    [
        (Rectangle(0, 0, 40, 20),),
        (Rectangle(130, 70, 30, 20),),
        (Rectangle(0, 60, 160, 30),),
        (Rectangle(40, 0, 20, 90),),
        (Rectangle(70, 40, 1, 1),),
        (Rectangle(20, 20, 20, 20), Rectangle(40, 20, 30, 20), Rectangle(30, 30, 30, 30)),
        (Rectangle(1, 1, 158, 88),),
    ],
    ids=["corner", "other corner", "full width", "full height", "a pixel", "three that overlap", "almost all"],
)
def test_rectangles_anywhere(regions):
    images = noisy(np.full((*SIZE, 3), (90, 120, 150), np.uint8), 4, 0.5)
    for image, result in zip(images, filled(images, *regions), strict=True):
        assert all(error(result, image, region) < 3 for region in regions)


def test_a_rectangle_that_leaves_nothing_is_refused():
    with pytest.raises(OptionsError, match="around 0,0,160,90 nothing of the picture is left"):
        filled([scenery()], Rectangle(0, 0, 160, 90))


@pytest.mark.parametrize("size", [(16, 16), (3, 200), (200, 3)])
def test_small_and_narrow_pictures(size):
    image = np.full((*size, 3), 77, np.uint8)
    region = Rectangle(size[1] // 3, size[0] // 3, max(1, size[1] // 3), max(1, size[0] // 3))
    assert error(filled([image], region)[0], image, region) <= 1


def test_frames_of_another_size_begin_anew():
    fill = RegionFill([LOGO])
    filled([scenery()] * 2, fill=fill)
    other = np.full((120, 200, 3), 50, np.uint8)
    assert error(filled([other], fill=fill)[0], other) <= 1


def test_a_restored_fill_goes_on_the_same():
    still = noisy(scenery(), 8)
    world = scenery(5, (200, 400))
    moving = [np.ascontiguousarray(world[50:140, 40 + 3 * index : 200 + 3 * index]) for index in range(25)]
    images = still + moving + [scenery(9)] * 3
    running, states, results = RegionFill([LOGO]), [], []
    for index, image in enumerate(images):
        states.append(pack(running.state()))
        results.append(running.fill(frame(burnt(image), index)).image)
    for start in range(0, len(images), 5):
        again = RegionFill([LOGO])
        again.restore(unpack(states[start]))
        for index in range(start, len(images)):
            assert (again.fill(frame(burnt(images[index]), index)).image == results[index]).all(), (start, index)


@pytest.mark.parametrize("shape", [(1, 1), (2, 9), (37, 23)])
def test_diffusion_keeps_what_is_known_and_stays_between(shape):
    random = np.random.default_rng(0)
    values = random.uniform(10, 20, (*shape, 3)).astype(np.float32)
    known = (random.uniform(size=shape) < 0.3).astype(np.float32)
    known.flat[0] = 1
    result = diffuse(values, known)
    np.testing.assert_allclose(result[known > 0], values[known > 0], rtol=1e-5)
    assert result.min() >= 9.99
    assert result.max() <= 20.01
