"""The face translator: any network from an aligned face to another picture of it."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from facefusion.errors import ModelUnfitError, OptionsError
from facefusion.faces.crops import FaceCrop
from facefusion.media.frame import Frame
from facefusion.options import Options
from facefusion.processors.base import FaceFrame, ProcessorContext
from facefusion.processors.crop_editing import CropJob
from facefusion.processors.face_translator import SPEC
from generated.builder import Shelf
from generated.imaging import translator
from reference import imaging as reference

TASK = FAMILY = "face_translator"


@pytest.fixture
def shelf(tmp_path):
    shelf = Shelf(tmp_path)
    shelf.put("usual", TASK, FAMILY, translator(), settings={"size": 64})
    odd = {"size": 64, "output_size": 128, "template": "arcface_128", "colours": "bgr", "mean": (0.0, 0.1, 0.2)}
    odd |= {"std": (1.0, 1.0, 0.5), "output_mean": (0.5, 0.4, 0.5), "output_std": (0.5, 0.5, 0.3)}
    shelf.put("odd", TASK, FAMILY, translator(made=128), settings=odd)
    return shelf


def processor(shelf, **options):
    return SPEC.create(
        ProcessorContext(Options.parse({"face_translator_model": "usual"} | options), (), shelf.sessions())
    )


def item(image, face):
    return FaceFrame(Frame(0, 0, 1, Fraction(1, 25), image), (face,))


def test_the_entry_says_how_faces_go_in_and_come_out(shelf, astronaut, astronaut_face):
    for name, template in (("usual", "ffhq_512"), ("odd", "arcface_128")):
        editor = shelf.sessions().load(name, TASK)
        crop = FaceCrop.cut(astronaut, astronaut_face, template, 64)
        [result] = editor.edit([CropJob(crop, item(astronaut, astronaut_face))])
        if name == "usual":
            [output] = reference.run(shelf.folder / "usual.onnx", input=reference.planes(crop.image, 0.5, 0.5))
            wanted = reference.picture(output[0], 0.5, 0.5)
        else:
            values = reference.planes(crop.image[:, :, ::-1], (0.0, 0.1, 0.2), (1.0, 1.0, 0.5))
            [output] = reference.run(shelf.folder / "odd.onnx", input=values)
            wanted = reference.picture(output[0], (0.5, 0.4, 0.5), (0.5, 0.5, 0.3))[:, :, ::-1]
        assert np.abs(result - wanted).max() < 1
        assert (editor.template, editor.size) == (template, 64)


def test_only_the_face_changes_and_by_the_share_that_is_wanted(shelf, astronaut, astronaut_face):
    one = item(astronaut, astronaut_face)
    [full], [half] = (processor(shelf, face_translator_blend=blend).process([one]) for blend in (100, 50))
    changed = (full.frame.image != astronaut).any(axis=2)
    assert 0.005 < changed.mean() < 0.5
    middle = (full.frame.image.astype(float) + astronaut) / 2
    assert np.abs(half.frame.image - middle).max() <= 1


@pytest.mark.parametrize("made", [None, 1024])
def test_what_a_network_leaves_comes_to_lie_where_it_was(shelf, astronaut, astronaut_face, made):
    settings = {"size": 512} | ({"output_size": made} if made else {})
    shelf.put("same", TASK, FAMILY, translator(512, made, changes=False), settings=settings)
    [after] = processor(shelf, face_translator_model="same").process([item(astronaut, astronaut_face)])
    left, top, right, bottom = astronaut_face.box.astype(int)
    inside = np.s_[top:bottom, left:right]
    shifted = np.roll(astronaut, 1, axis=1)[inside].astype(float) - astronaut[inside]
    difference = after.frame.image[inside].astype(float) - astronaut[inside]
    assert np.abs(difference).mean() < 0.25 * np.abs(shifted).mean()


def test_several_faces_at_once_come_out_as_each_alone(shelf, astronaut, astronaut_face, captain, captain_face):
    items = [item(astronaut, astronaut_face), item(captain, captain_face)]
    for model in ("usual", "odd"):
        own = processor(shelf, face_translator_model=model)
        for one, after in zip(items, own.process(items), strict=True):
            assert np.abs(own.process([one])[0].frame.image.astype(int) - after.frame.image).max() <= 1


def test_without_a_model_it_says_what_to_name(shelf):
    with pytest.raises(OptionsError, match=r"no model of its own\. Name yours with --face-translator-model"):
        processor(shelf, face_translator_model=None)


def test_a_network_of_another_size_is_refused(shelf):
    shelf.put("wrong", TASK, FAMILY, translator(), settings={"size": 32})
    with pytest.raises(ModelUnfitError, match=r"input \[n,3,64,64\]|does not fit"):
        processor(shelf, face_translator_model="wrong")
