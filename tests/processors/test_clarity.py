"""Faces made clearer without weights: no halos, no louder noise, no whiter eyes and teeth."""

from __future__ import annotations

from fractions import Fraction

import cv2
import numpy as np
import pytest

from facefusion.faces.mesh import INNER_LIPS, LEFT_EYE, RIGHT_EYE
from facefusion.inference.session import SessionFactory
from facefusion.media.frame import Frame
from facefusion.options import Options
from facefusion.processors.base import FaceFrame, ProcessorContext
from facefusion.processors.face_enhancer import SPEC
from facefusion.processors.face_enhancer.clarity import Grade, clarified, guided
from facefusion.processors.face_enhancer.clearing import FaceClearer, cut
from facefusion.processors.face_enhancer.processor import EnhanceEditor
from facefusion.testing import check_processor
from generated import face_enhancer
from generated.builder import Shelf
from material import outline_mask


def clearer(**options):
    values = {"face_enhancer_model": "clarity", "face_enhancer_blend": 100} | options
    return SPEC.create(ProcessorContext(Options.parse(values), (), SessionFactory(("cpu",))))


def frame(image, *faces, index=0):
    return FaceFrame(Frame(index, index, 1, Fraction(1, 25), image), faces)


def made(image, face, **options):
    return clearer(**options).process([frame(image, face)])[0].frame.image


@pytest.fixture(scope="module")
def poor(astronaut):
    """The portrait as a poor lens gives it."""
    return cv2.GaussianBlur(astronaut, (0, 0), 1.2)


def detail(image, where):
    luma = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return float(np.abs(luma - cv2.GaussianBlur(luma, (0, 0), 1.5))[where].mean())


def test_a_blurred_face_gains_detail_and_nothing_beside_it_changes(poor, astronaut_face):
    result = made(poor, astronaut_face)
    inside = outline_mask(astronaut_face, poor.shape, 0.8)
    assert detail(result, inside) > 1.15 * detail(poor, inside)
    changed = (result != poor).any(2)
    assert not changed[~outline_mask(astronaut_face, poor.shape, 1.05)].any()


def test_it_comes_nearer_to_what_it_was_before_the_blur(astronaut, poor, astronaut_face):
    result, inside = made(poor, astronaut_face), outline_mask(astronaut_face, poor.shape, 0.8)
    errors = [float(((each.astype(float) - astronaut)[inside] ** 2).mean()) for each in (poor, result)]
    assert errors[1] < errors[0]


def test_no_pixel_leaves_the_range_of_those_around_it_far(poor, astronaut_face):
    crop = cut(poor, astronaut_face)
    luma, after = (cv2.cvtColor(each.astype(np.uint8), cv2.COLOR_RGB2GRAY) for each in (crop.image, made_crop(crop)))
    around = np.ones((7, 7), np.uint8)
    low, high = cv2.erode(luma, around).astype(int), cv2.dilate(luma, around).astype(int)
    beyond = np.maximum(after - high, low - after)
    assert beyond.max() <= 0.06 * (high - low).max() + 5


def made_crop(crop):
    return clarified(crop, np.ones(crop.image.shape[:2], np.float32))


def test_noise_is_not_raised(poor, astronaut_face):
    """Of two pictures that differ in nothing but noise, the noise is what is different afterwards."""
    rng = np.random.default_rng(1)
    noise = rng.normal(0, 5, poor.shape)
    noisy = [np.clip(poor + sign * noise, 0, 255).astype(np.uint8) for sign in (1, -1)]
    inside = outline_mask(astronaut_face, poor.shape, 0.7)
    before, after = (
        float(np.std((one.astype(float) - other)[inside]))
        for one, other in (noisy, [made(each, astronaut_face) for each in noisy])
    )
    assert after < before


def test_blocks_of_compression_are_told_and_calmed(astronaut, astronaut_face):
    written = cv2.imencode(".jpg", astronaut, [cv2.IMWRITE_JPEG_QUALITY, 12])[1]
    blocky = np.asarray(cv2.imdecode(written, cv2.IMREAD_COLOR), np.uint8)
    crops = [cut(each, astronaut_face) for each in (astronaut, blocky)]
    grades = [Grade.of(cv2.cvtColor(crop.image, cv2.COLOR_RGB2GRAY).astype(np.float32), wholly(crop)) for crop in crops]
    assert grades[1].blocks > 3 * grades[0].blocks
    result, inside = made(blocky, astronaut_face), outline_mask(astronaut_face, blocky.shape, 0.8)
    errors = [float(((each.astype(float) - astronaut)[inside] ** 2).mean()) for each in (blocky, result)]
    assert errors[1] < errors[0]


def wholly(crop):
    return np.ones(crop.image.shape[:2], bool)


@pytest.mark.parametrize("outline", [LEFT_EYE, RIGHT_EYE, INNER_LIPS])
def test_eyes_and_teeth_do_not_turn_white(poor, astronaut_face, outline):
    points = np.rint(astronaut_face.mesh[list(outline), :2]).astype(np.int32)
    inside = cv2.fillPoly(np.zeros(poor.shape[:2], np.uint8), [points], 1) > 0
    luma = [cv2.cvtColor(each, cv2.COLOR_RGB2GRAY).astype(float)[inside] for each in (poor, made(poor, astronaut_face))]
    assert luma[1].mean() < luma[0].mean() + 1
    assert (luma[1] - luma[0]).max() <= 5


def test_faces_at_the_border_of_the_picture_and_tiny_ones_are_borne(astronaut, astronaut_face):
    for image, face in (
        (astronaut[:150, 180:260].copy(), astronaut_face.moved(-180, 0)),
        (cv2.resize(astronaut, (51, 51), interpolation=cv2.INTER_AREA), astronaut_face.enlarged(51 / 512)),
    ):
        assert made(image, face).shape == image.shape


def test_nothing_asked_for_is_nothing_done(astronaut, astronaut_face):
    item = frame(astronaut, astronaut_face)
    assert clearer(face_enhancer_blend=0).process([item])[0] is item
    alone = frame(astronaut)
    assert clearer().process([alone])[0] is alone


def test_it_keeps_the_rules_of_processors(poor, astronaut_face):
    check_processor(clearer, [frame(poor, astronaut_face), frame(np.fliplr(poor).copy(), index=1)])


def test_auto_is_the_network_where_its_weights_are_and_else_this(tmp_path, astronaut, astronaut_face):
    shelf = Shelf(tmp_path)
    options = Options()
    assert isinstance(SPEC.create(ProcessorContext(options, (), shelf.sessions())), FaceClearer)
    shelf.put("gfpgan_1.4", "face_enhancer", "face_restorer", face_enhancer.restorer(512))
    processor = SPEC.create(ProcessorContext(options, (), shelf.sessions()))
    assert isinstance(processor._editor, EnhanceEditor)


def test_smoothing_stops_at_edges_and_not_at_grain():
    rng = np.random.default_rng(2)
    step = np.where(np.arange(64) < 32, 50, 180).astype(np.float32)
    plane = np.tile(step, (64, 1)) + rng.normal(0, 4, (64, 64)).astype(np.float32)
    smooth = guided(plane, plane, 4, 12.0**2)
    assert np.std(smooth[:, :24]) < 2
    assert abs(smooth[:, 33].mean() - 180) < 6 and abs(smooth[:, 30].mean() - 50) < 6
