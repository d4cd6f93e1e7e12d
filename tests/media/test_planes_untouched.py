"""What nobody edits keeps every bit; where somebody edits, everything else keeps every bit."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
import pytest
from hdr_curves import signal_of_view
from plane_frames import FULL, HLG, PQ, SDR, codes, depth, plane, planes, scene, with_block

from facefusion.media.colour import ColourTags
from facefusion.media.frame import Frame
from facefusion.media.planes.convert import FrameConverter
from facefusion.media.planes.fit import FrameFitter, Pixels
from facefusion.media.planes.layout import Layout

YUV = [
    f"yuv{alpha}{family}p{bits}"
    for alpha in ("", "a")
    for family in ("420", "422", "444", "440", "411", "410")
    for bits in ("", "9le", "10le", "12le", "14le", "16le")
]
RGB = [f"gbr{alpha}p{bits}" for alpha in ("", "a") for bits in ("", "9le", "10le", "12le", "14le", "16le")]
GREY = [f"gray{bits}" for bits in ("", "9le", "10le", "12le", "14le", "16le")]


def exists(name: str) -> bool:
    try:
        return bool(av.VideoFormat(name).components)
    except ValueError:
        return False


PLANAR = [name for name in (*YUV, *RGB, *GREY) if exists(name)]
PACKED = ["rgb24", "bgr24", "rgba", "bgra", "argb", "rgb48le", "rgba64le", "yuyv422", "uyvy422", "nv12", "nv16", "nv24"]
PACKED += ["p010le", "p210le", "p410le", "gbrp10be", "yuv420p10be", "rgb48be"]


def given(view, original, **more):
    return Frame(0, 7, 3, Fraction(1, 30), view, original=original, **more)


def fit(original, image, pixel_format, colour):
    size = (original.planes.width, original.planes.height)
    return FrameFitter(Pixels(*size, pixel_format, colour)).fit(given(image, original))


@pytest.mark.parametrize("pixel_format", [*PLANAR, *PACKED])
def test_a_frame_that_nobody_edits_goes_to_the_encoder_bit_for_bit(pixel_format: str) -> None:
    decoded = scene(pixel_format)
    before = planes(decoded)
    original = FrameConverter(SDR).convert(decoded)
    assert original.view.shape == (64, 96, 3)
    for image in (original.view, original.view.copy()):
        result = fit(original, image, pixel_format, SDR)
        assert result.format.name == pixel_format
        assert all(np.array_equal(a, b) for a, b in zip(before, planes(result), strict=True))


@pytest.mark.parametrize("colour", [SDR, FULL, PQ, HLG], ids=["sdr", "full", "pq", "hlg"])
@pytest.mark.parametrize("pixel_format", PLANAR)
def test_an_edit_touches_only_its_own_samples_and_gets_the_colours_right(pixel_format: str, colour: ColourTags) -> None:
    decoded = scene(pixel_format)
    before = planes(decoded)
    original = FrameConverter(colour).convert(decoded)
    block = (slice(17, 46), slice(31, 70))
    merged = original.merged(with_block(original.view, block, (200, 120, 90)))
    layout = Layout.of(pixel_format)
    expected = codes(np.array(shown_as((200, 120, 90), colour)), pixel_format, colour)
    unit = 1 << (depth(pixel_format) - 8)
    for index, (old, new) in enumerate(zip(before, planes(merged), strict=True)):
        if layout.has_alpha and index == len(before) - 1:
            assert np.array_equal(old, new), "alpha is nobody's business"
            continue
        sub_x, sub_y = (layout.sub_x, layout.sub_y) if index else (0, 0)
        rows, columns = (coarse(side, sub) for side, sub in zip(block, (sub_y, sub_x), strict=True))
        outside = np.ones(old.shape, bool)
        outside[rows[0], columns[0]] = False
        assert np.array_equal(old[outside], new[outside])
        inside = new[rows[1], columns[1]]
        allowed = (3 if colour.is_hdr else 2) * unit
        assert np.abs(inside.astype(float) - expected[index]).max() <= allowed
        assert abs(inside.mean() - expected[index]) <= 0.75 * unit


def coarse(side: slice, sub: int) -> tuple[slice, slice]:
    """The chroma samples that an edit between two luma samples may touch, and those that are all its own."""
    step, rim = 1 << sub, (1 << sub if sub else 0)
    touched = slice((side.start - rim) // step, -(-(side.stop + rim) // step))
    return touched, slice(-(-(side.start + rim) // step), (side.stop - rim) // step)


def shown_as(view: tuple[int, int, int], colour: ColourTags) -> list[float]:
    """The signals of a shown colour: themselves in SDR; for PQ and HLG by the curves, written out once more."""
    if not colour.is_hdr:
        return [value / 255 for value in view]
    return signal_of_view(view, colour.transfer)


def test_time_goes_along_and_the_decoded_frame_stays_as_it_was() -> None:
    decoded = scene("yuv420p")
    decoded.pts, decoded.pict_type = 99, 1
    original = FrameConverter(SDR).convert(decoded)
    result = fit(original, original.view, "yuv420p", SDR)
    assert (result.pts, result.duration, result.time_base) == (7, 3, Fraction(1, 30))
    assert result.pict_type == 0, "the source's choice of key frames is not the encoder's"
    assert decoded.pts == 99
    before = planes(decoded)
    edited = fit(original, 255 - original.view, "yuv420p", SDR)
    assert not np.array_equal(plane(edited, 0), before[0])
    assert all(np.array_equal(a, b) for a, b in zip(before, planes(decoded), strict=True))


def test_what_is_interlaced_stays_flagged(tmp_path) -> None:
    with av.open(tmp_path / "in.mkv", "w") as output:
        stream = output.add_stream("libx264", rate=25, options={"x264-params": "tff=1", "flags": "+ildct+ilme"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        output.mux([*stream.encode(scene("yuv420p", 64, 48)), *stream.encode(None)])
    with av.open(tmp_path / "in.mkv") as clip:
        decoded = next(clip.decode(video=0))
    assert decoded.interlaced_frame
    original = FrameConverter(SDR).convert(decoded)
    for image in (original.view, 255 - original.view):
        assert fit(original, image, "yuv420p", SDR).interlaced_frame


def test_a_frame_of_another_size_has_no_original() -> None:
    original = FrameConverter(SDR).convert(scene("yuv420p"))
    frame = given(original.view, original, copies=2)
    assert frame.with_image(original.view.copy()).original is original
    larger = frame.with_image(np.zeros((128, 192, 3), np.uint8))
    assert larger.original is None
    assert larger.copies == 2


def test_an_edit_in_place_is_an_error_and_not_lost() -> None:
    view = FrameConverter(SDR).convert(scene("yuv420p")).view
    with pytest.raises(ValueError, match="read-only"):
        view[0, 0] = 0


def test_several_renditions_share_one_merged_frame() -> None:
    original = FrameConverter(SDR).convert(scene("yuv420p"))
    edited = 255 - original.view
    assert original.merged(edited) is original.merged(edited)
    with pytest.raises(ValueError, match="edit of"):
        original.merged(edited[:-1])
