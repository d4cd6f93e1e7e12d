"""The seam is where the new face ends and the target's own head goes on."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from benchmarks.judging.seam import judge_seam

SIZE = 384
SKIN = np.ones((SIZE, SIZE), bool)


def face_mask() -> np.ndarray:
    """A round face with a hole where an eye is."""
    mask = np.zeros((SIZE, SIZE), np.float32)
    cv2.circle(mask, (192, 192), 120, 1.0, -1)
    cv2.circle(mask, (192, 192), 20, 0.0, -1)
    return cv2.GaussianBlur(mask, (0, 0), 4)


def picture() -> np.ndarray:
    grain = np.random.default_rng(0).normal(150, 5, (SIZE, SIZE, 1))
    return np.clip(cv2.GaussianBlur(grain, (0, 0), 1.5)[:, :, None].repeat(3, 2), 0, 255).astype(np.uint8)


def test_a_target_left_alone_has_no_seam():
    target = picture()
    seam = judge_seam(target, target, face_mask(), SKIN)
    assert seam.colour == 0
    assert seam.gradient == seam.own_gradient


def test_another_colour_beside_the_edge_is_a_step():
    target, mask = picture(), face_mask()
    darker = (target - 40 * mask[:, :, None]).astype(np.uint8)
    seam = judge_seam(darker, target, mask, SKIN)
    assert seam.colour > 10
    assert seam.gradient > 1.5 * seam.own_gradient


def test_what_surrounds_an_eye_is_no_seam():
    target, mask = picture(), face_mask()
    y, x = np.mgrid[:SIZE, :SIZE]
    middle = np.exp(-((x - 192) ** 2 + (y - 192) ** 2) / (2 * 15**2))
    changed = (target - 60 * middle[:, :, None]).astype(np.uint8)
    assert judge_seam(changed, target, mask, SKIN).colour == pytest.approx(0, abs=0.5)
