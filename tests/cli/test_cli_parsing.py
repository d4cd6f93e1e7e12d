"""What may be typed, and what becomes of it."""

from __future__ import annotations

from pathlib import Path

import pytest

JOB = ("--source", "a.jpg", "--target", "b.mp4", "--output", "c.mp4")


def test_process_is_what_runs_when_flags_come_first(facefusion, engine):
    assert facefusion(*JOB) == 0
    assert facefusion("process", *JOB) == 0
    first, second = engine.asked
    assert first == second
    assert first.source_paths == (Path("a.jpg"),)
    assert (first.target_path, first.output_path) == (Path("b.mp4"), Path("c.mp4"))


@pytest.mark.parametrize(
    "words",
    [
        "process --source a.jpg --target b.mp4 --output c.mp4 --processors x y --execution-providers cuda",
        "-s a.jpg -t b.mp4 -o c.mp4 --frame-processor x y --execution-provider cuda",
        "--source a.jpg --target b.mp4 --output c.mp4 --frame-processors x,y --execution-providers cuda",
        "--source-path a.jpg --target-path b.mp4 --output-path c.mp4 --processors x --processors=y "
        "--execution-providers cuda",
        "--source-paths=a.jpg --target=b.mp4 --output=c.mp4 --frame-processors x --processors y "
        "--execution-provider=cuda",
    ],
)
def test_every_documented_spelling_says_the_same(facefusion, engine, words):
    assert facefusion(*words.split()) == 0
    options = engine.asked[0]
    assert options.source_paths == (Path("a.jpg"),)
    assert options.processors == ("x", "y")
    assert options.runtime.execution_providers == ("cuda",)


def test_numbers_lists_and_switches(facefusion, engine):
    flags = "--blend-ratio 0.7 --face-mask-types ellipse --max-memory 16 --no-keep-audio --overwrite"
    facefusion(*JOB, *flags.split())
    options = engine.asked[0]
    assert options.face_swapper.blend_ratio == 0.7
    assert options.face_masks.face_mask_types == ("ellipse",)
    assert options.runtime.max_memory == 16
    assert (options.output.keep_audio, options.output.overwrite) == (False, True)


def test_several_sources(facefusion, engine):
    facefusion("-s", "a.jpg", "b.jpg", "-s", "c.jpg,d.jpg", "-t", "t.mp4", "-o", "o.mp4")
    assert engine.asked[0].source_paths == tuple(map(Path, ("a.jpg", "b.jpg", "c.jpg", "d.jpg")))


def test_a_comma_in_the_name_of_a_file_that_is_there_cuts_nothing(facefusion, engine):
    Path("Doe, Jane.jpg").touch()
    facefusion("-s", "Doe, Jane.jpg", "-t", "t.mp4", "-o", "o.mp4")
    assert engine.asked[0].source_paths == (Path("Doe, Jane.jpg"),)


def test_what_is_typed_wins_over_environment_which_wins_over_file(facefusion, engine, monkeypatch):
    Path("my.toml").write_text("blend_ratio = 0.1\nface_mask_blur = 0.1\n[output]\noutput_image_quality = 10\n")
    monkeypatch.setenv("FACEFUSION_BLEND_RATIO", "0.2")
    monkeypatch.setenv("FACEFUSION_FACE_MASK_BLUR", "0.2")
    facefusion("--config", "my.toml", *JOB, "--blend-ratio", "0.3")
    options = engine.asked[0]
    assert options.face_swapper.blend_ratio == 0.3
    assert options.face_masks.face_mask_blur == 0.2
    assert options.output.output_image_quality == 10


def test_flags_of_every_command_may_stand_before_the_command(facefusion, engine):
    assert facefusion("--quiet", "--log-level", "info", "process", *JOB) == 0
    assert len(engine.asked) == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--blend-rato 1", "Perhaps you meant --blend-ratio"),
        ("--blend-ratio", "Argument --blend-ratio: expected one argument"),
        ("--blend-ratio 3", "Option blend-ratio: input should be less than or equal to 1, got '3'"),
        (
            "--face-mask-types mesh hat",
            "Option face-mask-types: input should be 'mesh', 'ellipse', 'box', 'area'",
        ),
        ("--face-position x", "Option face-position: input should be a valid integer"),
        ("proces", "There is no command 'proces'. Perhaps you meant process"),
        ("a.jpg b.mp4", "The commands are process, batch, preview, live, inspect, face, models"),
        ("doctor --blend-ratio 1", "Run `facefusion doctor --help`"),
        ("inspect a.jpg --samples 0", "Argument --samples"),
        ("inspect", "The following arguments are required: FILE"),
    ],
)
def test_a_mistake_of_typing_is_one_line_and_exit_2(facefusion, capsys, words, message):
    assert facefusion(*words.split()) == 2
    out, err = capsys.readouterr()
    assert message in err
    assert err.startswith("facefusion: error: ")
    assert err.count("\n") == 1
    assert out == ""
