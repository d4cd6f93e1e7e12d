"""Dust and scratches: damage is found and repaired, and nothing else is touched."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from benchmarks.film_damage import Damaged, with_dust, with_scratches
from tests.processors.worn_film import HEIGHT, WIDTH, restored, scene

from facefusion.media.frame import Image
from facefusion.processors.film_restorer.dust import Dust
from facefusion.processors.film_restorer.scratches import Scratches


def found(worn: Damaged, result: list[Image], frames: range) -> float:
    """Share of the marks of which at least half was repaired."""
    marks = [(index, mark) for index in frames for mark in worn.marks[index]]
    hits = [
        bool((result[index] != worn.images[index]).any(2)[mark.rows, mark.columns].mean() >= 0.5)
        for index, mark in marks
    ]
    assert len(hits) > 10
    return float(np.mean(hits))


def touched(worn: Damaged, result: list[Image]) -> float:
    """Share of the clean pixels that are others now."""
    clean = [~worn.damage(index) for index in range(len(result))]
    others = [(now != before).any(2) for now, before in zip(result, worn.images, strict=True)]
    return float(sum((o & c).sum() for o, c in zip(others, clean, strict=True)) / sum(c.sum() for c in clean))


def gain(worn: Damaged, result: list[Image], frames: range) -> float:
    """By how many decibels the damaged pixels are nearer to the truth."""
    before = after = 0.0
    for index in frames:
        where, truth = worn.damage(index), worn.clean[index].astype(np.float64)
        before += float(((worn.images[index] - truth)[where] ** 2).sum())
        after += float(((result[index] - truth)[where] ** 2).sum())
    return float(10 * np.log10(before / after))


def test_dust_is_repaired_from_the_frames_beside_it() -> None:
    """Specks and hairs go; hardly a clean pixel changes."""
    worn = with_dust(scene(9), seed=3)
    result = restored(worn.images, Dust(50))
    inner = range(1, 8)
    assert found(worn, result, inner) >= 0.95
    assert touched(worn, result) <= 0.001
    assert gain(worn, result, inner) >= 6


def test_frames_without_dust_are_the_same_objects() -> None:
    """A ball that rolls before a moving wall is no dust; frames that are not changed are not even copied."""
    images = scene(6)
    assert all(now is before for now, before in zip(restored(images, Dust(50)), images, strict=True))


def test_a_thin_thing_that_moves_fast_is_not_taken_for_dust() -> None:
    """A stick that swings farther in each frame than it is broad stays."""
    images = scene(7)
    for index, image in enumerate(images):
        start = (30 + 22 * index, 150)
        cv2.line(image, start, (start[0] + 14, 40), (225, 190, 160), 7, cv2.LINE_AA)
    changed = [(now != before).any(2).mean() for now, before in zip(restored(images, Dust(50)), images, strict=True)]
    assert max(changed) <= 0.001


def test_dust_beside_a_cut_and_in_a_single_picture_stays() -> None:
    """Where a neighbour lacks there is nothing to tell dust by, so nothing is done."""
    first, second = scene(1, seed=1)[0], scene(1, seed=2)[0]
    cv2.circle(first, (100, 50), 3, (240, 240, 240), -1)
    assert restored([first], Dust(50))[0] is first
    assert restored([first, 255 - second], Dust(50))[0] is first


def test_more_strength_finds_fainter_dust() -> None:
    """A speck that hardly differs is found with full strength alone."""
    images = scene(3)
    images[1] = images[1].copy()
    images[1][37:42, 178:183] += 10
    assert restored(images, Dust(1))[1] is images[1]
    assert restored(images, Dust(100))[1] is not images[1]


def test_scratches_are_closed_over_the_whole_of_their_life() -> None:
    """Upright scratches go, and hardly a clean pixel changes."""
    images = [cv2.resize(image, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC) for image in scene(12)]
    worn = with_scratches(images, seed=5, alive=3)
    result = restored(worn.images, Scratches(50))
    assert found(worn, result, range(12)) >= 0.95
    assert touched(worn, result) <= 0.001
    assert gain(worn, result, range(12)) >= 6


def test_a_scratch_close_beside_another_is_closed_too() -> None:
    """What one scratch hides is looked for when that is gone."""
    truth = [cv2.resize(image, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC) for image in scene(5)]
    images = [image.copy() for image in truth]
    for image in images:
        for place, share in ((200, 0.8), (203, 0.5)):
            image[:, place] = np.rint(image[:, place] * (1 - share) + 235 * share).astype(np.uint8)
    for now, worn, clean in zip(restored(images, Scratches(50)), images, truth, strict=True):
        for place in (200, 203):
            before, after = (np.abs(each[:, place].astype(int) - clean[:, place]).mean() for each in (worn, now))
            assert after < before / 4


def test_a_line_on_one_frame_alone_is_no_scratch() -> None:
    """Scratches stay for some frames."""
    images = scene(5)
    images[2] = images[2].copy()
    cv2.line(images[2], (100, 0), (100, HEIGHT), (240, 240, 240), 1)
    assert all(now is before for now, before in zip(restored(images, Scratches(50)), images, strict=True))


@pytest.mark.parametrize("size", [(8, 8), (1, 60), (40, 3)])
def test_frames_too_small_to_show_anything_come_out_as_they_are(size: tuple[int, int]) -> None:
    """No size is refused."""
    images = [np.full((*size, 3), level, np.uint8) for level in (90, 91, 90)]
    result = restored(images, Dust(50), Scratches(50))
    assert all(now.shape == (*size, 3) for now in result)


def test_scratches_and_dust_are_found_in_grain() -> None:
    """Grain hides the faint ones alone, and is not taken for dust."""
    random = np.random.default_rng(7)
    images = [np.clip(image + random.normal(0, 3, (HEIGHT, WIDTH, 1)), 0, 255).astype(np.uint8) for image in scene(6)]
    changed = [(now != before).any(2).mean() for now, before in zip(restored(images, Dust(50)), images, strict=True)]
    assert max(changed) <= 0.001
    worn = with_dust(images, seed=3)
    assert found(worn, restored(worn.images, Dust(50)), range(1, 5)) >= 0.8
