"""The frame colorizer: colours change, light does not."""

from __future__ import annotations

from fractions import Fraction

import cv2
import numpy as np
import pytest

from facefusion.media.frame import Frame
from facefusion.options import Options
from facefusion.processors.base import FaceFrame, ProcessorContext
from facefusion.processors.frame_colorizer import SPEC
from facefusion.processors.frame_colorizer.processor import coloured
from generated.builder import Shelf
from generated.imaging import chroma, colour_picture
from reference import imaging as reference

TASK = "frame_colorizer"


@pytest.fixture
def shelf(tmp_path):
    shelf = Shelf(tmp_path)
    shelf.put("dd", TASK, "ddcolor", chroma())
    shelf.put("dd_fixed", TASK, "ddcolor", chroma(side=96))
    shelf.put("old", TASK, "deoldify", colour_picture())
    return shelf


def process(shelf, images, model="dd", **options):
    values = {"frame_colorizer_model": model, "frame_colorizer_size": 64} | options
    processor = SPEC.create(ProcessorContext(Options.parse(values), (), shelf.sessions()))
    frames = [FaceFrame(Frame(n, n, 1, Fraction(1, 25), image), ()) for n, image in enumerate(images)]
    return [item.frame.image for item in processor.process(frames)]


@pytest.fixture
def grey(astronaut):
    return np.repeat(cv2.cvtColor(astronaut[:150, 100:300], cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)


def small(image, side):
    """What a network is given: grey, uint8."""
    return cv2.resize(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), (side, side), interpolation=cv2.INTER_AREA)


def expected(image, ab):
    """Lightness of the picture, colours of the network."""
    ab = cv2.resize(ab, image.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    return reference.of_lab(np.dstack([reference.lab_of(image)[..., 0], ab]))


@pytest.mark.parametrize(("model", "side"), [("dd", 64), ("dd_fixed", 96)])
def test_ddcolor_gives_chroma_and_the_frame_its_light(shelf, grey, model, side):
    [result] = process(shelf, [grey], model)
    square = np.repeat(small(grey, side)[..., None], 3, axis=2)
    [output] = reference.run(shelf.folder / f"{model}.onnx", input=reference.planes(square))
    wanted = expected(grey, output[0].transpose(1, 2, 0))
    shown = ((wanted > 0.5) & (wanted < 254.5)).all(axis=2)
    assert shown.mean() > 0.7
    assert np.abs(result - np.rint(wanted))[shown].max() <= 1


def test_deoldify_gives_a_picture_of_which_the_colours_count(shelf, grey):
    [result] = process(shelf, [grey], "old")
    square = small(grey, 64).astype(np.float32)
    [output] = reference.run(shelf.folder / "old.onnx", input=np.repeat(square[None, None], 3, axis=1))
    tinted = output[0].transpose(1, 2, 0).clip(0, 255).astype(np.float32)
    wanted = expected(grey, reference.lab_of(tinted)[..., 1:])
    shown = ((wanted > 0.5) & (wanted < 254.5)).all(axis=2)
    assert np.abs(result - np.rint(wanted))[shown].max() <= 1


@pytest.mark.parametrize("model", ["dd", "old"])
def test_each_pixel_stays_as_light_as_it_was(shelf, grey, model):
    [result] = process(shelf, [grey], model)
    change = np.abs(reference.lab_of(result)[..., 0] - reference.lab_of(grey)[..., 0])
    assert change.max() < 1.5  # of 100: rounding to 8 bits
    assert np.abs(reference.lab_of(result)[..., 1:]).mean() > 2


def test_colours_that_no_screen_shows_are_made_paler_rather_than_darker(grey):
    wild = np.full((8, 8, 2), (90, -100), np.float32)
    change = reference.lab_of(coloured(grey, wild))[..., 0] - reference.lab_of(grey)[..., 0]
    assert np.abs(change).max() < 3
    assert np.abs(change).mean() < 0.5


def test_shares_below_one_keep_something_of_the_colours_that_were_there(shelf, astronaut):
    image = astronaut[:120, 100:240]
    none, half, full = (process(shelf, [image], frame_colorizer_blend=blend)[0] for blend in (0, 50, 100))
    assert np.abs(none.astype(int) - image).max() <= 1
    a, b, c = (reference.lab_of(each)[..., 1:].mean((0, 1)) for each in (none, half, full))
    assert np.allclose(b, (a + c) / 2, atol=1.5)


@pytest.mark.parametrize("model", ["dd", "old"])
def test_several_frames_at_once_come_out_as_each_alone(shelf, astronaut, model):
    images = [astronaut[top : top + 90, 100:230] for top in (0, 40, 80)]
    together, alone = process(shelf, images, model), [process(shelf, [image], model)[0] for image in images]
    assert all(np.array_equal(one, other) for one, other in zip(together, alone, strict=True))
