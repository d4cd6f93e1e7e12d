"""An edit made in 8 bits does not bring 8 bits into what was deeper."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from plane_frames import FULL, HLG, PQ, SDR, plane, planes, scene

from facefusion.media.colour import ColourTags
from facefusion.media.planes.convert import FrameConverter

TAGS = pytest.mark.parametrize("colour", [SDR, FULL, PQ, HLG], ids=["sdr", "full", "pq", "hlg"])


def ramp(pixel_format: str = "yuv420p10le", width: int = 1024):
    """Grey that rises by one level every two columns."""
    import av

    frame = av.VideoFrame(width, 64, pixel_format)
    plane(frame, 0)[:] = 200 + np.arange(width) // 2
    plane(frame, 1)[:] = plane(frame, 2)[:] = 512
    return frame


@TAGS
@pytest.mark.parametrize("tint", [(2, 0, 0), (3, 3, 3), (0, -2, 4), (12, 6, 0)], ids=str)
def test_a_smooth_ramp_with_a_slight_tint_keeps_its_levels(colour: ColourTags, tint: tuple[int, int, int]) -> None:
    decoded = ramp()
    original = FrameConverter(colour).convert(decoded)
    edited = cv2.add(original.view, np.array([0.0 + max(t, 0) for t in tint] + [0.0]))
    edited = cv2.subtract(edited, np.array([0.0 + max(-t, 0) for t in tint] + [0.0]))
    before, after = planes(decoded)[0][32], planes(original.merged(edited))[0][32]
    levels = len(np.unique(before)), len(np.unique(after))
    assert levels[1] >= 0.9 * levels[0], "an 8-bit picture would have a quarter of them"


@TAGS
def test_a_stronger_tone_change_has_no_steps_of_eight_bits(colour: ColourTags) -> None:
    """Contrast and colour changed: what lies between the steps of the view still comes from the original."""
    original = FrameConverter(colour).convert(ramp())
    view = original.view.astype(np.float32)
    edited = np.rint(view * (0.9, 0.95, 1.0) + 6).clip(0, 255).astype(np.uint8)
    after = planes(original.merged(edited))[0][32].astype(int)
    assert len(np.unique(after)) > 2 * len(np.unique(edited[32], axis=0))


@pytest.mark.parametrize("pixel_format", ["yuv420p10le", "yuv422p12le", "gbrp16le", "gray12le"])
def test_grain_below_eight_bits_survives_a_slight_edit(pixel_format: str) -> None:
    decoded = scene(pixel_format)
    original = FrameConverter(SDR).convert(decoded)
    edited = cv2.add(original.view, (5.0, 5.0, 5.0, 0.0))
    before, after = planes(decoded)[0].astype(int), planes(original.merged(edited))[0].astype(int)
    grain = [values - cv2.blur(values.astype(np.float32), (5, 5)) for values in (before, after)]
    assert np.corrcoef(grain[0].ravel(), grain[1].ravel())[0, 1] > 0.97


@TAGS
@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv420p10le", "yuv444p12le", "gbrp16le"])
def test_a_fully_edited_picture_is_seen_as_it_was_edited(pixel_format: str, colour: ColourTags) -> None:
    """Everything is replaced by a smooth other picture; seen again, that picture is there and no ghost of the old."""
    original = FrameConverter(colour).convert(scene(pixel_format, 192, 128, seed=3))
    y, x = np.mgrid[0:128, 0:192] / 200
    edited = np.stack([90 + 90 * x, 130 - 60 * y, 80 + 40 * x * y], axis=-1).astype(np.uint8)
    again = FrameConverter(colour).convert(original.merged(edited)).view
    error = np.abs(again.astype(int) - edited)
    # Most of PQ's random colours lie beyond what the view shows.
    assert error.mean() < (1.5 if colour is PQ else 1.1)
    assert np.percentile(error, 99) <= 6
