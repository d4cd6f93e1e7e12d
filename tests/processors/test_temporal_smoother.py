"""The temporal smoother: where the original is still the edit is still; motion, cuts and what is meant stay."""

from __future__ import annotations

from fractions import Fraction

import cv2
import numpy as np
import pytest

from facefusion.inference.session import SessionFactory
from facefusion.media.frame import Frame
from facefusion.options import Options
from facefusion.processors.base import FaceFrame, ProcessorContext
from facefusion.processors.temporal_smoother import SPEC
from facefusion.processors.temporal_smoother.processor import edited_part
from facefusion.testing import check_processor

BOX = np.s_[60:160, 70:190]
FRAMES = 16


@pytest.fixture(scope="module")
def scene(astronaut):
    return np.ascontiguousarray(astronaut[:320, 100:420])


def smoother(**options):
    return SPEC.create(ProcessorContext(Options.parse(options), (), SessionFactory(("cpu",))))


def item(original, edited, index):
    before = Frame(index, index, 1, Fraction(1, 25), original)
    return FaceFrame(before, ()) if edited is original else FaceFrame(before, ()).with_frame(before.with_image(edited))


def edited(original, offset=0.0, box=BOX):
    """An edit of the kind that processors make: other colours and contrast in a part of the picture."""
    image = original.copy()
    part = image[box].astype(np.float32)
    image[box] = np.clip(part * (0.9, 0.8, 0.7) + (30, 26, 40) + offset, 0, 255)
    return image


def run(originals, edits, **options):
    given = [item(*pair, index) for index, pair in enumerate(zip(originals, edits, strict=True))]
    return [each.frame.image for each in smoother(**options).process(given)]


def flicker(images, box=BOX):
    stack = np.stack([image[box] for image in images]).astype(float)
    return float(np.diff(stack, axis=0).std())


@pytest.fixture(scope="module")
def offsets():
    return np.random.default_rng(5).normal(0, 7, FRAMES)


def test_where_the_original_is_still_the_edit_gets_still(scene, offsets):
    edits = [edited(scene, offset) for offset in offsets]
    results = run([scene] * FRAMES, edits)
    assert flicker(results[6:]) < 0.3 * flicker(edits[6:])
    assert flicker(run([scene] * FRAMES, edits, temporal_smoother_strength=30)) > flicker(results)


def test_what_nobody_edited_stays_as_it_is(scene, offsets):
    results = run([scene] * FRAMES, [edited(scene, offset) for offset in offsets])
    outside = np.ones(scene.shape[:2], bool)
    outside[BOX] = False
    assert all(np.array_equal(result[outside], scene[outside]) for result in results)


def test_frames_without_any_edit_are_the_same_objects(scene):
    given = [item(scene, scene, index) for index in range(3)]
    assert all(one is other for one, other in zip(smoother().process(given), given, strict=True))
    flickering = [item(scene, edited(scene, offset), index) for index, offset in enumerate((0, 9))]
    assert smoother(temporal_smoother_strength=0).process(flickering) == flickering
    assert smoother().process(flickering)[0] is flickering[0]


def moved(image, step):
    shift = np.array([[1, 0, 1.7 * step], [0, 1, 0.6 * step]], np.float32)
    return cv2.warpAffine(image, shift, image.shape[1::-1], flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)


def test_edits_that_move_along_get_nearer_to_what_they_would_be_without_flicker(scene, offsets):
    originals = [moved(scene, step) for step in range(FRAMES)]
    truth = [moved(edited(scene), step) for step in range(FRAMES)]
    edits = [
        np.where(
            (truth[step] != originals[step]).any(2, keepdims=True),
            np.clip(truth[step] + offset, 0, 255),
            originals[step],
        ).astype(np.uint8)
        for step, offset in enumerate(offsets)
    ]
    results = run(originals, edits)
    inner = np.s_[90:150, 110:180]
    errors = [
        np.mean(
            [
                np.diff([each[step][inner].astype(float) - truth[step][inner] for step in (t - 1, t)], axis=0).std()
                + abs(
                    np.diff([(each[step][inner].astype(float) - truth[step][inner]).mean() for step in (t - 1, t)])[0]
                )
                for t in range(6, FRAMES)
            ]
        )
        for each in (edits, results)
    ]
    assert errors[1] < 0.55 * errors[0]
    sharp = [
        np.mean([cv2.Laplacian(each[t][inner], cv2.CV_32F).std() for t in range(6, FRAMES)])
        for each in (truth, results)
    ]
    assert sharp[1] > 0.9 * sharp[0]


def test_a_scene_begins_anew(scene, captain, offsets):
    other = np.ascontiguousarray(cv2.resize(captain, (320, 320))[:, ::-1])
    edits = [edited(scene, 10), edited(scene, -10), edited(other, 10)]
    results = run([scene, scene, other], edits)
    assert not np.array_equal(results[1], edits[1])
    assert np.array_equal(results[2], edits[2])


def test_what_is_meant_to_change_does_so_at_once(scene):
    """A sign that appears within the edit is no flicker."""
    signed = edited(scene)
    signed[80:120, 100:150] = (255, 255, 255)
    results = run([scene] * 3, [edited(scene), edited(scene), signed])
    assert np.abs(results[2][86:114, 106:144].astype(int) - 255).max() <= 2


def test_what_comes_to_be_edited_is_so_at_once(scene):
    """An edit that widens: what was not edited before says nothing about how it will look."""

    def lighter(columns):
        image = scene.copy()
        image[60:160, 70:columns] = np.clip(image[60:160, 70:columns].astype(int) + 12, 0, 255)
        return image

    results = run([scene] * 2, [lighter(130), lighter(170)])
    assert np.abs(results[1][60:160, 132:170].astype(int) - lighter(170)[60:160, 132:170]).max() <= 1


def test_a_change_that_lasts_comes_through(scene):
    edits = [edited(scene, 0)] * 4 + [edited(scene, 12)] * 30
    results = run([scene] * len(edits), edits)
    difference = np.abs(results[-1][BOX].astype(int) - edits[-1][BOX])
    assert difference.mean() < 1


def test_grain_that_an_edit_took_away_does_not_come_back_and_grain_that_it_kept_stays(scene):
    rng = np.random.default_rng(6)
    grain = [rng.normal(0, 5, scene.shape) for _ in range(FRAMES)]
    originals = [np.clip(scene + each, 0, 255).astype(np.uint8) for each in grain]
    clean = []
    for original in originals:
        image = original.copy()
        image[BOX] = edited(scene)[BOX]
        clean.append(image)
    grainy = [edited(original) for original in originals]
    inner = np.s_[70:150, 80:180]
    results = run(originals, clean)
    assert np.mean([np.abs(each[inner].astype(int) - edited(scene)[inner]).mean() for each in results]) < 0.7
    kept = run(originals, grainy)
    assert flicker(kept, inner) > 0.75 * flicker(grainy, inner)


def test_frames_that_were_enlarged_are_held_against_the_original_enlarged(scene, offsets):
    small = np.ascontiguousarray(scene[::2, ::2])
    given = []
    for index, offset in enumerate(offsets):
        before = FaceFrame(Frame(index, index, 1, Fraction(1, 25), small), ())
        given.append(before.enlarged(before.frame.enlarged(edited(scene, offset))))
    results = [each.frame.image for each in smoother().process(given)]
    assert flicker(results[6:]) < 0.4 * flicker([each.frame.image for each in given[6:]])


@pytest.mark.parametrize("shape", [(1, 1), (3, 200), (40, 20)])
def test_frames_of_any_size_are_borne(shape):
    image = np.full((*shape, 3), 90, np.uint8)
    results = run([image] * 3, [image + np.uint8(20), image + np.uint8(26), image + np.uint8(20)])
    assert [each.shape for each in results] == [image.shape] * 3


def test_the_part_that_was_edited_is_found(scene):
    assert edited_part(scene, scene.copy()) is None
    part = edited_part(scene, edited(scene))
    assert part is not None and (part.y, part.x) == (60, 70)


def test_it_keeps_the_rules_of_processors(scene, offsets):
    batch = [
        item(moved(scene, index), edited(moved(scene, index), offset), index)
        for index, offset in enumerate(offsets[:5])
    ]
    check_processor(smoother, batch)
