"""Make-up: layers of a reference on another face, under its own light, and nowhere else."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from facefusion.errors import OptionsError
from facefusion.faces.mesh import INNER_LIPS, LEFT_EYE, OUTER_LIPS
from facefusion.inference.session import SessionFactory
from facefusion.media.frame import Frame
from facefusion.options import Options
from facefusion.processors.base import FaceFrame, ProcessorContext, Role, SourceFace
from facefusion.processors.face_swapper.mesh.colour import to_lab
from facefusion.processors.face_swapper.mesh.regions import LEFT_BROW, RIGHT_BROW
from facefusion.processors.makeup import SPEC
from facefusion.processors.makeup.zones import zones
from facefusion.testing import check_processor
from material import outline_mask, polygon_mask

NONE = {f"makeup_{layer}": 0 for layer in ("lips", "eyes", "brows", "blush", "wrinkles")}
RED = (150, 20, 40)


@pytest.fixture(scope="module")
def sessions():
    return SessionFactory(("cpu",))


@pytest.fixture(scope="module")
def reference(astronaut, astronaut_face):
    """The astronaut with lips painted in one colour."""
    image = astronaut.copy()
    lips = polygon_mask(astronaut_face.mesh[list(OUTER_LIPS), :2], image.shape)
    lips &= ~polygon_mask(astronaut_face.mesh[list(INNER_LIPS), :2], image.shape)
    image[lips] = RED
    return SourceFace(image, astronaut_face, 1.0)


@pytest.fixture
def make(sessions, reference):
    def create(worn=(), sources=None, **values):
        options = Options.parse(NONE | {f"makeup_{name}": value for name, value in values.items()})
        sources = (reference,) if sources is None else sources
        if worn:
            options = options.changed({"makeup_reference": "worn.png"})
            worn = {Path("worn.png"): worn}
        return SPEC.create(ProcessorContext(options, sources, sessions, (Role(sources, options, dict(worn)),)))

    return create


def frame(image, face, number=0):
    return FaceFrame(Frame(number, number, 1, Fraction(1, 25), image), (face,))


def worn(processor, image, face):
    [item] = processor.process([frame(image, face)])
    return item.frame.image


def lips_of(image, face):
    """Mean Lab of the lower lip's middle, and of the cheeks beside it."""
    lab = to_lab(image)
    lip = polygon_mask(face.mesh[[14, 87, 86, 85, 16, 315, 316, 317], :2], image.shape)
    cheek = polygon_mask(face.mesh[[205, 207, 187, 50], :2], image.shape)
    return lab[lip].mean(0), lab[cheek].mean(0)


def test_lips_take_the_colour_of_the_reference(make, captain, captain_face):
    before, _ = lips_of(captain, captain_face)
    after, cheek = lips_of(worn(make(lips=100), captain, captain_face), captain_face)
    redness = float(to_lab(np.full((1, 1, 3), RED, np.uint8))[0, 0, 1])
    assert after[1] > before[1] + 12 and abs(after[1] - redness) < abs(before[1] - redness)
    assert np.allclose(cheek, lips_of(captain, captain_face)[1], atol=0.3)


def test_half_the_strength_is_half_the_change(make, captain, captain_face):
    before, half, whole = (
        lips_of(worn(make(lips=lips), captain, captain_face), captain_face)[0][1] for lips in (0, 50, 100)
    )
    assert 0.4 < (half - before) / (whole - before) < 0.65


def test_brows_get_as_dark_as_the_references_and_keep_their_form(sessions, astronaut, astronaut_face):
    """The same face with brows painted darker lends its darkness; where no hair is, nothing changes."""
    brows = np.zeros(astronaut.shape[:2], bool)
    for line in (LEFT_BROW, RIGHT_BROW):
        brows |= polygon_mask(cv2.convexHull(astronaut_face.mesh[list(line), :2])[:, 0], astronaut.shape)
    changes = {}
    for name, factor in (("dark", 0.25), ("own", 1.0)):
        image = astronaut.copy()
        image[brows] = (image[brows] * factor).astype(np.uint8)
        options = Options.parse(NONE | {"makeup_brows": 100})
        processor = SPEC.create(ProcessorContext(options, (SourceFace(image, astronaut_face, 1.0),), sessions))
        result = worn(processor, astronaut, astronaut_face)
        changes[name] = (to_lab(result) - to_lab(astronaut))[:, :, 0]
    assert changes["dark"][brows].mean() < 2 * changes["own"][brows].mean() - 0.5 < -0.5
    beyond = cv2.dilate(brows.astype(np.uint8), np.ones((9, 9))) == 0
    assert np.abs(changes["dark"][beyond]).mean() < 0.05


def test_no_layer_changes_no_pixel(make, captain, captain_face):
    assert np.array_equal(worn(make(), captain, captain_face), captain)


def test_only_the_face_changes_and_not_its_eyes(make, captain, captain_face):
    result = worn(make(lips=100, eyes=100, brows=100, blush=100, wrinkles=100), captain, captain_face)
    beyond = ~outline_mask(captain_face, captain.shape, 1.02)
    assert np.array_equal(result[beyond], captain[beyond]) and not np.array_equal(result, captain)
    eye = cv2.erode(
        polygon_mask(captain_face.mesh[list(LEFT_EYE), :2], captain.shape).astype(np.uint8), np.ones((3, 3))
    )
    assert np.abs(result[eye > 0].astype(int) - captain[eye > 0]).mean() < 2


def test_what_a_face_has_already_it_does_not_get_again(make, reference):
    result = worn(make(lips=100, eyes=100, blush=100), reference.image, reference.face)
    lips = polygon_mask(reference.face.mesh[list(OUTER_LIPS), :2], result.shape)
    assert np.abs(result[lips].astype(int) - reference.image[lips]).mean() < 12


def test_wrinkles_come_as_folds_and_not_as_a_tint(sessions, captain, captain_face, astronaut, astronaut_face):
    options = Options.parse(NONE | {"makeup_wrinkles": 100})
    source = SourceFace(captain, captain_face, 1.0)
    result = worn(SPEC.create(ProcessorContext(options, (source,), sessions)), astronaut, astronaut_face)
    skin = outline_mask(astronaut_face, astronaut.shape, 0.8)
    change = (to_lab(result) - to_lab(astronaut))[skin]
    assert np.abs(change[:, 0]).mean() > 1 and abs(change[:, 0].mean()) < 3
    assert np.abs(change[:, 1:]).mean() < 0.7


def test_it_is_under_the_light_that_is_there(make, captain, captain_face):
    """In half the light it changes half as much."""
    dim = (captain * 0.4).astype(np.uint8)
    changes = [
        np.abs(worn(make(lips=100), image, captain_face).astype(float) - image)
        .max(2)[polygon_mask(captain_face.mesh[list(OUTER_LIPS), :2], image.shape)]
        .mean()
        for image in (captain, dim)
    ]
    assert 0.2 < changes[1] / changes[0] < 0.75


def test_it_keeps_the_rules_of_processors(make, captain, captain_face):
    from dataclasses import replace

    rows = captain[:470]
    moved = [np.ascontiguousarray(np.roll(rows, step, axis=1)) for step in range(3)]
    batch = [
        FaceFrame(frame(image, captain_face, n).frame, (replace(captain_face.moved(n, 0), track_id=4),))
        for n, image in enumerate(moved)
    ]
    check_processor(lambda: make(lips=80, eyes=80, brows=80, blush=60, wrinkles=50), batch)


def test_a_reference_of_its_own_goes_before_the_sources(make, reference, captain, captain_face):
    plain = SourceFace(captain, captain_face, 1.0)
    own = worn(make(worn=(reference,), sources=(plain,), lips=100), captain, captain_face)
    assert np.array_equal(own, worn(make(lips=100), captain, captain_face))


def test_without_any_face_to_take_it_from_it_says_so(make):
    with pytest.raises(OptionsError, match="No face is given whose make-up is taken"):
        make(sources=())


def test_layers_lie_where_they_belong():
    drawn = zones()
    assert set(drawn) == {"lips", "eyes", "brows", "blush", "wrinkles"}
    for name, zone in drawn.items():
        assert zone.min() >= 0 and 0.9 < zone.max() <= 1.001, name
    assert (drawn["lips"] * drawn["wrinkles"]).max() < 0.3
    height = {name: (zone.sum(1) @ np.arange(len(zone))) / zone.sum() for name, zone in drawn.items()}
    assert height["brows"] < height["eyes"] < height["blush"] < height["lips"]
