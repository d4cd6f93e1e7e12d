"""How the new face is joined to the target: broad colour along its edge, dark features, burnt-out skin, grain."""

from __future__ import annotations

import numpy as np
import pytest

from facefusion.processors.face_swapper.mesh.colour import TextureGain, join_texture
from facefusion.processors.face_swapper.mesh.detail import match_detail
from facefusion.processors.face_swapper.mesh.regions import plain_vertices
from facefusion.processors.face_swapper.mesh.shadow import broad_step, edge_zone
from material import mesh_at

SIZE = 120
PLAIN = np.ones((SIZE, SIZE), np.float32)
SAME = TextureGain(1.0, 1.0, 1.0, 150.0)


def skin(lightness: float, chroma: float = 10) -> np.ndarray:
    lab = np.full((SIZE, SIZE, 3), 128, np.float32)
    lab[:, :, 0], lab[:, :, 1] = lightness, 128 + chroma
    return lab


def texture(lightness: float) -> np.ndarray:
    return np.dstack([PLAIN * lightness, 0 * PLAIN, 0 * PLAIN]).astype(np.float32)


def test_along_its_edge_the_new_face_takes_on_all_of_the_targets_colour_and_inside_it_keeps_some_of_its_own():
    difference = np.dstack([PLAIN * 6, PLAIN * 3, PLAIN * -3]).astype(np.float32)
    edge = np.zeros((SIZE, SIZE), np.float32)
    edge[:, :40] = 1
    step = broad_step(difference, PLAIN, PLAIN, edge, paler=0)
    assert step[60, 20] == pytest.approx(difference[60, 20], rel=0.05)
    assert step[60, 100] == pytest.approx([0, 0, 0])


def test_what_is_no_skin_of_the_target_has_no_say_in_the_colour():
    difference, trust = skin(0, -123), PLAIN.copy()
    difference[:, :, 1:] = 0
    difference[:, 60:], trust[:, 60:] = 100, 0
    step = broad_step(difference, trust, trust, PLAIN, paler=0)
    assert np.abs(step[:, :60]).max() < 1


def test_broad_shadows_of_a_dark_face_give_way_on_much_paler_skin():
    difference = np.dstack([PLAIN * 30, 0 * PLAIN, 0 * PLAIN]).astype(np.float32)
    same, pale = (broad_step(difference, PLAIN, PLAIN, 0 * PLAIN, paler=paler)[60, 60, 0] for paler in (0, 90))
    assert 2 < same < 6
    assert pale > 15


def test_eyes_and_mouth_are_no_edge():
    mesh = mesh_at(SIZE / 2, SIZE / 2, width=SIZE)
    share = np.zeros((SIZE, SIZE), np.float32)
    share[10:110, 10:110] = 1
    share[55:65, 55:65] = 0
    zone = edge_zone(share, mesh)
    assert zone[0, 0] == 1
    assert zone[10, 60] > 0.9
    assert zone[60, 60] == 0


def test_eyes_and_lips_keep_their_own_colour_and_brows_much_of_it():
    plain = plain_vertices()
    assert plain[[33, 263, 61]].max() == 0
    assert 0.2 < plain[[105, 334]].max() < 0.5
    assert plain[[10, 152, 234]].min() == 1


def test_what_darkens_pale_skin_is_richer_in_colour_than_a_mere_shadow():
    smooth = skin(220)
    shadow = join_texture(texture(-60), smooth, SAME)
    brown = join_texture(texture(-60), smooth, TextureGain(1.0, 1.0, 1.0, 150.0, pigment=12.0, paler=70.0))
    assert shadow[0, 0, 1] < smooth[0, 0, 1] < brown[0, 0, 1]
    assert shadow[0, 0, 0] == brown[0, 0, 0]


def test_brows_stay_dark_on_pale_skin_while_shadows_become_as_weak_as_they_are_there():
    gain = TextureGain(0.7, 0.7, 1.0, 150.0, deep=1.3)
    smooth = skin(220)
    assert join_texture(texture(-20), smooth, gain)[0, 0, 0] == pytest.approx(206)
    assert join_texture(texture(-120), smooth, gain)[0, 0, 0] < 100


def test_burnt_out_skin_shows_no_soft_shadows():
    assert join_texture(texture(-10), skin(254, 0), SAME)[0, 0, 0] == pytest.approx(254)
    assert join_texture(texture(-60), skin(254, 0), SAME)[0, 0, 0] < 230


def test_a_smooth_face_takes_on_the_grain_of_the_picture_but_not_its_lines():
    grey = 120 + np.random.default_rng(0).normal(0, 4, (SIZE, SIZE))
    grey[60] = 0
    picture = np.repeat(np.clip(grey, 0, 255).astype(np.uint8)[:, :, None], 3, 2)
    new = match_detail(PLAIN * 120, picture, PLAIN.astype(np.uint8))
    assert 1 < new[:50].std() < 4.5
    assert np.abs(new[60] - 120).max() < 8


def test_a_clean_picture_adds_no_grain():
    clean = np.full((SIZE, SIZE, 3), 120, np.uint8)
    assert match_detail(PLAIN * 120, clean, PLAIN.astype(np.uint8)) == pytest.approx(PLAIN * 120)
