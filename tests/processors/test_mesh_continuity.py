"""Continuity: what is laid over a face moves with its skin, does not tremble, and lags behind nothing."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from facefusion.faces.mesh import INNER_LIPS, LEFT_EYE, OUTER_LIPS, RIGHT_EYE, canonical_vertices
from facefusion.options import FaceSwapperOptions
from facefusion.processors.face_swapper.mesh.colour import TextureGain
from facefusion.processors.face_swapper.mesh.continuity import Continuity, Laid
from facefusion.processors.face_swapper.mesh.memory import FaceMemory
from facefusion.processors.face_swapper.mesh.motion import Motion, Seen
from facefusion.processors.face_swapper.mesh.region import FaceRegion
from facefusion.processors.face_swapper.mesh.source import SourceModel
from facefusion.processors.face_swapper.mesh.swapper import MeshSwapper
from facefusion.state import pack, unpack

SIZE = 320
GAIN = TextureGain(1, 1, 1, 150)
TONE = np.array([150.0, 140.0, 145.0])


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
    return Laid((place / 200).astype(np.float32), visible, smooth.astype(np.float32), share, none, none, GAIN, TONE)


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


ALL_EXPLAINED = np.ones(468, np.float32)
CHIN = [18, 83, 199, 200, 201, 313, 421, 175, 208, 428, 171, 396, 140, 369]


def settled():
    """A face that was looked at often enough, and its region."""
    continuity = Continuity()
    for _ in range(20):
        now, region = seen()
        continuity.steady(now, wanted(region))
    return continuity, region


def carried(continuity, shift=(0.0, 0.0), lighter=0.0):
    """What is laid over the next frame, which is not looked at; None where it has to be."""
    now, region = seen(shift, lighter=lighter)
    motion, asked = continuity.motion(now), wanted(region, shift)
    if not continuity.carries(motion, ALL_EXPLAINED):
        return None
    return continuity.carried(now, motion, asked.place, asked.share)


def test_a_face_that_is_new_is_looked_at_in_every_frame():
    continuity = Continuity()
    for _ in range(15):
        now, region = seen()
        continuity.steady(now, wanted(region))
        assert not continuity.carries(continuity.motion(now), ALL_EXPLAINED)


def test_once_it_is_known_it_is_looked_at_in_one_frame_of_three():
    continuity, region = settled()
    assert [carried(continuity) is not None for _ in range(3)] == [True, True, False]
    continuity.steady(seen()[0], wanted(region))
    assert carried(continuity) is not None


def test_it_is_looked_at_when_something_may_have_come_in_front_of_its_skin():
    continuity, _ = settled()
    now, _ = seen()
    skin = ALL_EXPLAINED.copy()
    skin[CHIN] = 0
    assert not continuity.carries(continuity.motion(now), skin)


def test_lids_and_lips_may_move_without_a_look():
    continuity, _ = settled()
    now, _ = seen()
    skin = ALL_EXPLAINED.copy()
    skin[[*LEFT_EYE, *RIGHT_EYE, *INNER_LIPS, *OUTER_LIPS]] = 0
    assert continuity.carries(continuity.motion(now), skin)


def test_what_adds_up_over_frames_asks_for_a_look():
    continuity, _ = settled()
    now, region = seen()
    skin = ALL_EXPLAINED.copy()
    skin[CHIN[:9]] = 0
    motion = continuity.motion(now)
    assert continuity.carries(motion, skin)
    continuity.carried(now, motion, wanted(region).place, wanted(region).share)
    assert not continuity.carries(continuity.motion(now), skin)


def test_what_is_not_looked_at_moves_with_the_face():
    continuity, _ = settled()
    laid, asked = carried(continuity, (2.5, -1.5)), wanted(seen((2.5, -1.5))[1], (2.5, -1.5))
    assert np.abs(middle(laid.place - asked.place)).mean() * 200 < 0.3
    assert np.abs(middle(laid.smooth - asked.smooth)).mean() < 0.1


def test_light_over_the_whole_face_is_followed_without_a_look_as_long_as_it_changes_little():
    continuity, region = settled()
    laid = carried(continuity, lighter=3)
    assert middle(laid.smooth - wanted(region).smooth)[:, :, 0].mean() == pytest.approx(3, abs=0.6)
    assert carried(settled()[0], lighter=9) is None


def test_light_that_was_not_looked_at_for_some_frames_catches_up():
    every, seldom = settled()[0], settled()[0]
    now, region = seen()
    brighter = wanted(region)
    brighter.smooth[60:80, 60:80, 0] += 6
    for _ in range(2):
        every.steady(now, brighter)
        carried(seldom)
    one, other = (each.steady(now, brighter).smooth[62:78, 62:78, 0].mean() for each in (every, seldom))
    assert one == pytest.approx(other, abs=0.1)


@pytest.mark.parametrize("frames", [18, 19, 20])
def test_a_followed_face_goes_on_from_a_state_between_two_looks(
    frames, astronaut, astronaut_face, captain, captain_face
):
    model, face = SourceModel.build(captain, captain_face), replace(astronaut_face, track_id=1)
    first, second = (MeshSwapper(model, FaceSwapperOptions()) for _ in range(2))
    for _ in range(frames):
        first.swap(astronaut.copy(), face)
    second.restore(unpack(pack(first.state())))
    for brightness in range(4):
        results = [np.asarray(cv2.convertScaleAbs(astronaut, beta=brightness), np.uint8) for _ in range(2)]
        for swapper, result in zip((first, second), results, strict=True):
            swapper.swap(result, face)
        assert np.array_equal(*results)


@pytest.mark.parametrize("unseen", [0, 1, 2])
def test_when_it_is_next_looked_at_follows_from_a_state(unseen):
    memory = FaceMemory()
    memory.continuity = settled()[0]
    for _ in range(unseen):
        carried(memory.continuity)
    other = FaceMemory.of_state(unpack(pack(memory.state())))
    for shift in ((0.5, 0.2), (1.0, 0.4), (1.5, 0.6)):
        one, two = (carried(each.continuity, shift) for each in (memory, other))
        assert (one is None) == (two is None)
        if one is not None:
            assert np.array_equal(one.place, two.place)
            assert np.array_equal(one.smooth, two.smooth)
