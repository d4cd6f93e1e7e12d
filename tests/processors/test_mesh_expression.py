"""Expression lines: the folds of the target's expression show on the new face, and those of the source's smile go."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from facefusion.faces.align import apply_affine, similarity_transform
from facefusion.faces.mesh import INNER_LIPS, OUTER_LIPS
from facefusion.options import FaceSwapperOptions
from facefusion.processors.face_swapper.mesh.expression import (
    Rest,
    expression_zone,
    lines_of_smile,
    planes_with_lines,
    smile_of,
    smile_zone,
)
from facefusion.processors.face_swapper.mesh.shape import level_shape
from facefusion.processors.face_swapper.mesh.source import SourceModel
from facefusion.processors.face_swapper.mesh.swapper import MeshSwapper
from facefusion.state import pack, unpack
from material import read

SIZE = 60
BROAD_SMILES, RESTING = ("022", "041", "063", "099", "103", "134", "172"), ("022", "041", "063", "099", "103", "134")


def skin(fold=0.0, seed=0):
    """Plain skin with a vertical fold of some depth across its middle, float32 (SIZE, SIZE)."""
    grain = np.random.default_rng(seed).normal(0, 0.2, (SIZE, SIZE)).astype(np.float32)
    across = np.exp(-0.5 * ((np.arange(SIZE) - SIZE / 2) / 1.5) ** 2).astype(np.float32)
    return 150 + grain - fold * across


def middle(lines):
    return float(lines[10:-10, SIZE // 2].mean())


def portrait(analyser, assets, person, expression):
    image = read(assets / "pairs" / f"london-{person}-{expression}.jpg")
    return image, analyser.find(image)[0]


def swapped(model, image, face, **options):
    result = image.copy()
    MeshSwapper(model, FaceSwapperOptions(**options)).swap(result, face)
    return result


@pytest.fixture(scope="module")
def smiling(analyser, assets):
    return SourceModel.build(*portrait(analyser, assets, "172", "smiling"))


class TestSmile:
    @pytest.mark.parametrize("person", BROAD_SMILES)
    def test_a_broad_smile_is_one(self, analyser, assets, person):
        assert smile_of(level_shape(portrait(analyser, assets, person, "smiling")[1].mesh)) > 0.9

    @pytest.mark.parametrize("person", RESTING)
    def test_a_face_at_rest_does_not_smile(self, analyser, assets, person):
        assert smile_of(level_shape(portrait(analyser, assets, person, "neutral")[1].mesh)) < 0.1


class TestLinesOfASmile:
    everywhere = np.ones((SIZE, SIZE), np.float32)

    def lines(self, *, source, target, on_source=0.0, on_target=0.0, zone=everywhere):
        return lines_of_smile(skin(on_target), skin(on_source, 1), zone, (source, target), 60.0)

    def test_a_smiling_target_lends_its_folds(self):
        assert middle(self.lines(source=0, target=1, on_target=12)) < -2

    def test_a_smiling_source_loses_its_own_where_the_target_does_not_smile(self):
        assert middle(self.lines(source=1, target=0, on_source=12)) > 2

    def test_faces_that_smile_alike_keep_the_source_s_folds(self):
        assert not self.lines(source=0.8, target=0.8, on_source=12, on_target=12).any()

    def test_half_a_smile_lends_half(self):
        half, whole = (self.lines(source=0, target=smile, on_target=12) for smile in (0.5, 1))
        assert half == pytest.approx(whole / 2)

    def test_nothing_is_lent_outside_of_the_zone(self):
        assert not self.lines(source=0, target=1, on_target=12, zone=np.zeros_like(self.everywhere)).any()

    def test_grain_is_no_fold(self):
        assert np.abs(self.lines(source=0, target=1)).max() < 0.2


class TestRest:
    clear = np.ones((SIZE, SIZE), np.float32)

    def watched(self, *frames, clear=clear):
        rest = Rest(SIZE)
        for frame in frames:
            rest.update(frame, clear)
        return rest

    def test_what_is_always_there_is_no_expression(self):
        assert abs(middle(self.watched(*[skin(12)] * 60).lines)) < 0.3

    def test_what_comes_is_and_goes_again(self):
        rest = self.watched(*[skin()] * 60)
        rest.update(skin(12), self.clear)
        assert middle(rest.lines) < -5
        rest.update(skin(), self.clear)
        assert abs(middle(rest.lines)) < 0.3

    def test_a_face_that_relaxes_loses_the_fold_that_it_had_all_the_time(self):
        rest = self.watched(*[skin(12)] * 60)
        rest.update(skin(), self.clear)
        assert middle(rest.lines) > 5

    def test_a_smile_of_two_seconds_does_not_become_rest(self):
        assert middle(self.watched(*[skin()] * 100, *[skin(12)] * 50).lines) < -3

    def test_light_that_changes_broadly_is_no_expression(self):
        rest = self.watched(*[skin()] * 60)
        rest.update(skin() + np.linspace(0, 20, SIZE, dtype=np.float32), self.clear)
        assert np.abs(rest.lines[15:-15, 15:-15]).max() < 0.8

    def test_nothing_is_known_of_a_face_that_was_just_met_nor_of_what_is_hidden(self):
        assert not self.watched(skin(), skin(12)).lines.any()
        rest = self.watched(*[skin()] * 60)
        rest.update(skin(12), np.zeros_like(self.clear))
        assert not rest.lines.any()

    def test_it_goes_on_from_its_state_bit_for_bit(self):
        rest = self.watched(*(skin(seed, seed) for seed in range(12)))
        other = Rest.of_state(unpack(pack(rest.state())))
        for each in (rest, other):
            each.update(skin(9, 40), self.clear)
        assert np.array_equal(rest.lines, other.lines)


def test_zones_hold_skin_that_folds_and_neither_features_nor_outline():
    smile, every = smile_zone(), expression_zone()
    assert (smile <= every).all()
    assert smile[[206, 426]].min() > 0.8, "the fold between nose and mouth"
    assert every[[151, 9]].min() > 0.3, "forehead, and between the brows"
    assert smile[151] == 0
    assert every[[13, 61, 33, 105, 10, 152, 2]].max() < 0.05, "lips, eyes, brows, outline, nostrils"


def test_a_fold_takes_chroma_with_it_and_a_bulge_brings_little():
    smooth = np.full((1, 2, 3), (150, 140, 146), np.float32)
    fold, bulge = np.dstack(planes_with_lines(smooth, np.array([[-15, 15]], np.float32)))[0]
    assert (fold[0], bulge[0]) == (135, 165)
    assert 128 < fold[1] < 140 < bulge[1]
    assert bulge[1] - 140 < (140 - fold[1]) / 2


class TestSwap:
    def test_a_smiling_source_shows_fainter_folds_on_a_target_at_rest(self, analyser, assets, smiling):
        image, face = portrait(analyser, assets, "063", "neutral")
        without, kept = (swapped(smiling, image, face, keep_expression=share) for share in (0, 1))
        places = face.mesh[smile_zone() > 0.5, :2].astype(np.float32)
        assert roughness(kept, places, face) < 0.9 * roughness(without, places, face)

    def test_the_same_smile_changes_nothing(self, analyser, assets, smiling):
        image, face = portrait(analyser, assets, "103", "smiling")
        assert np.array_equal(*(swapped(smiling, image, face, keep_expression=share) for share in (0, 1)))

    def test_smile_and_rest_of_one_source_are_bent_alike_on_one_target(self, analyser, assets, smiling):
        """Expression is no part of the shape: what the results express is the target's, whatever the source did."""
        resting = SourceModel.build(*portrait(analyser, assets, "172", "neutral"))
        image, face = portrait(analyser, assets, "063", "neutral")
        lips = [
            analyser.find(swapped(model, image, face))[0].mesh[list(OUTER_LIPS + INNER_LIPS), :2]
            for model in (resting, smiling)
        ]
        laid = apply_affine(similarity_transform(*lips), lips[0])
        eyes = np.linalg.norm(face.mesh[263] - face.mesh[33])
        assert np.linalg.norm(laid - lips[1], axis=1).mean() / eyes < 0.01

    def test_a_followed_face_goes_on_from_a_state_bit_for_bit(self, astronaut, astronaut_face, captain, captain_face):
        model, face = SourceModel.build(captain, captain_face), replace(astronaut_face, track_id=1)
        first, second = (MeshSwapper(model, FaceSwapperOptions(keep_expression=1)) for _ in range(2))
        for brightness in range(6):
            first.swap(np.asarray(cv2.convertScaleAbs(astronaut, beta=brightness), np.uint8), face)
        second.restore(unpack(pack(first.state())))
        results = [astronaut.copy(), astronaut.copy()]
        for swapper, result in zip((first, second), results, strict=True):
            swapper.swap(result, face)
        assert np.array_equal(*results)


def roughness(image, places, face):
    """How far lightness departs from that of the skin around, at some places."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    reach = float(np.linalg.norm(face.mesh[263] - face.mesh[33]))
    band = cv2.GaussianBlur(grey, (0, 0), 0.01 * reach) - cv2.GaussianBlur(grey, (0, 0), 0.07 * reach)
    return float(np.std(cv2.remap(band, places[:, 0], places[:, 1], cv2.INTER_LINEAR)))
