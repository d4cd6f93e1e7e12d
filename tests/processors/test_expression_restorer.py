"""The expression restorer: the expression that a face had before it was edited, back on it."""

from __future__ import annotations

from fractions import Fraction

import cv2
import numpy as np
import pytest

from facefusion.errors import OptionsError
from facefusion.faces.crops import FaceCrop
from facefusion.media.frame import Frame
from facefusion.options import Options
from facefusion.processors.base import FaceFrame, ProcessorContext
from facefusion.processors.expression_restorer import SPEC
from facefusion.processors.registry import installed_processors
from generated import face_masker
from generated import live_portrait as generated
from generated.builder import Shelf
from reference import live_portrait as reference


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    return generated.put_restorer(Shelf(tmp_path_factory.mktemp("weights")))


@pytest.fixture(scope="module")
def sessions(shelf):
    return shelf.sessions()


def edited_frame(image, face, number=0):
    """A frame in which a processor has made the lower half of the face brighter and flat."""
    changed = image.copy()
    left, top, right, bottom = face.box.astype(int)
    region = changed[(top + bottom) // 2 : bottom, left:right]
    region[:] = cv2.GaussianBlur(region, (0, 0), 4) // 2 + 110
    before = Frame(number, number, 1, Fraction(1, 25), image)
    return FaceFrame(before.with_image(changed), (face,), before)


def restorer(sessions, **values):
    options = Options.parse({f"expression_restorer_{name}": value for name, value in values.items()})
    return SPEC.create(ProcessorContext(options, (), sessions))


def test_it_is_installed():
    assert installed_processors()["expression_restorer"] is SPEC
    assert not SPEC.needs_source


@pytest.mark.parametrize("areas", [("upper-face", "lower-face"), ("upper-face",)])
@pytest.mark.parametrize("factor", [0.8, 0.25])
def test_a_face_gets_the_expression_that_it_had(sessions, shelf, astronaut, astronaut_face, factor, areas):  # noqa: PLR0917
    item = edited_frame(astronaut, astronaut_face)
    [after] = restorer(sessions, factor=factor, areas=areas).process([item])
    now, before = (FaceCrop.cut(image, astronaut_face, "arcface_128", 512) for image in (item.frame.image, astronaut))
    wanted = reference.Nets(shelf.folder).restored(now.image, before.image, factor, areas)
    found = FaceCrop.cut(after.frame.image, astronaut_face, "arcface_128", 512).image
    inner = slice(128, 384)
    # The frame has fewer pixels than the crop, so the picture in it is a little softer.
    assert np.abs(found[inner, inner] - wanted[inner, inner]).mean() < 1.5


def test_crops_come_out_as_by_the_reference(sessions, shelf, astronaut, astronaut_face):
    from facefusion.processors.live_portrait.expressions import approached

    item, both = edited_frame(astronaut, astronaut_face), ("upper-face", "lower-face")
    now, before = (
        FaceCrop.cut(each, astronaut_face, "arcface_128", 512).image for each in (item.frame.image, astronaut)
    )
    animator = sessions.load("live_portrait", "expression_restorer")
    motion = animator.motion([now, before])
    wanted = approached(motion[:1].expression, motion[1:].expression, 0.8, both)
    [found] = animator.animate([now], motion[:1].points(), motion[:1].points(wanted))
    assert np.abs(found - reference.Nets(shelf.folder).restored(now, before, 0.8, both)).max() < 1


def test_only_pixels_of_the_crop_change(sessions, astronaut, astronaut_face):
    item = edited_frame(astronaut, astronaut_face)
    [after] = restorer(sessions).process([item])
    changed = (after.frame.image != item.frame.image).any(axis=2)
    crop = FaceCrop.cut(astronaut, astronaut_face, "arcface_128", 512)
    corners = np.argwhere(changed)[:, ::-1].astype(np.float32)
    inside = crop.inside(corners)
    assert changed.mean() > 0.005
    assert inside.min() > -4
    assert inside.max() < 516


def test_a_face_that_nothing_has_changed_stays_as_it_is(sessions, astronaut, astronaut_face):
    item = FaceFrame(Frame(0, 0, 1, Fraction(1, 25), astronaut), (astronaut_face,))
    assert restorer(sessions).process([item]) == [item]


def test_a_factor_of_0_leaves_everything(sessions, astronaut, astronaut_face):
    item = edited_frame(astronaut, astronaut_face)
    assert restorer(sessions, factor=0).process([item]) == [item]


def test_what_is_to_be_seen_of_a_face_counts(sessions, astronaut, astronaut_face):
    from dataclasses import replace

    item = edited_frame(astronaut, replace(astronaut_face, share=0.0))
    [after] = restorer(sessions).process([item])
    assert np.array_equal(after.frame.image, item.frame.image)


@pytest.mark.parametrize("batch", [1, "n"])
def test_faces_of_a_batch_come_out_as_each_alone(tmp_path, astronaut, astronaut_face, captain, captain_face, batch):  # noqa: PLR0917
    processor = restorer(generated.put_restorer(Shelf(tmp_path), batch=batch).sessions())
    untouched = FaceFrame(Frame(2, 2, 1, Fraction(1, 25), astronaut), (astronaut_face,))
    items = [edited_frame(astronaut, astronaut_face), untouched, edited_frame(captain, captain_face, 3)]
    together = processor.process(items)
    assert together[1] is untouched
    for item, after in zip(items, together, strict=True):
        [alone] = processor.process([item])
        assert np.abs(alone.frame.image.astype(int) - after.frame.image).max() <= 1


def test_nothing_is_remembered_without_a_driving_face(sessions):
    assert restorer(sessions).state() == {}


def test_as_the_first_processor_it_is_refused(sessions):
    options = Options.parse({"processors": ["expression_restorer", "face_swapper"]})
    with pytest.raises(OptionsError, match=r"first processor.*--expression-restorer-driving"):
        SPEC.create(ProcessorContext(options, (), sessions, is_first=True))


def test_what_is_in_front_of_a_face_stays_in_front(tmp_path, astronaut, astronaut_face):
    shelf = generated.put_restorer(Shelf(tmp_path))
    shelf.put("xseg_1", "face_occluder", "xseg", face_masker.occluder())
    left, top, right, bottom = astronaut_face.box.astype(int)
    hidden = astronaut.copy()
    bar = np.s_[top + 30 : top + 60, left:right]
    hidden[bar] = (0, 0, 255)
    item = edited_frame(hidden, astronaut_face)
    options = Options.parse({"face_mask_types": ["mesh", "occlusion"]})
    [after] = SPEC.create(ProcessorContext(options, (), shelf.sessions())).process([item])
    inner = np.s_[top + 36 : top + 54, left + 8 : right - 8]
    assert np.array_equal(after.frame.image[inner], item.frame.image[inner])
    assert (after.frame.image[top:bottom, left:right] != item.frame.image[top:bottom, left:right]).mean() > 0.3
