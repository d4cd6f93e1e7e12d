"""Planes are turned, mirrored and cropped without losing a bit, and chroma stays where it belongs."""

from __future__ import annotations

import av
import cv2
import numpy as np
import pytest
from plane_frames import SDR, plane, planes, scene

from facefusion.media.colour import ColourTags
from facefusion.media.orientation import Orientation
from facefusion.media.planes.convert import FrameConverter
from facefusion.media.region import Rectangle

TURNS = {
    Orientation.UPRIGHT: lambda p: p,
    Orientation.MIRRORED: lambda p: p[:, ::-1],
    Orientation.FLIPPED: lambda p: p[::-1],
    Orientation.ROTATED_180: lambda p: p[::-1, ::-1],
    Orientation.CLOCKWISE_90: lambda p: np.rot90(p, -1),
    Orientation.COUNTER_CLOCKWISE_90: lambda p: np.rot90(p, 1),
    Orientation.TRANSPOSED: lambda p: np.swapaxes(p, 0, 1),
    Orientation.TRANSVERSED: lambda p: np.swapaxes(p[::-1, ::-1], 0, 1),
}
turns = pytest.mark.parametrize("orientation", TURNS, ids=lambda o: o.name.lower())


def same(a, b) -> bool:
    return all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


@turns
@pytest.mark.parametrize("pixel_format", ["yuv444p", "yuva444p12le", "gbrp10le", "gbrap", "gray16le", "rgb24"])
def test_full_planes_are_turned_sample_by_sample(pixel_format: str, orientation: Orientation) -> None:
    decoded = scene(pixel_format)
    upright = FrameConverter(SDR).convert(decoded)
    turned = FrameConverter(SDR, orientation).convert(decoded)
    assert same([TURNS[orientation](p) for p in planes(upright.planes)], planes(turned.planes))
    assert np.array_equal(TURNS[orientation](upright.view), turned.view)


@turns
@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv420p10le", "yuva420p"])
def test_420_keeps_every_sample_when_turned_and_all_luma_when_mirrored(
    pixel_format: str, orientation: Orientation
) -> None:
    decoded = scene(pixel_format)
    turned = planes(FrameConverter(SDR, orientation).convert(decoded).planes)
    expected = [TURNS[orientation](p) for p in planes(decoded)]
    # Chroma to the left of luma comes out above or below it, which streams can say; to the right, they cannot.
    mirrors = orientation in (Orientation.MIRRORED, Orientation.ROTATED_180)
    assert same([expected[0], *expected[3:]], [turned[0], *turned[3:]])
    assert same(expected[1:3], turned[1:3]) is not mirrors


@pytest.mark.parametrize(
    ("orientation", "name"), [(Orientation.CLOCKWISE_90, "top"), (Orientation.COUNTER_CLOCKWISE_90, "bottom")]
)
def test_420_on_its_side_says_where_its_chroma_lies(orientation: Orientation, name: str) -> None:
    turned = FrameConverter(SDR, orientation).convert(scene("yuv420p"))
    assert turned.chroma_location == name
    assert FrameConverter(SDR).convert(scene("yuv420p")).chroma_location == "left"


def dot(pixel_format: str, x: float, y: float, width: int = 64, height: int = 48) -> av.VideoFrame:
    """A soft coloured dot, its chroma to the left of luma, exact by its formula."""
    frame = av.VideoFrame(width, height, pixel_format)
    form = frame.format
    for index, amount in enumerate((80, 60, -60)):
        sub_x, sub_y = (form.width // form.chroma_width(), form.height // form.chroma_height()) if index else (1, 1)
        values = plane(frame, index)
        row, column = np.mgrid[0 : values.shape[0], 0 : values.shape[1]].astype(float)
        row = row * sub_y + {1: 0, 2: 0.5, 4: 1.5}[sub_y]
        column = column * sub_x + (1.5 if sub_y == 4 else 0)
        spot = np.exp(-((column - x) ** 2 + (row - y) ** 2) / 60)
        values[:] = np.rint((100, 128, 128)[index] + amount * spot)
    return frame


def centre(weights) -> tuple[float, float]:
    row, column = np.mgrid[0 : weights.shape[0], 0 : weights.shape[1]]
    return float((weights * column).sum() / weights.sum()), float((weights * row).sum() / weights.sum())


def offset(original) -> tuple[float, float]:
    """How far the middle of the chroma lies from that of the luma, in the picture that the planes hold."""
    luma = planes(original.planes)[0].astype(float) - 100
    again = FrameConverter(SDR).convert(original.planes)
    chroma = again.view[:, :, 2].astype(float) - again.view[:, :, 0]  # more blue and less red in the dot
    at_luma, at_chroma = centre(luma), centre(chroma - np.median(chroma))
    return at_chroma[0] - at_luma[0], at_chroma[1] - at_luma[1]


@turns
@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv422p", "yuv440p", "yuv411p", "yuv410p", "yuv444p"])
def test_colour_does_not_move_against_brightness_when_turned(pixel_format: str, orientation: Orientation) -> None:
    original = FrameConverter(SDR, orientation).convert(dot(pixel_format, 30, 22))
    assert max(map(abs, offset(original))) < 0.15


@pytest.mark.parametrize("corner", [(0, 0), (1, 0), (0, 1), (3, 5), (4, 2)], ids=str)
@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv422p10le", "yuva420p", "yuv411p", "gbrp", "gray"])
def test_a_crop_keeps_luma_exactly_and_moves_nothing(pixel_format: str, corner: tuple[int, int]) -> None:
    decoded = scene(pixel_format)
    x, y = corner
    crop = Rectangle(x, y, 41, 33)
    whole, part = FrameConverter(SDR).convert(decoded), FrameConverter(SDR, crop=crop).convert(decoded)
    assert np.array_equal(part.view, whole.view[crop.slices])
    assert np.array_equal(planes(part.planes)[0], planes(whole.planes)[0][crop.slices])
    if pixel_format == "yuva420p":
        assert np.array_equal(planes(part.planes)[3], planes(whole.planes)[3][crop.slices])
    again = FrameConverter(SDR).convert(part.planes)
    assert np.abs(again.view[4:-4, 4:-4].astype(int) - part.view[4:-4, 4:-4]).mean() <= 1


@pytest.mark.parametrize("corner", [(7, 9), (8, 8)])
@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv422p", "yuv411p"])
def test_colour_does_not_move_against_brightness_when_cropped(pixel_format: str, corner: tuple[int, int]) -> None:
    crop = Rectangle(*corner, 45, 33)
    original = FrameConverter(SDR, crop=crop).convert(dot(pixel_format, 30, 22))
    exact = FrameConverter(SDR, crop=crop).convert(dot("yuv444p", 30, 22))
    assert offset(original) == pytest.approx(offset(exact), abs=0.05)


def test_a_crop_is_of_the_upright_picture() -> None:
    decoded = scene("yuv420p")
    crop = Rectangle(10, 20, 30, 40)
    turned = FrameConverter(SDR, Orientation.CLOCKWISE_90).convert(decoded)
    part = FrameConverter(SDR, Orientation.CLOCKWISE_90, crop).convert(decoded)
    assert np.array_equal(part.view, turned.view[crop.slices])
    assert np.array_equal(planes(part.planes)[0], planes(turned.planes)[0][crop.slices])
    with pytest.raises(ValueError, match="beyond the picture of 64x96"):
        FrameConverter(SDR, Orientation.CLOCKWISE_90, Rectangle(0, 0, 80, 10)).convert(decoded)


@pytest.mark.parametrize("corner", [(0, 0), (5, 3)])
@turns
def test_an_edit_lands_where_it_was_made(orientation: Orientation, corner: tuple[int, int]) -> None:
    """Seen again, the planes show the edit at its place, also when turned and cropped."""
    original = FrameConverter(SDR, orientation, Rectangle(*corner, 50, 46)).convert(scene("yuv420p"))
    edited = original.view.copy()
    cv2.circle(edited, (25, 20), 9, (220, 60, 60), -1, cv2.LINE_AA)
    again = FrameConverter(SDR).convert(original.merged(edited)).view
    difference = np.abs(again.astype(int) - edited)
    assert difference[12:29, 17:34].mean() < 6
    assert difference[16:25, 21:30].max() <= 4


def test_untagged_full_range_has_its_chroma_in_the_middle() -> None:
    assert FrameConverter(ColourTags(5, 1, 1, True)).convert(scene("yuv420p")).chroma_location == "center"
