"""The colour matcher: palettes, shots, faces that are spared, references."""

from __future__ import annotations

from fractions import Fraction

import cv2
import numpy as np
import pytest

from facefusion.errors import OptionsError
from facefusion.inference.session import SessionFactory
from facefusion.media.frame import Frame
from facefusion.options import Options
from facefusion.processors.base import FaceFrame, ProcessorContext
from facefusion.processors.colour_matcher import SPEC
from facefusion.processors.colour_matcher.palette import Palette
from facefusion.testing import check_processor
from material import outline_mask, save, write_clip


@pytest.fixture(scope="module")
def scene(astronaut):
    return np.ascontiguousarray(astronaut[::2, ::2])


def tinted(image, gains=(1.15, 1.0, 0.75), lift=8):
    return np.clip(image * np.array(gains) + lift, 0, 255).astype(np.uint8)


@pytest.fixture
def reference(scene, tmp_path):
    return save(tmp_path / "warm.png", tinted(scene))


def matcher(path, **options):
    values = {"colour_matcher_reference": path, "colour_matcher_strength": 100} | options
    return SPEC.create(ProcessorContext(Options.parse(values), (), SessionFactory(("cpu",))))


def frame(image, *faces, index=0):
    return FaceFrame(Frame(index, index, 1, Fraction(1, 25), image), faces)


def run(processor, *images):
    return [item.frame.image for item in processor.process([frame(each, index=i) for i, each in enumerate(images)])]


def distance(one, other):
    return float(np.abs(Palette.of(one, "statistics").mean - Palette.of(other, "statistics").mean).max())


@pytest.mark.parametrize(("method", "most"), [("transport", 1.0), ("statistics", 2.5)])
def test_frames_get_the_mean_and_the_spread_of_the_reference(scene, reference, method, most):
    [result] = run(matcher(reference, colour_matcher_method=method), scene)
    wanted = tinted(scene)
    assert distance(scene, wanted) > 5
    assert distance(result, wanted) < most
    spreads = [np.sqrt(np.diag(Palette.of(each, "statistics").spread)) for each in (result, wanted)]
    assert np.allclose(*spreads, rtol=0.15)


def test_a_tint_is_undone_pixel_by_pixel(scene, reference):
    """The reference shows the same scene, so that every pixel is known."""
    [result] = run(matcher(reference), scene)
    before, after = (np.abs(each.astype(float) - tinted(scene)).mean() for each in (scene, result))
    assert after < before / 3


def test_transport_moves_tones_that_are_tinted_unlike(scene, tmp_path):
    """Dark blue and light orange: axes one by one cannot tell shadows from lights, all together can."""
    lightness = scene.mean(2, keepdims=True) / 255
    split = np.clip(scene + 60 * (lightness - 0.5) * np.array([1, 0.2, -1]), 0, 255).astype(np.uint8)
    path = save(tmp_path / "split.png", split)
    left = {
        method: np.abs(run(matcher(path, colour_matcher_method=method), scene)[0].astype(float) - split).mean()
        for method in ("transport", "statistics")
    }
    assert left["transport"] < left["statistics"]


def test_strength_goes_from_nothing_to_all(scene, reference):
    item = frame(scene)
    assert matcher(reference, colour_matcher_strength=0).process([item])[0] is item
    shares = [
        distance(run(matcher(reference, colour_matcher_strength=s), scene)[0], tinted(scene)) for s in (25, 50, 100)
    ]
    assert shares[0] > shares[1] > shares[2]


def test_somebody_who_walks_through_a_shot_does_not_change_its_colours(scene, reference):
    def seen(place):
        image = scene.copy()
        image[60:220, place : place + 40] = (30, 160, 40)
        return image

    frames = [scene] * 25 + [seen(4 * step) for step in range(50)]
    corner = [float(image[:20, -20:].mean()) for image in run(matcher(reference), *frames)]
    assert np.abs(np.diff(corner)).max() < 0.5


def test_each_shot_has_a_grade_of_its_own_from_its_first_frame_on(scene, reference):
    other = tinted(scene[:, ::-1].copy(), (0.5, 0.7, 1.3), 0)
    processor = matcher(reference)
    alone = run(matcher(reference), other)[0]
    assert np.array_equal(run(processor, scene, scene, other)[2], alone)


def test_bars_of_black_have_no_say(scene, reference):
    barred = np.pad(scene, ((40, 40), (0, 0), (0, 0)))
    [result] = run(matcher(reference), barred)
    assert distance(result[40:-40], tinted(scene)) < 1.5


def test_faces_are_spared_and_have_no_say(scene, reference, astronaut_face):
    face = astronaut_face.enlarged(0.5)
    processor = matcher(reference, colour_matcher_area="outside-faces")
    image = processor.process([frame(scene, face)])[0].frame.image
    inside = outline_mask(face, scene.shape, 0.9)
    assert np.abs(image.astype(int) - scene)[inside].max() <= 2
    assert np.abs(image[:40].astype(int) - scene[:40]).mean() > 5


def test_faces_are_looked_for_only_where_they_are_spared():
    for area, wanted in (("everywhere", False), ("outside-faces", True)):
        assert SPEC.is_given_faces(Options.parse({"colour_matcher_area": area})) is wanted


def test_a_moment_of_a_clip_may_be_the_reference(scene, tmp_path):
    clip = write_clip(tmp_path / "clip.mkv", [scene] * 5 + [tinted(scene)] * 5, codec="ffv1", rate=10)
    early, late = (run(matcher(clip, colour_matcher_time=time), scene)[0] for time in (0, 0.7))
    assert distance(early, scene) < 1
    assert distance(late, tinted(scene)) < 1.5
    with pytest.raises(OptionsError, match="has no frame at 60 s"):
        matcher(clip, colour_matcher_time=60)


def test_without_a_reference_it_says_what_to_name():
    with pytest.raises(OptionsError, match="Name the picture or clip whose colours frames get"):
        matcher(None)


def test_grey_and_tiny_pictures_are_borne(reference):
    for image in (np.full((1, 1, 3), 90, np.uint8), np.zeros((5, 4, 3), np.uint8), np.full((9, 9, 3), 255, np.uint8)):
        assert run(matcher(reference), image)[0].shape == image.shape


def test_noise_is_not_blown_up(reference):
    rng = np.random.default_rng(3)
    flat = np.clip(128 + rng.normal(0, 3, (120, 120, 3)), 0, 255).astype(np.uint8)
    [result] = run(matcher(reference), flat)
    assert cv2.cvtColor(result, cv2.COLOR_RGB2GRAY).std() < 2.3 * cv2.cvtColor(flat, cv2.COLOR_RGB2GRAY).std()


def test_it_keeps_the_rules_of_processors(scene, reference):
    batch = [frame(np.roll(scene, 3 * index, 1), index=index) for index in range(4)]
    check_processor(lambda: matcher(reference), batch)
