"""What the figures for clips mean: on movements of which everything is known, they come out as they must."""

from __future__ import annotations

import os
from dataclasses import replace
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest
from benchmarks.contact_sheet import picture_of
from benchmarks.judging.film import Take, followed, swapped_share
from benchmarks.judging.flicker import flicker
from benchmarks.judging.motion import jitter, lag
from benchmarks.judging.truth import MOVEMENTS, moving_frames
from benchmarks.pairs import Studio

from facefusion.faces.align import apply_affine, invert_affine

ASSETS = Path(os.environ.get("FACEFUSION_TEST_ASSETS", Path(__file__).parents[3] / "shared" / "assets"))
FRAMES = 6

needs_assets = pytest.mark.skipif(
    not ASSETS.is_dir(), reason=f"the test material is not in {ASSETS} (set FACEFUSION_TEST_ASSETS)"
)


def swinging(behind: float = 0.0) -> np.ndarray:
    time = np.arange(75) - behind
    return np.column_stack([300 + 40 * np.sin(time / 9) + 2 * time, 200 + 15 * np.cos(time / 7)])


@pytest.mark.parametrize("behind", [0.0, 0.4, 1.0, 2.3, -0.7])
def test_lag_is_told_to_a_tenth_of_a_frame(behind):
    assert lag(swinging(behind), swinging(), unit=80) == pytest.approx(behind, abs=0.1)


def test_of_a_head_at_rest_and_of_a_short_clip_no_lag_is_told():
    assert lag(swinging() / 100, swinging() / 100, unit=80) is None
    assert lag(swinging()[:10], swinging()[:10], unit=80) is None


def test_jitter_is_what_is_left_of_landmarks_that_move_evenly():
    mesh = np.random.default_rng(1).uniform(0, 100, (468, 3)).astype(np.float32)
    even = [mesh + 3 * number for number in range(9)]
    trembling = [mesh + np.float32(number % 2) for number in range(9)]
    found, own = jitter(list(zip(trembling, even, strict=True)), unit=50)
    # Each vertex goes to and fro by a pixel to the side and one down: the second difference is twice that.
    assert found == pytest.approx(2 * np.sqrt(2) / 50, rel=1e-4)
    assert own == pytest.approx(0, abs=1e-6)


def test_jitter_leaves_out_what_spans_a_frame_without_a_face():
    mesh = np.zeros((468, 3), np.float32)
    before, after = [(mesh, mesh)] * 4, [(mesh + 90, mesh + 90)] * 4
    assert jitter([*before, None, *after], unit=50) == (0, 0)
    assert jitter([(mesh, mesh), None, (mesh, mesh)], unit=50) == (0, 0)


@pytest.fixture(scope="module")
def moved():
    """A portrait that is moved, with its face where it must be, and a second that is moved in the same way."""
    if not ASSETS.is_dir():
        pytest.skip(f"the test material is not in {ASSETS} (set FACEFUSION_TEST_ASSETS)")
    studio = Studio()
    first, second = (studio.portrait(picture_of(number)) for number in ("05", "23"))
    clips = [islice(moving_frames(portrait, MOVEMENTS["moved_slowly"]), FRAMES) for portrait in (first, second)]
    takes, rest = [], None
    for (before, transform), (after, _) in zip(*clips, strict=True):
        if rest is None:
            face = studio.analyser.find(before)[0]
            rest = apply_affine(invert_affine(transform), face.mesh[:, :2])
        mesh = np.column_stack([apply_affine(transform, rest), face.mesh[:, 2]])
        box = np.concatenate([mesh[:, :2].min(0), mesh[:, :2].max(0)])
        takes.append(Take(before, after, {0: replace(face, mesh=mesh, box=box)}, frozenset({0}), 1))
    return takes


@needs_assets
def test_a_perfect_swap_flickers_hardly_more_than_its_target(moved):
    after, before = flicker(moved, 0)
    assert 0 < before < 0.3
    assert after / before < 1.1


@needs_assets
def test_what_is_left_as_it_is_flickers_as_before(moved):
    after, before = flicker([replace(take, after=take.before) for take in moved], 0)
    assert after == before


@needs_assets
def test_light_that_comes_and_goes_is_flicker(moved):
    blinking = [replace(take, after=cv2.add(take.after, (6 * (number % 2),) * 4)) for number, take in enumerate(moved)]
    assert flicker(blinking, 0)[0] > flicker(moved, 0)[0] + 1


@needs_assets
def test_frames_in_which_nothing_was_replaced_say_nothing_of_flicker(moved):
    assert flicker([replace(take, swapped=frozenset()) for take in moved], 0) == (0, 0)


@needs_assets
def test_faces_that_were_seen_and_not_replaced_count(moved):
    assert swapped_share(moved) == 1
    assert swapped_share([*moved, *(replace(take, faces={}, swapped=frozenset()) for take in moved)]) == 0.5
    assert followed(moved) == []
    assert followed(moved * 2) == [0]
