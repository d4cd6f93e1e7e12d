"""The background remover: masks of every kind of network, and what is put behind."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest

from facefusion.errors import OptionsError
from facefusion.inference.catalogue import Catalogue
from facefusion.media.frame import Frame
from facefusion.options import Options
from facefusion.processors.background_remover import SPEC
from facefusion.processors.base import FaceFrame, FrameFormat, ProcessorContext
from generated.builder import Shelf
from generated.imaging import foreground
from material import read
from reference import imaging as reference

TASK = FAMILY = "background_remover"
IMAGENET = {"mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)}


@pytest.fixture
def shelf(tmp_path):
    shelf = Shelf(tmp_path)
    shelf.put("plain", TASK, FAMILY, foreground(), settings={"size": 64, **IMAGENET})
    shelf.put("last", TASK, FAMILY, foreground(last=True), settings={"size": 64, "layout": "nhwc"})
    shelf.put("cloth", TASK, FAMILY, foreground(classes=4), settings={"size": 64, "is_classified": True})
    settings = {"size": 64, "has_green_key": True, "gives_foreground": True}
    shelf.put("keyed", TASK, FAMILY, foreground(channels=4, colours=True), settings=settings)
    return shelf


def process(sessions, images, model="plain", colour=(0, 0, 0, 0)):
    values = {"background_remover_model": model, "background_remover_fill_color": colour}
    processor = SPEC.create(ProcessorContext(Options.parse(values), (), sessions))
    frames = [FaceFrame(Frame(n, n, 1, Fraction(1, 25), image), ()) for n, image in enumerate(images)]
    return [item.frame for item in processor.process(frames)]


@pytest.fixture
def image(astronaut):
    return astronaut[:150, 100:300]


def square(image):
    return cv2.resize(image, (64, 64), interpolation=cv2.INTER_AREA)


def mask_of(shelf, image, model):
    """The reference: the network's mask at the size of the frame."""
    path = shelf.folder / f"{model}.onnx"
    if model == "plain":
        values = reference.planes(square(image), **IMAGENET)
        mask = reference.run(path, input=values)[0][0, 0]
    elif model == "last":
        mask = reference.run(path, input=reference.planes(square(image)).transpose(0, 2, 3, 1))[0][0, :, :, 0]
    elif model == "cloth":
        classes = reference.run(path, input=reference.planes(square(image)))[0][0]
        mask = (classes.argmax(0) > 0).astype(np.float32)
    else:
        key = reference.screen_key(square(image)).astype(np.float32)[None, None]
        values = np.concatenate([reference.planes(square(image)), key], axis=1)
        mask = reference.run(path, input=values)[0][0, 0]
    return cv2.resize(mask.clip(0, 1), image.shape[1::-1], interpolation=cv2.INTER_LINEAR)


@pytest.mark.parametrize("model", ["plain", "last", "cloth", "keyed"])
@pytest.mark.parametrize("colour", [(0, 0, 0, 0), (20, 200, 40, 255), (255, 0, 0, 100)])
def test_what_is_put_behind_shows_where_the_mask_says(shelf, image, model, colour):
    [frame] = process(shelf.sessions(), [image], model, colour)
    before = image.astype(float)
    if model == "keyed":
        key = reference.screen_key(square(image)).astype(np.float32)[None, None]
        values = np.concatenate([reference.planes(square(image)), key], axis=1)
        colours = reference.picture(reference.run(shelf.folder / "keyed.onnx", input=values)[1][0])
        change = cv2.resize(colours - square(image), image.shape[1::-1], interpolation=cv2.INTER_LINEAR)
        before = np.clip(np.rint(image + change), 0, 255)
    wanted, opacity = reference.over(before, mask_of(shelf, image, model), colour)
    visible = opacity > 2
    assert np.abs(frame.image - wanted)[visible].max() <= 1.01
    if colour[3] == 255:
        assert frame.opacity is None
    else:
        assert np.abs(frame.opacity - opacity).max() <= 0.51


def test_a_background_that_is_transparent_leaves_the_colours(shelf, image):
    [frame] = process(shelf.sessions(), [image])
    assert np.array_equal(frame.image, image)


def test_several_frames_at_once_come_out_as_each_alone(shelf, astronaut):
    images = [astronaut[top : top + 90, 100:230] for top in (0, 40, 80)]
    for model in ("plain", "cloth", "keyed"):
        together = process(shelf.sessions(), images, model)
        alone = [process(shelf.sessions(), [image], model)[0] for image in images]
        for one, other in zip(together, alone, strict=True):
            assert np.array_equal(one.image, other.image)
            assert np.array_equal(one.opacity, other.opacity)


def test_the_output_becomes_transparent_only_where_the_colour_is(shelf):
    def after(colour):
        options = Options.parse({"background_remover_fill_color": colour})
        return SPEC.format(FrameFormat(10, 10, has_colour=False), options, Catalogue([]))

    assert after("0,0,0,0") == FrameFormat(10, 10, has_alpha=True, has_colour=False)
    assert after("0,255,0") == FrameFormat(10, 10, has_alpha=False, has_colour=True)
    assert after("9,9,9,255") == FrameFormat(10, 10, has_alpha=False, has_colour=False)
    with pytest.raises(OptionsError, match="a colour is red,green,blue"):
        after("300,0,0")


def test_real_weights_cut_a_person_out(assets, shelf):
    weights = onnx.load(assets / "models" / "parse" / "selfie_segmentation_256.onnx")
    shelf.put("selfie", TASK, FAMILY, weights, settings={"size": 256, "layout": "nhwc"})
    sessions = shelf.sessions()
    image = read(assets / "pictures" / "astronaut_eileen_collins.png")
    [frame] = process(sessions, [image], "selfie")
    assert frame.opacity[100:200, 180:260].mean() > 240  # the face
    assert frame.opacity[:60, :60].mean() < 30
    portraits = sorted(Path(assets / "pictures" / "synthetic").iterdir())[:4]
    for portrait in portraits:
        [frame] = process(sessions, [read(portrait)], "selfie")
        height, width = frame.opacity.shape
        assert frame.opacity[height * 2 // 5 : height * 3 // 5, width * 2 // 5 : width * 3 // 5].mean() > 240
