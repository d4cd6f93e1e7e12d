"""The age modifier: both families, and the age that one of them has to know."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import cv2
import numpy as np
import pytest

from facefusion.errors import CatalogueError
from facefusion.faces.crops import FaceCrop
from facefusion.faces.masks.masker import FaceMasker
from facefusion.inference.contract import Contract, TensorSpec
from facefusion.media.frame import Frame
from facefusion.options import FaceMaskOptions, Options
from facefusion.processors.age_modifier import SPEC
from facefusion.processors.age_modifier.fran import directions
from facefusion.processors.age_modifier.processor import AgeModifier
from facefusion.processors.age_modifier.styleganex import shrunk
from facefusion.processors.base import FaceFrame, ProcessorContext
from facefusion.processors.crop_editing import CropJob
from facefusion.state import pack, unpack
from generated.ages import put_classifier
from generated.builder import Shelf
from generated.imaging import reaging, reaging_with_background
from reference import imaging as reference

TASK = "age_modifier"
BOX = FaceMasker(FaceMaskOptions(), ("box",))


@pytest.fixture
def fran(tmp_path, monkeypatch):
    """Load a generated network, with a classifier that says these ages."""

    def load(ages, *, batch=1):
        shelf = Shelf(tmp_path)
        put_classifier(shelf, monkeypatch, ages)
        shelf.put("fran", TASK, "fran", reaging(batch=batch), settings={"size": 128}, requires=("told_ages",))
        return shelf.sessions().load("fran", TASK)

    return load


@pytest.fixture
def styleganex(tmp_path):
    shelf = Shelf(tmp_path)
    settings = {"size": 64, "wide_size": 96, "output_size": 128}
    shelf.put("styleganex", TASK, "styleganex_age", reaging_with_background(), settings=settings)
    return shelf


def frames(image, face, count=1):
    return [FaceFrame(Frame(n, n, 1, Fraction(1, 25), image), (face,)) for n in range(count)]


def test_fran_is_told_the_age_that_there_is_and_the_one_wanted(fran, tmp_path, astronaut, astronaut_face):
    editor = fran([(30, 40)])
    job = CropJob(editor.cut(astronaut, astronaut_face), frames(astronaut, astronaut_face)[0])
    [result] = editor.edit([job], editor.ages([job]), 40)
    inputs = {"target": reference.planes(job.crop.image), "direction": np.array([0.345, 0.745], np.float32)}
    [output] = reference.run(tmp_path / "fran.onnx", **inputs)
    assert np.abs(result - reference.picture(output[0])).max() < 1
    assert job.crop.size == 128


def test_wanted_ages_stay_within_a_century():
    assert directions(80, 100).tolist() == pytest.approx([0.8, 1.0])
    assert directions(30, -60).tolist() == pytest.approx([0.3, 0.0])


@pytest.mark.parametrize("batch", [1, "n"])
def test_faces_of_several_ages_come_out_as_each_alone(fran, captain, captain_face, batch):
    ages = [(10, 20), (50, 60), (10, 20)]
    items = frames(captain, captain_face, count=3)
    together = AgeModifier(fran(ages, batch=batch), BOX, 30).process(items)
    for item, age, after in zip(items, ages, together, strict=True):
        [alone] = AgeModifier(fran([age], batch=batch), BOX, 30).process([item])
        assert np.array_equal(alone.frame.image, after.frame.image)
    assert not np.array_equal(together[1].frame.image, together[2].frame.image)


def test_a_face_that_is_followed_does_not_change_its_age_from_frame_to_frame(fran, captain, captain_face):
    """Ages that waver are averaged, and the average is kept over a break."""
    said = [(20, 30), (30, 40), (30, 40), (20, 30)]
    items = frames(captain, replace(captain_face, track_id=7), count=4)
    whole = AgeModifier(fran(said), BOX, 40).process(items)
    first = AgeModifier(fran(said[:2]), BOX, 40)
    parts = first.process(items[:2])
    then = AgeModifier(fran(said[2:]), BOX, 40)
    then.restore(unpack(pack(first.state())))
    parts += then.process(items[2:])
    assert all(np.array_equal(a.frame.image, b.frame.image) for a, b in zip(whole, parts, strict=True))
    light = [item.frame.image.mean() for item in whole]
    assert max(light[2:]) - min(light[2:]) < (light[0] - light[1]) / 2


def test_an_entry_without_a_classifier_is_refused(tmp_path):
    shelf = Shelf(tmp_path)
    shelf.put("fran", TASK, "fran", reaging(), settings={"size": 128})
    with pytest.raises(CatalogueError, match=r'needs the age of faces.*requires = \["fairface"\]'):
        shelf.sessions().load("fran", TASK)


@pytest.mark.parametrize("direction", [-100, 60])
def test_styleganex_sees_the_face_with_and_without_background(styleganex, astronaut, astronaut_face, direction):
    editor = styleganex.sessions().load("styleganex", TASK)
    item = frames(astronaut, astronaut_face)[0]
    job = CropJob(editor.cut(astronaut, astronaut_face), item)
    [result] = editor.edit([job], editor.ages([job]), direction)
    near = FaceCrop.cut(astronaut, astronaut_face, "ffhq_512", 64).image
    inputs = {
        "target": reference.planes(near, 0.5, 0.5),
        "target_with_background": reference.planes(job.crop.image, 0.5, 0.5),
        "direction": np.array(-direction / 40, np.float32),
    }
    [output] = reference.run(styleganex.folder / "styleganex.onnx", **inputs)
    wanted = reference.picture(output[0], 0.5, 0.5)
    coarse = [
        cv2.resize(each.astype(float), (16, 16), interpolation=cv2.INTER_AREA) for each in (job.crop.image, wanted)
    ]
    change = cv2.resize(coarse[0] - coarse[1], (128, 128), interpolation=cv2.INTER_CUBIC)
    assert np.abs(result - np.clip(wanted + change, 0, 255)).max() < 1


def test_styleganex_cuts_closer_landmarks_wider(styleganex, astronaut, astronaut_face):
    crop = styleganex.sessions().load("styleganex", TASK).cut(astronaut, astronaut_face)
    drawn = shrunk(astronaut_face.landmarks5, 0.875)
    assert np.allclose(drawn[2], astronaut_face.landmarks5[2])
    assert np.allclose(
        drawn[0] - drawn[2], 0.875 * (astronaut_face.landmarks5[0] - astronaut_face.landmarks5[2]), atol=1e-3
    )
    from facefusion.faces.templates import template_points

    assert np.abs(crop.inside(drawn) - template_points("styleganex_384", 96)).max() < 4


def test_several_faces_at_once_come_out_as_each_alone(styleganex, astronaut, astronaut_face, captain, captain_face):
    options = Options.parse({"age_modifier_model": "styleganex", "age_modifier_direction": 50})
    processor = SPEC.create(ProcessorContext(options, (), styleganex.sessions()))
    items = [frames(astronaut, astronaut_face)[0], frames(captain, captain_face)[0]]
    together = processor.process(items)
    for item, after in zip(items, together, strict=True):
        [alone] = processor.process([item])
        assert np.abs(alone.frame.image.astype(int) - after.frame.image).max() <= 1
        changed = (after.frame.image != item.frame.image).any(axis=2)
        assert 0.005 < changed.mean() < 0.7


def test_what_a_network_leaves_comes_to_lie_where_it_was(tmp_path, astronaut, astronaut_face):
    shelf, sizes = Shelf(tmp_path), {"size": 256, "wide": 384, "made": 1024}
    shelf.put("styleganex", TASK, "styleganex_age", reaging_with_background(**sizes, changes=False))
    options = Options.parse({"age_modifier_model": "styleganex", "age_modifier_direction": 50})
    processor = SPEC.create(ProcessorContext(options, (), shelf.sessions()))
    [after] = processor.process(frames(astronaut, astronaut_face))
    left, top, right, bottom = astronaut_face.box.astype(int)
    inside = np.s_[top:bottom, left:right]
    shifted = np.roll(astronaut, 1, axis=1)[inside].astype(float) - astronaut[inside]
    difference = after.frame.image[inside].astype(float) - astronaut[inside]
    assert np.abs(difference).mean() < 0.25 * np.abs(shifted).mean()


def test_no_direction_leaves_the_faces(styleganex, astronaut, astronaut_face):
    options = Options.parse({"age_modifier_model": "styleganex"})
    item = frames(astronaut, astronaut_face)[0]
    [after] = SPEC.create(ProcessorContext(options, (), styleganex.sessions())).process([item])
    assert after is item


def test_the_contract_of_a_scalar_is_bound(styleganex):
    spec = TensorSpec("direction", ())
    assert Contract((spec,), ()).inputs[0].shape == ()
    assert styleganex.sessions().load("styleganex", TASK)
