"""Frames are brought to what the encoder takes: other formats, sizes and depths, with or without an original."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hdr_curves import signal_of_view
from plane_frames import FULL, HLG, PQ, SDR, codes, planes, scene

from facefusion.media.colour import ColourTags
from facefusion.media.frame import Frame
from facefusion.media.planes.convert import FrameConverter
from facefusion.media.planes.fit import FrameFitter, Pixels

TARGETS = ["yuv420p", "yuv422p10le", "yuv444p12le", "yuva444p10le", "yuva420p", "gbrp", "gbrap12le", "rgb24", "rgba"]
TARGETS += ["rgb48le", "rgba64le", "bgra", "gray", "yuv420p10le", "nv12", "p010le"]


def fit(image, target: Pixels, original=None):
    return FrameFitter(target).fit(Frame(0, 5, 1, Fraction(1, 25), image, original))


def seen(frame, colour: ColourTags):
    return FrameConverter(colour).convert(frame).view


def error(a, b) -> float:
    return float(np.abs(a.astype(int) - b).mean())


def smooth(width: int = 96, height: int = 64):
    y, x = np.mgrid[0:height, 0:width] / max(width, height)
    return np.stack([60 + 120 * x, 180 - 90 * y, 70 + 80 * x * y], axis=-1).astype(np.uint8)


@pytest.mark.parametrize("colour", [SDR, FULL, ColourTags(6, 6, 6, False)], ids=["709", "full", "601"])
@pytest.mark.parametrize("pixel_format", [name for name in TARGETS if name != "gray"])
def test_an_rgb_picture_becomes_any_format(pixel_format: str, colour: ColourTags) -> None:
    result = fit(smooth(), Pixels(96, 64, pixel_format, colour))
    assert (result.format.name, result.pts, result.time_base) == (pixel_format, 5, Fraction(1, 25))
    assert error(seen(result, colour), smooth()) < 0.8


@pytest.mark.parametrize("colour", [PQ, HLG], ids=["pq", "hlg"])
def test_an_rgb_picture_goes_into_high_dynamic_range_through_the_inverse_curve(colour: ColourTags) -> None:
    image = np.full((32, 32, 3), (200, 120, 90), np.uint8)
    result = planes(fit(image, Pixels(32, 32, "yuv420p10le", colour)))
    expected = codes(np.array(signal_of_view((200, 120, 90), colour.transfer)), "yuv420p10le", colour)
    for values, wanted in zip(result, expected, strict=True):
        assert np.abs(values - wanted).max() <= 1.5
    assert error(seen(fit(smooth(), Pixels(96, 64, "yuv420p10le", colour)), colour), smooth()) < 0.8


@pytest.mark.parametrize("colour", [SDR, FULL, HLG], ids=["limited", "full", "hlg"])
@pytest.mark.parametrize("target", [name for name in TARGETS if name != "gray"])
@pytest.mark.parametrize("source", ["yuv420p", "yuv422p10le", "yuva444p10le", "gbrp", "rgba", "gray", "gray12le"])
def test_decoded_planes_become_any_format_in_the_same_colours(source: str, target: str, colour: ColourTags) -> None:
    original = FrameConverter(colour).convert(scene(source, low=0.4))
    result = fit(original.view, Pixels(96, 64, target, colour), original)
    assert result.format.name == target
    written = colour if colour.full_range is not None else SDR
    coarse = "420" in target or "422" in target or "nv12" in target or "p010" in target
    assert error(seen(result, written), original.view) < (5 if coarse else 1.2)


@pytest.mark.parametrize("full", [False, True, None])
@pytest.mark.parametrize("source", ["gray", "gray10le"])
def test_grey_keeps_its_brightness(source: str, full: bool | None) -> None:
    original = FrameConverter(ColourTags(1, 1, 1, full)).convert(scene(source))
    for target in (SDR, FULL):
        result = fit(original.view, Pixels(96, 64, "yuv420p", target), original)
        assert error(seen(result, target), original.view) < 0.8
        assert all((values == 128).all() for values in planes(result)[1:])


@pytest.mark.parametrize("size", [(48, 32), (160, 90), (20, 12), (97, 65)], ids=str)
@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv420p10le", "yuva444p10le", "gbrp"])
def test_other_sizes_show_the_same_picture(pixel_format: str, size: tuple[int, int]) -> None:
    source = fit(smooth(), Pixels(96, 64, pixel_format, SDR))
    original = FrameConverter(SDR).convert(source)
    result = fit(original.view, Pixels(*size, pixel_format, SDR), original)
    assert (result.width, result.height) == size
    height, width = size[::-1]
    y, x = (np.mgrid[0:height, 0:width] + 0.5) * np.array([64 / height, 96 / width])[:, None, None] - 0.5
    y, x = y / 96, x / 96
    expected = np.stack([60 + 120 * x, 180 - 90 * y, 70 + 80 * x * y], axis=-1)
    assert error(seen(result, SDR), expected) < 1.5


def test_alpha_that_the_encoder_cannot_hold_is_left_out_and_one_that_it_wants_is_opaque() -> None:
    original = FrameConverter(SDR).convert(scene("yuva420p"))
    without = planes(fit(original.view, Pixels(96, 64, "yuv420p", SDR), original))
    assert all(np.array_equal(a, b) for a, b in zip(without, planes(original.planes)[:3], strict=True))
    for name, opaque in (("yuva420p", 255), ("yuva444p10le", 1023), ("gbrap12le", 4095)):
        assert (planes(fit(smooth(), Pixels(96, 64, name, SDR)))[3] == opaque).all()


def test_alpha_scales_with_the_picture_and_survives_an_edit() -> None:
    original = FrameConverter(SDR).convert(scene("yuva444p10le"))
    edited = fit(255 - original.view, Pixels(96, 64, "yuva444p10le", SDR), original)
    assert np.array_equal(planes(edited)[3], planes(original.planes)[3])
    small = planes(fit(original.view, Pixels(48, 32, "yuva444p10le", SDR), original))[3]
    assert abs(small.mean() - planes(original.planes)[3].mean()) < 3


@pytest.mark.parametrize("full", [False, True])
def test_a_change_of_range_keeps_grey_grey(full: bool) -> None:
    source, target = (FULL, SDR) if full else (SDR, FULL)
    grey = np.full((64, 96, 3), 130, np.uint8)
    original = FrameConverter(source).convert(fit(grey, Pixels(96, 64, "yuv420p", source)))
    result = fit(original.view, Pixels(96, 64, "yuv420p", target), original)
    assert all((values == 128).all() for values in planes(result)[1:])
    assert error(seen(result, target), original.view) < 0.8
