"""What has to be seen is seen in pictures and frames that are transparent there."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import av
import cv2
import numpy as np
import pytest
from plane_frames import SDR

from facefusion.media.colour import ColourTags
from facefusion.media.frame import Frame
from facefusion.media.picture import Picture
from facefusion.media.planes.convert import FrameConverter
from facefusion.media.planes.fit import FrameFitter, Pixels
from facefusion.media.region import Rectangle

PART = Rectangle(8, 4, 16, 6)
WIDTH, HEIGHT = 64, 48
RED = np.tile(np.uint8((200, 30, 30)), (HEIGHT, WIDTH, 1))


def transparent(pixel_format):
    """Return a red frame as it was decoded, of which nothing is seen."""
    red = np.dstack([RED, np.zeros((HEIGHT, WIDTH), np.uint8)])
    return av.VideoFrame.from_ndarray(red, format="rgba").reformat(format=pixel_format)


def alpha_of(frame):
    """Return the opacity of a frame, 0 to 255."""
    return frame.reformat(format="rgba").to_ndarray()[..., 3]


@pytest.mark.parametrize("pixel_format", ["rgba", "yuva420p", "yuva444p", "yuva444p10le", "gbrap12le"])
@pytest.mark.parametrize("scale", [1, 2])
def test_a_part_of_a_transparent_frame_is_opaque_and_nothing_else_is(pixel_format, scale):
    original = FrameConverter(SDR).convert(transparent(pixel_format))
    frame = Frame(0, 0, 1, Fraction(1, 25), RED, original, opaque=PART)
    fitter = FrameFitter(Pixels(WIDTH * scale, HEIGHT * scale, pixel_format, original.colour))
    alpha = alpha_of(fitter.fit(frame))
    expected = np.zeros((HEIGHT, WIDTH), bool)
    expected[PART.slices] = True
    expected = expected.repeat(scale, 0).repeat(scale, 1)
    near = cv2.dilate(expected.astype(np.uint8), np.ones((5, 5))) > 0 if scale > 1 else expected
    assert (alpha[expected] == 255).all()
    assert (alpha[~near] <= 1).all()  # swscale's rounding on the way from 12 bits
    assert (alpha_of(fitter.fit(replace(frame, opaque=None))) <= 1).all()


def test_what_an_edit_made_transparent_is_seen_in_forms_without_opacity():
    nothing = np.zeros((HEIGHT, WIDTH), np.uint8)
    frame = Frame(0, 0, 1, Fraction(1, 25), RED, opacity=nothing, opaque=PART)
    written = FrameFitter(Pixels(WIDTH, HEIGHT, "rgb24", ColourTags(full_range=True))).fit(frame).to_ndarray()
    assert (written[PART.slices] == RED[PART.slices]).all()
    assert (written[HEIGHT - 1] == 255).all()
    assert not nothing.any()


def test_a_part_of_a_transparent_picture_is_opaque():
    clear = np.zeros((HEIGHT, WIDTH), np.uint8)
    deep = np.zeros((HEIGHT, WIDTH, 3), np.uint16)
    picture = Picture(RED, clear, deep=deep, deep_alpha=clear.astype(np.uint16)).with_opaque(PART)
    assert (picture.alpha[PART.slices] == 255).all()
    assert (picture.deep_alpha[PART.slices] == 65535).all()
    assert picture.alpha.sum() == 255 * PART.width * PART.height
    assert not clear.any()
    assert Picture(RED).with_opaque(PART).alpha is None
