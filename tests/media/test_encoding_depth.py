"""What is easily lost on the way through an encoder: bits, high dynamic range, transparency, fields."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from encoding_clips import Clip, clip, decoded, encode, planes, same, through, worst_mean
from plane_frames import FULL, HLG, PQ

from facefusion.media.encoding.choose import VideoWish
from facefusion.media.hdr import ContentLight, HdrMetadata, Mastering
from facefusion.media.reader import VideoReader
from facefusion.options import LimitOptions


def point(x: str, y: str) -> tuple[Fraction, Fraction]:
    return Fraction(x), Fraction(y)


P3 = {
    "red": point("0.68", "0.32"),
    "green": point("0.265", "0.69"),
    "blue": point("0.15", "0.06"),
    "white": point("0.3127", "0.329"),
}
GRADED = HdrMetadata(
    Mastering(**P3, darkest=Fraction("0.005"), brightest=Fraction(1000)),
    ContentLight(1000, 400),
)
QUARTER = ("yuv411p", "yuv410p")  # a sample of chroma for four of luma, side by side
STORED = (
    *("yuv420p", "yuv422p", "yuv444p", "yuv440p", *QUARTER, "gray"),
    *("yuv420p10le", "yuv422p10le", "yuv444p12le", "yuv420p16le", "gray12le", "gray16le"),
    *("yuva420p", "yuva444p", "yuva422p10le", "yuva444p12le", "yuva444p16le"),
    *("gbrp", "gbrap", "gbrp10le", "gbrp12le", "gbrp16le", "gbrap10le", "gbrap16le"),
)


def given_planes(made: Clip) -> list[av.VideoFrame]:
    return [frame.original.planes for frame in made.frames]


@pytest.mark.parametrize("size", [(96, 64), (97, 63), (401, 299), (400, 297), (363, 89), (92, 68)])
@pytest.mark.parametrize("stored", [name for name in STORED if name not in QUARTER])
def test_ffv1_changes_no_sample(tmp_path: Path, stored: str, size: tuple[int, int]) -> None:
    made = clip(stored, size=size, timing=(Fraction(1, 25), range(4)))

    frames = decoded(through(made, tmp_path / "out.mkv", VideoWish(encoder="ffv1"), length=2))

    if frames[0].format.name in ("bgr0", "bgra"):
        frames = [frame.reformat(format=stored) for frame in frames]
    assert frames[0].format.name == stored
    assert same(frames, given_planes(made))


@pytest.mark.parametrize("size", [(96, 64), (400, 300)])
@pytest.mark.parametrize("stored", QUARTER)
def test_ffv1_changes_no_sample_of_old_formats_whose_sides_fit_them(
    tmp_path: Path, stored: str, size: tuple[int, int]
) -> None:
    made = clip(stored, size=size, timing=(Fraction(1, 25), range(4)))

    frames = decoded(through(made, tmp_path / "out.mkv", VideoWish(encoder="ffv1"), length=2))

    assert same(frames, given_planes(made))


@pytest.mark.parametrize("stored", QUARTER)
def test_where_the_sides_do_not_fit_finer_chroma_is_stored(tmp_path: Path, stored: str) -> None:
    made = clip(stored, size=(94, 62))

    frame = decoded(through(made, tmp_path / "out.mkv", VideoWish(encoder="ffv1")))[0]

    assert frame.format.name == {"yuv411p": "yuv422p", "yuv410p": "yuv420p"}[stored]
    assert np.array_equal(planes(frame)[0], planes(given_planes(made)[0])[0])


@pytest.mark.parametrize("full", [False, True])
def test_ffv1_keeps_the_range_of_its_samples(tmp_path: Path, full: bool) -> None:
    made = clip("yuv420p", colour=replace(FULL, full_range=full))

    frames = decoded(through(made, tmp_path / "out.mkv", VideoWish(encoder="ffv1")))

    assert same(frames, given_planes(made))
    assert int(frames[0].color_range) == (2 if full else 1)


@pytest.mark.parametrize(
    ("encoder", "ending"),
    [("libx264", ".mp4"), ("libx265", ".mp4"), ("libsvtav1", ".mp4"), ("libsvtav1", ".webm"), ("prores", ".mov")],
)
def test_ten_bits_stay_ten_bits(tmp_path: Path, encoder: str, ending: str) -> None:
    made = clip("yuv422p10le" if encoder == "prores" else "yuv420p10le")
    quality = None if encoder == "prores" else 4

    frames = decoded(through(made, tmp_path / f"out{ending}", VideoWish(encoder=encoder, quality=quality)))

    assert frames[0].format.name.endswith("10le")
    assert worst_mean(frames, given_planes(made)) < (5 if encoder == "libsvtav1" else 3) / 1023
    low_bits = np.concatenate([planes(frame)[0].ravel() & 3 for frame in frames])
    assert set(np.unique(low_bits)) == {0, 1, 2, 3}


@pytest.mark.parametrize(
    ("encoder", "ending"), [("libx265", ".mp4"), ("libx265", ".mkv"), ("libsvtav1", ".mp4"), ("libsvtav1", ".webm")]
)
def test_hdr10_says_itself_on_what_display_it_was_mastered(tmp_path: Path, encoder: str, ending: str) -> None:
    made = clip("yuv420p10le", colour=PQ, hdr=GRADED, size=(160, 96))
    _, segments = encode(made, tmp_path / f"out{ending}", VideoWish(encoder=encoder))

    for segment in segments:  # there the container does not say it
        first = decoded(segment.path)[0]
        told = HdrMetadata.of(first)
        assert told is not None
        assert told.light == GRADED.light
        assert close(told.mastering, GRADED.mastering)
        assert (int(first.colorspace), int(first.color_primaries), int(first.color_trc)) == (9, 9, 16)


def close(one: Mastering | None, other: Mastering | None) -> bool:
    """Whether they are the same but for the steps in which codecs count: 0.00002 and 0.0001 cd/m²; AV1's are other."""
    assert one is not None
    assert other is not None
    pairs = [(a, b) for name in P3 for a, b in zip(getattr(one, name), getattr(other, name), strict=True)]
    return (
        all(abs(a - b) <= Fraction(1, 50_000) for a, b in pairs)
        and abs(one.darkest - other.darkest) <= Fraction(1, 10_000)
        and abs(one.brightest - other.brightest) <= Fraction(1, 100)
    )


@pytest.mark.parametrize(("encoder", "ending"), [("libx264", ".mp4"), ("prores", ".mov"), ("ffv1", ".mkv")])
@pytest.mark.parametrize("colour", [PQ, HLG], ids=["PQ", "HLG"])
def test_high_dynamic_range_is_tagged_by_all(tmp_path: Path, encoder: str, ending: str, colour: object) -> None:
    made = clip("yuv422p10le" if encoder == "prores" else "yuv420p10le", colour=colour)

    frame = decoded(through(made, tmp_path / f"out{ending}", VideoWish(encoder=encoder)))[0]

    assert (int(frame.colorspace), int(frame.color_primaries), int(frame.color_trc)) == (9, 9, colour.transfer)


@pytest.mark.parametrize(
    ("encoder", "ending", "stored", "decoder"),
    [
        ("prores", ".mov", "yuva444p10le", None),
        ("prores", ".mkv", "yuva444p12le", None),
        ("libvpx-vp9", ".webm", "yuva420p", "libvpx-vp9"),
        ("libvpx-vp9", ".mkv", "yuva420p", "libvpx-vp9"),
        ("ffv1", ".mkv", "yuva420p", None),
        ("ffv1", ".mkv", "gbrap", None),
    ],
)
def test_transparency_survives(tmp_path: Path, encoder: str, ending: str, stored: str, decoder: str | None) -> None:
    made = clip(stored)

    frames = decoded(through(made, tmp_path / f"out{ending}", VideoWish(encoder=encoder)), decoder)

    assert len(frames) == len(made.frames)
    for frame, source in zip(frames, given_planes(made), strict=True):
        found, wanted = alpha(frame), alpha(source)
        assert np.abs(found - wanted).mean() < 0.01
        assert np.abs(found - wanted)[:, 4::8].max() < 0.3


def alpha(frame: av.VideoFrame) -> np.ndarray:
    """Transparency, 0 to 1."""
    if frame.format.name == "bgra":
        frame = frame.reformat(format="gbrap")
    values = planes(frame)[3]
    return values / ((1 << frame.format.components[3].bits) - 1)


@pytest.mark.parametrize(
    ("encoder", "ending"),
    [("libx264", ".mp4"), ("libx264", ".mov"), ("libx264", ".mkv"), ("prores", ".mov"), ("ffv1", ".mkv")],
)
@pytest.mark.parametrize(("order", "code"), [("top", 2), ("bottom", 3)])
def test_fields_stay_fields_in_their_order(tmp_path: Path, encoder: str, ending: str, order: str, code: int) -> None:
    made = clip("yuv422p10le" if encoder == "prores" else "yuv420p", field_order=order)

    path = through(made, tmp_path / f"out{ending}", VideoWish(encoder=encoder))

    check_fields(path, order, code)


def test_fields_stay_fields_through_two_passes(tmp_path: Path) -> None:
    made = clip(field_order="bottom")

    path = through(made, tmp_path / "out.mp4", VideoWish(encoder="libx264", passes=2, bit_rate=500_000))

    check_fields(path, "bottom", 3)


def check_fields(path: Path, order: str, code: int) -> None:
    """Make sure that the stream and all its frames say which field comes first."""

    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.field_order == code
        frames = list(container.decode(stream))
    assert {frame.interlaced_frame for frame in frames} == {True}
    assert fields_of(frames) == {order}


def fields_of(frames: list[av.VideoFrame]) -> set[str]:
    """Which field the frames themselves say comes first, told by libav's filter that prints it."""
    first = frames[0]
    graph = av.filter.Graph()
    source = graph.add_buffer(
        width=first.width, height=first.height, format=first.format, time_base=first.time_base or Fraction(1, 25)
    )
    graph.link_nodes(source, graph.add("showinfo"), graph.add("buffersink"))
    graph.configure()
    level = av.logging.get_level()
    av.logging.set_level(av.logging.INFO)
    try:
        with av.logging.Capture() as lines:
            for frame in frames:
                source.push(frame)
                graph.pull()
    finally:
        av.logging.set_level(level)
    told = re.findall(r" i:(\w)", " ".join(text for _, _, text in lines))
    return {{"T": "top", "B": "bottom", "P": "progressive"}[letter] for letter in told}


def test_interlaced_frames_are_encoded_without_a_word(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    through(clip(field_order="top"), tmp_path / "out.mp4", VideoWish())

    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("encoder", ["libx264", "libx265", "libsvtav1", "libvpx-vp9", "prores", "ffv1"])
def test_no_encoder_talks_on_the_terminal(tmp_path: Path, encoder: str, capfd: pytest.CaptureFixture[str]) -> None:
    through(clip(), tmp_path / "out.mkv", VideoWish(encoder=encoder))

    assert capfd.readouterr() == ("", "")


def test_a_file_keeps_no_settings_of_the_encoder_that_differ_between_machines(tmp_path: Path) -> None:
    _, segments = encode(clip(), tmp_path / "out.mp4", VideoWish(encoder="libx265"))

    with av.open(io.BytesIO(segments[0].path.read_bytes())) as container:
        assert len(container.streams.video[0].codec_context.extradata) < 200


@pytest.mark.parametrize(
    ("encoder", "ending"),
    [("libx264", ".mp4"), ("libx265", ".mp4"), ("libsvtav1", ".mkv"), ("libvpx-vp9", ".webm"), ("ffv1", ".mkv")],
)
@pytest.mark.parametrize("place", ["left", "top", "topleft"])
def test_the_place_of_chroma_is_told(tmp_path: Path, encoder: str, ending: str, place: str) -> None:
    """Turning a picture by 90 degrees sample by sample moves its chroma from the left to the top."""
    made = clip()
    made = Clip(replace(made.info, chroma_location=place), made.frames)

    path = through(made, tmp_path / f"out{ending}", VideoWish(encoder=encoder))

    with VideoReader(path, LimitOptions()) as reader:
        assert reader.info.chroma_location == place


def test_the_place_of_chroma_is_the_usual_one_where_samples_are_made_anew(tmp_path: Path) -> None:
    made = clip()
    made = Clip(replace(made.info, chroma_location="top"), made.frames)

    path = through(made, tmp_path / "out.mp4", VideoWish(size="48x32"))

    with VideoReader(path, LimitOptions()) as reader:
        assert reader.info.chroma_location == "left"


def test_interlaced_chroma_is_not_mixed_between_fields(tmp_path: Path) -> None:
    made = clip("yuv422p", field_order="top")

    frames = decoded(through(made, tmp_path / "out.mp4", VideoWish(quality=4)))

    assert frames[0].format.name == "yuv422p"
    assert worst_mean(frames, given_planes(made)) < 2 / 255


def test_the_same_quality_looks_alike_with_every_encoder(tmp_path: Path) -> None:
    made = clip("yuv420p", size=(320, 180))
    luma = [planes(frame)[0].astype(float) for frame in given_planes(made)]
    ratios = []
    for encoder in ("libx264", "libx265", "libsvtav1", "libvpx-vp9"):
        frames = decoded(through(made, tmp_path / f"{encoder}.mkv", VideoWish(encoder=encoder, preset="medium")))
        error = np.mean([(planes(frame)[0] - wanted) ** 2 for frame, wanted in zip(frames, luma, strict=True)])
        ratios.append(10 * np.log10(255**2 / error))

    assert min(ratios) > 38
    assert max(ratios) - min(ratios) < 3
