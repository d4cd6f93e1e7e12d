"""The plan: whatever can be found out before any work is found out, and nothing is written for it."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from facefusion.engine.plan import DEFAULT_IN_FLIGHT, GIB, LEAST_IN_FLIGHT, Plan, frames_in_flight, make_plan
from facefusion.errors import InputTypeError, OptionsError, OutputExistsError, OutputTypeError, OutputUnwritableError
from facefusion.media.info import VideoInfo
from facefusion.media.probe import probe
from facefusion.options import LimitOptions, Options, load_options
from material import ASTRONAUT

pytestmark = pytest.mark.usefixtures("quiet_place")


def plan(target: Path, output: str = "out.mp4", **values) -> Plan:
    options = Options.parse({"target_path": target, "output_path": output, "processors": ()} | values)
    return make_plan(options, has_hooks=False)


@pytest.fixture
def sounding(moving_portrait, quiet_place) -> Path:
    """The moving portrait with sound that MP4 does not hold."""
    path = quiet_place / "sounding.mov"
    with av.open(str(moving_portrait)) as source, av.open(str(path), "w") as output:
        picture = output.add_stream_from_template(source.streams.video[0])
        sound = output.add_stream("pcm_mulaw", rate=8000, layout="mono")
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = picture
                output.mux(packet)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 6400), np.int16), format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = 8000, 0, Fraction(1, 8000)
        output.mux([*sound.encode(frame), *sound.encode(None)])
    return path


def test_a_video_is_written_to_the_output_and_to_each_rendition(moving_portrait):
    made = plan(moving_portrait, renditions=["small.mkv size=50% quality=30", "web.webm"])
    assert [rendition.path for rendition in made.renditions] == [Path("out.mp4"), Path("small.mkv"), Path("web.webm")]
    main, small, web = (rendition.encoding for rendition in made.renditions)
    assert (main.encoder.name, small.encoder.name, web.encoder.name) == ("libx264", "libx264", "libvpx-vp9")
    assert (main.pixels.width, small.pixels.width, web.pixels.width) == (192, 96, 192)


def test_planning_writes_nothing(moving_portrait, quiet_place):
    plan(moving_portrait, renditions="web.webm", thumbnail="a.png", contact_sheet="b.jpg")
    assert list(quiet_place.iterdir()) == []


def test_a_picture_has_no_renditions():
    made = plan(ASTRONAUT, "out.png")
    assert (made.renditions, made.notes) == ((), ())


def test_what_is_planned_is_what_is_left_after_trimming_and_cropping(moving_portrait):
    made = plan(moving_portrait, trim_start="5f", trim_end="15f", crop="0,0,96,64", output_video_fps=5)
    assert isinstance(made.target, VideoInfo)
    assert (made.target.width, made.target.height, made.target.frame_rate) == (96, 64, 5)
    assert made.renditions[0].encoding.pixels.height == 64


@pytest.mark.parametrize("output", ["out.mp4", "out.mov"])
@pytest.mark.parametrize("rendition", ["", "further.mp4"])
def test_sound_is_tried_in_every_container(sounding, output, rendition):
    values = {"renditions": rendition} if rendition else {}
    if ".mp4" in output + rendition:
        with pytest.raises(OutputTypeError, match=r"MP4.*pcm_mulaw.*--no-keep-audio"):
            plan(sounding, output, **values)
    else:
        plan(sounding, output, **values)
    assert plan(sounding, output, keep_audio=False, **values).renditions


def test_a_rendition_may_go_without_the_sound_that_the_output_keeps(sounding):
    made = plan(sounding, "out.mov", renditions=["further.mp4 sound=no", "third.mov"])
    assert [rendition.options.keep_audio for rendition in made.renditions] == [True, False, True]
    made = plan(sounding, "out.mp4", keep_audio=False, renditions="further.mp4 sound=yes")
    assert [rendition.options.keep_audio for rendition in made.renditions] == [False, False]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("a.mp4 size=120p size=50%", "says something twice"),
        ("bitrate=800k", "has no file"),
        ("a b.mp4 size=50%", "not understood.*quotes"),
        ("a.mp4 passes=2", "two passes need a bitrate.*bitrate="),
        ("a.mp4 sound=loud", "yes or no"),
        ("a.mp4 speed=2", "no 'speed'.*sound"),
        ("a.mp4 quality=400", "quality"),
        ("'a.mp4", "not understood"),
    ],
)
def test_a_rendition_that_makes_no_sense_is_told_by_its_own_words(moving_portrait, text, what):
    with pytest.raises(OptionsError, match=what):
        plan(moving_portrait, renditions=[text])


def test_notes_say_what_is_not_carried_on_and_each_of_them_once(sounding):
    made = plan(sounding, "out.gif", renditions="second.gif")
    assert any("sound" in note for note in made.notes)
    assert len(set(made.notes)) == len(made.notes)


@pytest.mark.parametrize("there", ["out.mp4", "small.mp4", "thumb.jpg", "sheet.jpg"])
def test_no_output_is_replaced_where_that_is_not_allowed(moving_portrait, there):
    Path(there).write_bytes(b"mine")
    values = {"renditions": "small.mp4 size=50%", "thumbnail": "thumb.jpg", "contact_sheet": "sheet.jpg"}
    with pytest.raises(OutputExistsError, match=there):
        plan(moving_portrait, overwrite=False, **values)
    plan(moving_portrait, **values)
    assert Path(there).read_bytes() == b"mine"


@pytest.mark.parametrize(
    ("target", "output", "expected", "call"),
    [("clip", "out.mp4", "picture", "process_video"), (ASTRONAUT, "out.png", "video", "process_image")],
)
def test_the_wrong_call_names_the_right_one(moving_portrait, target, output, expected, call):
    target = moving_portrait if target == "clip" else target
    options = Options.parse({"target_path": target, "output_path": output, "processors": ()})
    with pytest.raises(InputTypeError, match=f"is not a {expected}. Call {call}"):
        make_plan(options, has_hooks=False, expected=expected)


def test_a_job_with_a_step_of_ones_own_cannot_be_resumed(moving_portrait):
    options = Options.parse({"target_path": moving_portrait, "output_path": "o.mp4", "processors": (), "resume": True})
    with pytest.raises(OptionsError, match="cannot be resumed"):
        make_plan(options, has_hooks=True)
    assert make_plan(options, has_hooks=False)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("trim_start", "1"), ("trim_end", "1"), ("renditions", "a.mp4"), ("thumbnail", "a.png")),
        *(("contact_sheet", "a.png"), ("deinterlace", True), ("sequence_rate", "24"), ("sequence_start", 1001)),
        *(("output_video_encoder", "libx265"), ("output_video_preset", "slow"), ("output_video_quality", 20)),
        *(("output_video_bitrate", "5M"), ("output_video_passes", 2), ("output_video_size", "50%")),
        ("output_video_fps", 30),
    ],
)
def test_what_only_videos_have_is_refused_of_a_picture(name, value):
    with pytest.raises(OptionsError, match=f"Option {name.replace('_', '-')} is for videos, but the target is a pic"):
        plan(ASTRONAUT, "out.png", **{name: value})


def test_what_stands_in_the_file_for_all_jobs_hinders_none(moving_portrait):
    Path("facefusion.toml").write_text("output_video_quality = 16\noutput_video_size = '50%'\nsequence_rate = '24'\n")
    for target, output in ((ASTRONAUT, "o.png"), (moving_portrait, "o.mp4")):
        options = load_options({"target_path": target, "output_path": output, "processors": ()})
        assert make_plan(options, has_hooks=False)


def test_what_only_sequences_have_is_refused_where_there_is_none(moving_portrait):
    with pytest.raises(OptionsError, match="sequence-rate is for sequences of pictures, but the target is none"):
        plan(moving_portrait, sequence_rate="30")
    with pytest.raises(OptionsError, match="sequence-start is for sequences of pictures, but no output is one"):
        plan(moving_portrait, sequence_start=1001)
    assert plan(moving_portrait, renditions="out/%04d.png", sequence_start=1001)


@pytest.mark.parametrize(
    ("output", "told"),
    [
        ("-", "The output - has no ending to tell its form"),
        ("a.png", r"or a\.%04d\.png for numbered pictures"),
        ("a.%d.png", r"or a\.%04d\.png for numbered pictures"),
        ("x.bmp", r"'\.bmp', which is not written. Choose one of \.gif, .*\.webm\.$"),
    ],
)
def test_a_form_that_no_video_is_written_in_is_told_what_would_do(moving_portrait, output, told):
    with pytest.raises(OutputTypeError, match=told):
        plan(moving_portrait, output)


@pytest.mark.parametrize("name", ["thumbnail", "contact_sheet"])
def test_thumbnail_and_contact_sheet_are_one_picture(moving_portrait, name):
    with pytest.raises(OutputTypeError, match=r"one picture each, but t\.%04d\.png asks for numbered ones"):
        plan(moving_portrait, **{name: "t.%04d.png"})
    with pytest.raises(OutputTypeError, match=r"'\.bmp', which is not written. Choose one of \.png, .*\.tif\.$"):
        plan(moving_portrait, **{name: "t.bmp"})


@pytest.mark.parametrize("output", [f"{'x' * 300}.mp4", f"{'x' * 300}.%04d.png", f"new/{'x' * 300}.%04d.png"])
def test_a_name_that_is_too_long_is_found_out_before_any_work(moving_portrait, output):
    with pytest.raises(OutputUnwritableError, match=r"too long\. Choose a shorter name"):
        plan(moving_portrait, output)


def test_what_is_missing_is_named_as_on_the_command_line_and_in_python():
    with pytest.raises(OptionsError, match=r"--target \(in Python target_path\)"):
        make_plan(Options(processors=()), has_hooks=False)
    with pytest.raises(OptionsError, match=r"--source \(in Python source_paths\)"):
        plan(ASTRONAUT, "o.png", processors=("face_swapper",))


@pytest.mark.parametrize(("output", "most"), [("o.gif", 50), ("o.webp", 90), ("o.apng", 90)])
def test_a_rate_that_an_animation_does_not_show_is_refused(moving_portrait, output, most):
    assert plan(moving_portrait, output, output_video_fps=most).renditions
    with pytest.raises(OptionsError, match=f"output-video-fps: .* show at most {most} frames a second"):
        plan(moving_portrait, output, output_video_fps=most + 1)
    assert plan(moving_portrait, "o.mp4", renditions=output, output_video_fps=120).renditions


@pytest.fixture
def full_hd(moving_portrait) -> VideoInfo:
    info = probe(moving_portrait, LimitOptions())
    assert isinstance(info, VideoInfo)
    return replace(info, width=1920, height=1080)


@pytest.mark.parametrize(
    ("width", "height", "most"), [(192, 192, DEFAULT_IN_FLIGHT), (1920, 1080, DEFAULT_IN_FLIGHT), (3840, 2160, 8)]
)
def test_a_quarter_of_a_gibibyte_is_used_unless_something_else_is_said(full_hd, width, height, most):
    assert frames_in_flight(Options(), replace(full_hd, width=width, height=height)) == most


@pytest.mark.parametrize(("depth", "most"), [(8, 12), (10, 10)])
def test_deep_frames_take_more_memory(full_hd, depth, most):
    options = Options.parse({"max_memory": 12.6 * 1920 * 1080 * 8 / GIB})
    assert frames_in_flight(options, replace(full_hd, bit_depth=depth)) == most


def test_frames_too_large_for_the_memory_are_refused(full_hd):
    least = LEAST_IN_FLIGHT * 1920 * 1080 * 8 / GIB
    assert frames_in_flight(Options.parse({"max_memory": least}), full_hd) == LEAST_IN_FLIGHT
    with pytest.raises(OptionsError, match=r"do not hold 8 frames of 1920x1080. Allow at least 0\.124"):
        frames_in_flight(Options.parse({"max_memory": 0.99 * least}), full_hd)
