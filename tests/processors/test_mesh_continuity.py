"""Continuity: what is laid over a face moves with its skin, does not tremble, and lags behind nothing."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from facefusion.faces.mesh import canonical_vertices
from facefusion.processors.face_swapper.mesh.colour import TextureGain
from facefusion.processors.face_swapper.mesh.continuity import Continuity, Laid
from facefusion.processors.face_swapper.mesh.memory import FaceMemory
from facefusion.processors.face_swapper.mesh.motion import Motion, Seen
from facefusion.processors.face_swapper.mesh.region import FaceRegion
from facefusion.state import pack, unpack

SIZE = 320
GAIN = TextureGain(1, 1, 1, 150)


def picture(shift=(0.0, 0.0), lighter=0.0):
    """A face's worth of skin with pores and moles, moved by so many pixels."""
    pores = np.random.default_rng(5).normal(150, 60, (SIZE // 4, SIZE // 4, 3)).astype(np.float32)
    skin = cv2.GaussianBlur(cv2.resize(pores, (SIZE, SIZE), interpolation=cv2.INTER_CUBIC), (0, 0), 2)
    move = np.array([[1, 0, shift[0]], [0, 1, shift[1]]], np.float32)
    moved = cv2.warpAffine(skin, move, (SIZE, SIZE), borderMode=cv2.BORDER_REFLECT)
    return np.clip(moved + lighter, 0, 255).astype(np.uint8)


def mesh_at(shift=(0.0, 0.0)):
    return (canonical_vertices() * 90 + np.array([160 + shift[0], 160 + shift[1], 0])).astype(np.float32)


def seen(shift=(0.0, 0.0), trembling=(0.0, 0.0), lighter=0.0):
    """The face as a frame shows it, and its region; the landmarks are off by the trembling."""
    mesh = mesh_at(np.add(shift, trembling))
    region = FaceRegion.of(mesh, (SIZE, SIZE))
    image = picture(shift, lighter)
    return Seen.of(region.on_grid(region.view(image)), region, mesh), region


@pytest.mark.parametrize("visible", [8, 14, 24])
def test_of_a_face_that_hardly_reaches_into_the_frame_the_mesh_alone_says_how_it_moved(visible):
    top = np.floor(mesh_at()[:, 1].min())
    strips = []
    for shift in (0, 2):
        mesh = mesh_at((shift, 0)) - np.array([0, top, 0], np.float32)
        image = picture((shift, 0))[int(top) : int(top) + visible]
        region = FaceRegion.of(mesh, image.shape[:2])
        strips.append(Seen.of(region.on_grid(region.view(image)), region, mesh))
    motion = Motion.between(*strips)
    assert motion.place.shape[:2] == strips[1].grey.shape
    columns = np.arange(motion.place.shape[1])
    assert np.abs(motion.place[..., 0] - columns)[:, 20:-20].max() < 2.5


def wanted(region, shift=(0.0, 0.0), lighter=0.0):
    """Texture and colour as they would lie on a face that is moved by so many pixels of the frame."""
    to_frame = region.to_frame()
    y, x = np.mgrid[: region.grid[0], : region.grid[1]].astype(np.float32)
    place = np.dstack([x * to_frame[0, 0] + to_frame[0, 2] - shift[0], y * to_frame[1, 1] + to_frame[1, 2] - shift[1]])
    smooth = np.dstack([place[:, :, 0] / 10 + 100 + lighter, place[:, :, 1] / 20 + 120, np.full(region.grid, 130.0)])
    visible = np.ones(region.grid, np.float32)
    share = np.full(region.grid, 0.5, np.float32)
    none = np.zeros_like(share)
    return Laid((place / 200).astype(np.float32), visible, smooth.astype(np.float32), share, none, none, GAIN)


def middle(field):
    """Away from the border of the region, where what comes in has no past."""
    return field[20:-20, 20:-20]


@pytest.mark.parametrize("shift", [(0.0, 0.0), (0.4, -0.3), (3.0, 2.0), (12.0, -9.0)])
def test_motion_is_found_from_pixels_to_fractions_of_them(shift):
    then, _ = seen()
    now, region = seen(shift, trembling=(0.7, -0.5))
    motion = Motion.between(then, now)
    to_then = np.linalg.inv(then.to_frame) @ now.to_frame
    y, x = np.mgrid[: region.grid[0], : region.grid[1]].astype(np.float32)
    moved = np.array(shift) / then.to_frame[0, 0]
    expected = (
        to_then[0, 0] * x + to_then[0, 2] - moved[0],
        to_then[1, 1] * y + to_then[1, 2] - moved[1],
    )
    off = np.hypot(*(middle(motion.place[:, :, axis] - expected[axis]) for axis in (0, 1)))
    assert np.median(off) < 0.12
    assert middle(motion.trust).mean() > 0.9


def test_what_the_motion_does_not_explain_is_not_trusted():
    then, _ = seen()
    now, _ = seen()
    hand = now.grey.copy()
    hand[40:100, 40:90] = 20
    trust = Motion.between(then, replace(now, grey=hand)).trust
    assert trust[55:85, 55:75].max() < 0.1
    assert trust[130:160, 20:100].mean() > 0.9


def test_trembling_landmarks_do_not_move_the_texture():
    continuity = Continuity()
    first, region = seen()
    continuity.steady(first, wanted(region))
    rng = np.random.default_rng(1)
    for _ in range(10):
        trembling = rng.normal(0, 0.8, 2)
        now, region = seen(trembling=trembling)
        laid = continuity.steady(now, wanted(region, trembling))
        off = middle(laid.place - wanted(region).place)
        assert np.abs(off).mean() * 200 < 0.35, "of a pixel; the landmarks are off by 0.6 on average"


def test_a_moving_head_takes_its_texture_along_at_once():
    continuity = Continuity()
    for frame in range(12):
        shift = (2.5 * frame, -1.5 * frame)
        now, region = seen(shift)
        laid = continuity.steady(now, wanted(region, shift))
        assert np.abs(middle(laid.place - wanted(region, shift).place)).mean() * 200 < 0.3


def test_what_the_landmarks_go_on_asking_for_comes_about():
    continuity = Continuity()
    first, region = seen()
    continuity.steady(first, wanted(region))
    for _ in range(60):
        now, region = seen()
        laid = continuity.steady(now, wanted(region, (4.0, 0.0)))
    assert np.abs(laid.place - wanted(region, (4.0, 0.0)).place).mean() * 200 < 0.3


def test_when_the_flow_has_lost_its_way_the_landmarks_decide():
    continuity = Continuity()
    first, region = seen()
    continuity.steady(first, wanted(region))
    now, region = seen()
    far = wanted(region, (60.0, 0.0))
    assert np.allclose(continuity.steady(now, far).place, far.place, atol=1e-5)


def test_a_cut_leaves_nothing_of_what_was():
    continuity = Continuity()
    first, region = seen()
    continuity.steady(first, wanted(region))
    now, region = seen()
    other = replace(now, grey=np.random.default_rng(9).integers(0, 255, now.grey.shape).astype(np.uint8))
    asked = replace(wanted(region, (3.0, 3.0)), share=np.zeros(region.grid, np.float32))
    laid = continuity.steady(other, asked)
    assert np.abs(laid.place - asked.place).mean() * 200 < 0.05
    assert laid.share.mean() < 0.02


def test_light_that_changes_over_the_whole_face_changes_at_once():
    continuity = Continuity()
    first, region = seen()
    continuity.steady(first, wanted(region))
    now, region = seen(lighter=12)
    laid = continuity.steady(now, wanted(region, lighter=12))
    assert np.abs(middle(laid.smooth - wanted(region, lighter=12).smooth)).max() < 0.5


def test_light_that_flickers_in_one_place_is_calmed():
    continuity = Continuity()
    first, region = seen()
    continuity.steady(first, wanted(region))
    now, region = seen()
    asked = wanted(region)
    asked.smooth[60:80, 60:80, 0] += 6
    laid = continuity.steady(now, asked)
    assert np.abs(laid.smooth - wanted(region).smooth)[62:78, 62:78, 0].max() < 1


def test_it_goes_on_from_a_state_bit_for_bit():
    memory = FaceMemory()
    first, region = seen()
    memory.continuity.steady(first, wanted(region))
    other = FaceMemory.of_state(unpack(pack(memory.state())))
    now, region = seen((1.0, 0.5), trembling=(0.4, 0.2))
    one, two = (each.continuity.steady(now, wanted(region, (1.4, 0.7))) for each in (memory, other))
    assert np.array_equal(one.place, two.place)
    assert np.array_equal(one.smooth, two.smooth)
    assert np.array_equal(one.share, two.share)
    assert one.gain == two.gain


def test_what_comes_in_front_is_there_at_once_and_goes_slowly_where_nothing_is_seen_to_change():
    continuity = Continuity()
    first, region = seen()
    clear = wanted(region)
    continuity.steady(first, clear)
    covered = replace(clear, front=np.ones(region.grid, np.float32))
    now, _ = seen()
    assert middle(continuity.steady(now, covered).front).min() == 1
    again, _ = seen()
    assert middle(continuity.steady(again, clear).front).min() > 0.8
    gone = replace(again, grey=np.random.default_rng(9).integers(0, 255, again.grey.shape).astype(np.uint8))
    assert continuity.steady(gone, clear).front.mean() < 0.05, "the picture changed: nothing is there any more"
