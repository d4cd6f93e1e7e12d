"""What a stream leaves unsaid about its colours, and what is then taken for true."""

from __future__ import annotations

import numpy as np
import pytest
from plane_frames import SDR, plane, planes, scene

from facefusion.media.colour import HLG, PQ, ColourTags
from facefusion.media.frame import Frame
from facefusion.media.planes.convert import FrameConverter
from facefusion.media.planes.fit import FrameFitter, Pixels
from facefusion.media.region import Rectangle


@pytest.mark.parametrize(
    ("tags", "size", "weights"),
    [
        (ColourTags(), (1280, 720), (0.2126, 0.0722)),
        (ColourTags(), (720, 1280), (0.2126, 0.0722)),
        (ColourTags(), (640, 480), (0.299, 0.114)),
        (ColourTags(transfer=PQ), (640, 480), (0.2627, 0.0593)),
        (ColourTags(transfer=HLG), (1920, 1080), (0.2627, 0.0593)),
        (ColourTags(7), (640, 480), (0.212, 0.087)),
        (ColourTags(9), (640, 480), (0.2627, 0.0593)),
    ],
)
def test_the_matrix_is_the_tagged_one_or_the_usual_guess(
    tags: ColourTags, size: tuple[int, int], weights: tuple[float, float]
) -> None:
    assert tags.luma_weights(*size) == weights


def test_high_dynamic_range_is_told_by_its_curve() -> None:
    assert ColourTags(transfer=PQ).is_hdr
    assert ColourTags(transfer=HLG).is_hdr
    assert not ColourTags(9, 9, 14).is_hdr


@pytest.mark.parametrize("matrix", [1, 4, 5, 6, 7, 9])
@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("pixel_format", ["yuv444p", "yuv444p10le"])
def test_every_matrix_and_range_is_read_right(pixel_format: str, matrix: int, full: bool) -> None:
    """Against H.273 in floating point, for any colour that lies within RGB."""
    colour = ColourTags(matrix, 1, 1, full)
    random = np.random.default_rng(1)
    rgb = random.uniform(0.05, 0.95, (32, 48, 3))
    kr, kb = colour.luma_weights(48, 32)
    luma = rgb @ [kr, 1 - kr - kb, kb]
    differences = (rgb[..., 2] - luma) / (2 - 2 * kb), (rgb[..., 0] - luma) / (2 - 2 * kr)
    unit, top = (4, 1023) if "10" in pixel_format else (1, 255)
    black, span, chroma = (0, top, top) if full else (16 * unit, 219 * unit, 224 * unit)
    frame = scene(pixel_format, 48, 32)
    plane(frame, 0)[:] = np.rint(black + span * luma)
    for index, difference in enumerate(differences):
        plane(frame, index + 1)[:] = np.rint(128 * unit + chroma * difference)
    error = np.abs(FrameConverter(colour).convert(frame).view - 255 * rgb)
    assert error.mean() < 0.75
    assert error.max() < 3


@pytest.mark.parametrize("pixel_format", ["rgb48le", "rgba64le", "gbrp10le", "gray16le"])
def test_deep_rgb_and_grey_are_rounded_to_the_nearest(pixel_format: str) -> None:
    frame = scene(pixel_format)
    top = 1023 if "10" in pixel_format else 65535
    view = FrameConverter(ColourTags()).convert(frame).view
    values = planes(frame)[0].astype(float) * 255 / top
    first = {"rgb48le": values[:, ::3], "rgba64le": values[:, ::4], "gray16le": values}.get(pixel_format)
    shown = view[:, :, 0] if first is not None else view[:, :, 1]  # planes of RGB begin with green
    assert np.abs(shown - (values if first is None else first)).max() <= 0.51


def test_an_untagged_hd_picture_cropped_to_sd_changes_its_matrix_to_the_one_that_players_will_guess() -> None:
    frame = scene("yuv444p", 1280, 720)
    part = FrameConverter(ColourTags(full_range=False), crop=Rectangle(100, 100, 200, 100)).convert(frame)
    small = Pixels(200, 100, "yuv444p", ColourTags(full_range=False))
    result = FrameFitter(small).fit(Frame(0, 0, 1, 1, part.view, part))  # type: ignore[arg-type]
    seen = FrameConverter(ColourTags(6, 6, 6, False)).convert(result).view
    assert np.abs(seen.astype(int) - part.view).mean() < 1.5
    tagged = Pixels(200, 100, "yuv444p", SDR)
    kept = FrameFitter(tagged).fit(Frame(0, 0, 1, 1, part.view, part))  # type: ignore[arg-type]
    assert all(np.array_equal(a, b) for a, b in zip(planes(kept), planes(part.planes), strict=True))
