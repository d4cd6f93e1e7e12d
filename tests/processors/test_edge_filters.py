"""Enlarging by learned filters: better than bicubic, without halos, and aside where a network is here."""

from __future__ import annotations

from fractions import Fraction

import cv2
import numpy as np
import pytest

from facefusion.engine.automatic import with_models_named
from facefusion.inference.catalogue import Catalogue
from facefusion.media.frame import Frame
from facefusion.options import Options
from facefusion.processors.base import FaceFrame, FrameFormat, ProcessorContext
from facefusion.processors.frame_enhancer import SPEC
from facefusion.processors.frame_enhancer.filter_bank import EdgeEnlarger, FilterBank, kinds_of
from facefusion.processors.frame_enhancer.tiles import Tiling, enlarged
from generated.builder import Shelf
from generated.imaging import super_resolution


@pytest.fixture(scope="module")
def enlarger():
    return EdgeEnlarger(FilterBank.shipped())


def shrunk(image):
    return cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)


def psnr(one, other):
    inner = np.s_[8:-8, 8:-8]
    return 10 * np.log10(255**2 / np.mean((one[inner].astype(float) - other[inner]) ** 2))


def test_a_photograph_comes_out_nearer_to_itself_than_by_bicubic(enlarger, astronaut):
    small = shrunk(astronaut)
    [ours] = enlarged([small], enlarger)
    plain = cv2.resize(small, astronaut.shape[1::-1], interpolation=cv2.INTER_CUBIC)
    assert psnr(ours, astronaut) > psnr(plain, astronaut) + 0.3


def test_edges_of_all_directions_get_steeper_and_no_halo(enlarger):
    """Of a disc, whose edge has every direction."""
    large = np.full((1024, 1024, 3), 40, np.uint8)
    cv2.circle(large, (512, 512), 380, (200, 200, 200), -1)
    small = cv2.resize(large, (128, 128), interpolation=cv2.INTER_AREA)
    true = cv2.resize(large, (256, 256), interpolation=cv2.INTER_AREA)
    [ours] = enlarged([small], enlarger)
    plain = cv2.resize(small, (256, 256), interpolation=cv2.INTER_CUBIC)
    assert psnr(ours, true) > psnr(plain, true) + 1
    overshoot = [max(int(each.max()) - 200, 40 - int(each.min())) for each in (ours, plain)]
    assert overshoot[0] <= overshoot[1]


def test_what_is_flat_stays_so_and_colours_are_kept(enlarger):
    colour = np.array([180, 90, 30], np.uint8)
    [result] = enlarged([np.broadcast_to(colour, (40, 50, 3)).copy()], enlarger)
    assert result.shape == (80, 100, 3)
    assert np.abs(result.astype(int) - colour).max() <= 1


@pytest.mark.parametrize("shape", [(1, 1), (3, 70), (40, 30), (131, 77)])
def test_tiles_and_odd_sizes_make_no_difference(enlarger, astronaut, shape):
    class Small(EdgeEnlarger):
        tiling = Tiling(48, 8, 8)

    image = np.ascontiguousarray(astronaut[100 : 100 + shape[0], 180 : 180 + shape[1]])
    [whole], [tiles] = enlarged([image], enlarger), enlarged([image], Small(FilterBank.shipped()))
    assert whole.shape == (shape[0] * 2, shape[1] * 2, 3)
    assert np.abs(whole.astype(int) - tiles).max() <= 1


def test_turned_pictures_are_sorted_into_turned_kinds():
    ramp = np.tile(np.linspace(0, 200, 32, dtype=np.float32), (32, 1))
    bank = FilterBank.shipped()
    upright, turned = (
        kinds_of(np.ascontiguousarray(each), bank.angles, bank.strengths, bank.coherences)[16, 16] % bank.angles
        for each in (ramp, ramp.T)
    )
    assert (int(turned) - int(upright)) % bank.angles == bank.angles // 2


def context(options, sessions):
    return ProcessorContext(Options.parse(options), (), sessions)


def test_auto_is_the_network_where_its_weights_are_and_else_the_filters(tmp_path, astronaut):
    folders = tmp_path / "none", tmp_path / "own"
    for folder in folders:
        folder.mkdir()
    empty, shelf = map(Shelf, folders)
    network = super_resolution(2)
    shelf.put("real_esrgan_x2", "frame_enhancer", "rgb_super_resolution", network, settings={"scale": 2, "tile": 64})
    item = FaceFrame(Frame(0, 0, 1, Fraction(1, 25), astronaut[:60, :80].copy()), ())
    named = {"frame_enhancer_blend": 100}
    [filters] = SPEC.create(context(named | {"frame_enhancer_model": "edge_filters_x2"}, empty.sessions())).process(
        [item]
    )
    [without] = SPEC.create(context(named, empty.sessions())).process([item])
    [network_made] = SPEC.create(context(named, shelf.sessions())).process([item])
    assert np.array_equal(without.frame.image, filters.frame.image)
    assert not np.array_equal(network_made.frame.image, filters.frame.image)


def test_a_job_is_planned_with_the_model_that_auto_stands_for(tmp_path):
    options = Options.parse({"models_dir": tmp_path, "processors": ["frame_enhancer"]})
    assert with_models_named(options, [SPEC]).frame_enhancer.frame_enhancer_model == "edge_filters_x2"
    said = options.changed({"frame_enhancer_model": "real_esrgan_x4"})
    assert with_models_named(said, [SPEC]) is said


@pytest.mark.parametrize("model", ["auto", "edge_filters_x2", "real_esrgan_x2"])
def test_all_that_auto_may_stand_for_enlarge_alike(model):
    options = Options.parse({"frame_enhancer_model": model})
    assert SPEC.format is not None
    assert SPEC.format(FrameFormat(30, 20), options, Catalogue.known()) == FrameFormat(60, 40)
