"""What may be said of reading, writing and limits, and what an impossible wish is told."""

from __future__ import annotations

import tomllib
from fractions import Fraction
from pathlib import Path

import pytest

from facefusion.cli.flags import option_values
from facefusion.cli.parser import parse
from facefusion.errors import OptionsError
from facefusion.options import Options, load_options


def parsed(name: str, value: object) -> object:
    """The value of an option, in whatever group it is."""
    options = Options.parse({name: value})
    group = next(g for g in (options.input, options.output, options.limits, options.runtime) if hasattr(g, name))
    return getattr(group, name)


def test_nothing_is_cut_limited_or_asked_of_the_encoder_unless_it_is_said():
    options = Options()
    assert options.input.model_dump(exclude={"sequence_rate"}) == {
        "trim_start": None,
        "trim_end": None,
        "crop": (),
        "deinterlace": False,
    }
    assert options.input.sequence_rate == "25"
    output = options.output
    assert (output.output_video_encoder, output.output_video_preset, output.output_video_passes) == (
        "auto",
        "veryfast",
        1,
    )
    assert output.output_video_quality is output.output_video_bitrate is output.output_video_size is None
    assert output.sequence_start is output.output_video_fps is output.thumbnail is output.contact_sheet is None
    assert output.renditions == output.fill_region == ()
    assert output.keep_audio and output.keep_subtitles and output.keep_metadata and output.overwrite
    assert not output.resume
    assert options.limits.max_frames is options.limits.max_duration is None
    assert options.runtime.video_chunk_size == 1000


@pytest.mark.parametrize("name", ["trim_start", "trim_end"])
@pytest.mark.parametrize("text", ["0", "12", "12.5", "12.", "1:02", "00:01:02.5", "0f", "250f"])
def test_a_moment_is_seconds_a_time_of_day_or_a_frame(name, text):
    assert parsed(name, text) == text


@pytest.mark.parametrize("name", ["trim_start", "trim_end"])
@pytest.mark.parametrize("text", ["", "soon", "-1", "1e3", ".5", "1:2:3:4", "12.5f", "f", "1:", "12,5", "nan", "2 s"])
def test_any_other_moment_is_shown_how_one_looks(name, text):
    with pytest.raises(OptionsError, match=r"^Option trim-(start|end): should look like 12\.5 .*250f .*, got "):
        parsed(name, text)


@pytest.mark.parametrize("name", ["output_video_fps", "sequence_rate"])
@pytest.mark.parametrize("text", ["25", "29.97", "30000/1001", "0.5", ".5", "1/10", "060"])
def test_a_rate_is_a_number_or_a_fraction(name, text):
    assert parsed(name, text) == text


@pytest.mark.parametrize("name", ["output_video_fps", "sequence_rate"])
@pytest.mark.parametrize("text", ["", "0", "0.0", "-25", "25/0", "0/25", "30/1.001", "25fps", "ntsc", "inf"])
def test_any_other_rate_is_shown_how_one_looks(name, text):
    with pytest.raises(OptionsError, match=r": should look like 25, 29\.97 or 30000/1001, got "):
        parsed(name, text)


@pytest.mark.parametrize("name", ["output_video_fps", "sequence_rate"])
def test_a_rate_that_nothing_shows_is_refused(name):
    assert parsed(name, "1000") == "1000"
    for text in ("1000.01", "100000", "3000/2"):
        with pytest.raises(OptionsError, match=r"should be at most 1000 frames a second, got "):
            parsed(name, text)


@pytest.mark.parametrize(
    ("name", "number", "text"),
    [
        ("trim_start", 12.5, "12.5"),
        ("trim_end", 60, "60"),
        ("output_video_fps", Fraction(30000, 1001), "30000/1001"),
        ("sequence_rate", 24, "24"),
        ("output_video_bitrate", 800_000, "800000"),
    ],
)
def test_numbers_may_be_numbers(name, number, text):
    assert parsed(name, number) == text


@pytest.mark.parametrize(("name", "number"), [("trim_start", -1), ("output_video_fps", 0), ("trim_end", True)])
def test_numbers_must_be_possible_too(name, number):
    with pytest.raises(OptionsError, match=f"Option {name.replace('_', '-')}: "):
        parsed(name, number)


@pytest.mark.parametrize("text", ["1280x720", "720p", "50%", "33.3%", "1x1"])
def test_a_size_is_two_sides_the_shorter_one_or_a_share(text):
    assert parsed("output_video_size", text) == text


@pytest.mark.parametrize("text", ["", "0x720", "720", "p", "0%", "-50%", "1280 x 720", "1280x", "half", "720i"])
def test_any_other_size_is_shown_how_one_looks(text):
    with pytest.raises(OptionsError, match=r"Option output-video-size: should look like 1280x720, 720p or 50%, got "):
        parsed("output_video_size", text)


@pytest.mark.parametrize("text", ["800000", "800k", "800K", "5M", "2.5m"])
def test_a_bit_rate_is_a_number_that_may_have_a_unit(text):
    assert parsed("output_video_bitrate", text) == text


@pytest.mark.parametrize("text", ["", "0", "0k", "-5M", "5G", "5Mbit", "5 M", "fast"])
def test_any_other_bit_rate_is_shown_how_one_looks(text):
    with pytest.raises(OptionsError, match=r"Option output-video-bitrate: should look like 800k or 5M"):
        parsed("output_video_bitrate", text)


@pytest.mark.parametrize("value", ["10,20,300,400", "10 , 20,300, 400", [10, 20, 300, 400], ("10,20", "300,400")])
def test_a_crop_is_one_rectangle(value):
    assert parsed("crop", value) == (10, 20, 300, 400)


@pytest.mark.parametrize("value", ["1,2,3", "1,2,0,4", "1,2,3,0", "-1,2,3,4", "1,-2,3,4", "0,0,1,1,2"])
def test_what_is_no_rectangle_is_told_what_one_is(value):
    for name in ("crop", "fill_region"):
        with pytest.raises(OptionsError, match=r"rectangle is (wanted: )?x,y,width,height"):
            parsed(name, value)


def test_several_regions_may_be_filled_but_only_one_part_kept():
    assert parsed("fill_region", "0,0,8,8,100,0,8,8") == (0, 0, 8, 8, 100, 0, 8, 8)
    with pytest.raises(OptionsError, match=r"Option crop: one rectangle is wanted: x,y,width,height"):
        parsed("crop", "0,0,8,8,100,0,8,8")


@pytest.mark.parametrize("value", ["a,b,c,d", "1.5,2,3,4"])
def test_rectangles_are_whole_numbers(value):
    with pytest.raises(OptionsError, match=r"Option crop: input should be a valid integer"):
        parsed("crop", value)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("output_video_quality", (-1, 52, 17.5)),
        ("output_video_passes", (0, 3)),
        ("output_image_quality", (0, 101)),
        ("sequence_start", (-1, 1.5, "first")),
        ("output_video_encoder", ("x264", "LIBX264")),
        ("output_video_preset", ("placebo", "p4")),
        ("max_pixels", (0, 4095)),
        ("max_frames", (0, -1, 1.5)),
        ("max_duration", (0, -1, "nan")),
        ("max_streams", (0,)),
        ("video_chunk_size", (0, -5, 1.5)),
        ("deinterlace", ("perhaps",)),
        ("resume", ("later",)),
    ],
)
def test_what_is_out_of_range_is_refused_by_name(name, values):
    for value in values:
        with pytest.raises(OptionsError, match=rf"^Option {name.replace('_', '-')}: .*, got "):
            parsed(name, value)


def test_renditions_are_texts_of_which_there_may_be_several():
    small, web = "small.mp4 size=720p bitrate=3M", "web.webm"
    assert parsed("renditions", [small, web]) == (small, web)
    assert Options.parse({"rendition": small}).output.renditions == (small,)


TYPED = """
process -t a.mp4 -o b.mp4 --trim-start 1:02 --trim-end 250f --crop 10 20 300 400 --deinterlace
--sequence-rate 30000/1001 --output-video-fps 29.97 --output-video-size 50% --output-video-bitrate 5M
--output-video-passes 2 --output-video-encoder libx265 --fill-region 0,0,8,8 --thumbnail t.jpg
--contact-sheet s.jpg --no-keep-subtitles --no-keep-metadata --resume --max-frames 9 --max-duration 1.5
--sequence-start 1001
"""
TABLE = """
target_path = "a.mp4"
output_path = "b.mp4"
[input]
trim_start = "1:02"
trim_end = "250f"
crop = [10, 20, 300, 400]
deinterlace = true
sequence_rate = "30000/1001"
[output]
output_video_fps = "29.97"
output_video_size = "50%"
output_video_bitrate = "5M"
output_video_passes = 2
output_video_encoder = "libx265"
fill_region = [0, 0, 8, 8]
thumbnail = "t.jpg"
contact_sheet = "s.jpg"
keep_subtitles = false
keep_metadata = false
resume = true
sequence_start = 1001
renditions = ["small.mp4 size=720p bitrate=3M", "web.webm"]
[limits]
max_frames = 9
max_duration = 1.5
"""


def test_command_line_file_and_environment_say_the_same(quiet_place):
    rendition = ["--rendition", "small.mp4 size=720p bitrate=3M", "--rendition", "web.webm"]
    typed = Options.parse(option_values(parse([*TYPED.split(), *rendition])))
    table = TABLE.replace("[output]", "")  # an option may stand outside its table
    Path("facefusion.toml").write_text(table)
    assert load_options({}, environment={}) == typed
    Path("facefusion.toml").unlink()
    told = {}
    for name, value in _leaves(tomllib.loads(TABLE)):
        told[f"FACEFUSION_{name.upper()}"] = ",".join(map(str, value)) if isinstance(value, list) else str(value)
    assert load_options({}, environment=told) == typed


def _leaves(values):
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _leaves(value)
        else:
            yield name, value
