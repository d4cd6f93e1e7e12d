"""`preview`: one frame as the job would give it, written as a picture."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

PORTRAITS = Path(__file__).parents[2] / "examples" / "portraits"
CAPTAIN = PORTRAITS / "grace_hopper.jpg"


@pytest.fixture
def typed(facefusion, moving_portrait):
    """Type a preview of the moving portrait with the captain's face, and further words."""
    return lambda *words: facefusion("preview", "-s", str(CAPTAIN), "-t", str(moving_portrait), *words)


def test_a_frame_is_written(typed, capsys):
    assert typed("--frame", "7", "-o", "frame.png") == 0
    out, err = capsys.readouterr()
    assert (out, err) == ("frame.png\n", "")
    with Image.open("frame.png") as picture:
        assert picture.size == (192, 192)


def test_side_by_side_smaller_and_with_boxes(typed):
    assert typed("--time", "0.2", "--history", "0", "--compare", "--boxes", "--max-side", "128", "-o", "two.png") == 0
    with Image.open("two.png") as picture:
        assert picture.size == (256, 128)
        both = np.asarray(picture).astype(int)
    assert np.abs(both[:, :128] - both[:, 128:]).max() > 60


def test_json(typed, capsys):
    assert typed("--time", "0.2", "--json", "--history", "2", "-o", "frame.jpg") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["frame"], told["frames"], told["time"], told["picture"]) == (5, 20, 0.2, "frame.jpg")
    [face] = told["faces"]
    assert face["edited"]
    assert len(face["box"]) == 4


def test_more_history_is_nearer_to_the_job(typed):
    assert typed("--frame", "12", "--history", "0", "-o", "none.png") == 0
    assert typed("--frame", "12", "-o", "usual.png") == 0
    assert typed("--frame", "12", "--history", "20", "-o", "all.png") == 0
    none, usual, all_of_it = (np.asarray(Image.open(name)).astype(int) for name in ("none.png", "usual.png", "all.png"))
    assert np.array_equal(usual, all_of_it), "twelve frames before frame 12 are all there are"
    assert not np.array_equal(none, usual)


def test_a_picture_and_nothing_to_do_in_it(facefusion, capsys):
    Image.new("RGB", (200, 120), "grey").save("grey.png")
    assert facefusion("preview", "-s", str(CAPTAIN), "-t", "grey.png", "-o", "out.png") == 0
    out, err = capsys.readouterr()
    assert out == "out.png\n"
    assert "no face of this frame is worked on" in err
    assert np.array_equal(np.asarray(Image.open("out.png")), np.asarray(Image.open("grey.png")))


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        ("--frame 20 -o out.png", 2, "Choose from 0 to 19"),
        ("--time 9 -o out.png", 2, "has no frame at 9 s"),
        ("--frame 1 --time 1 -o out.png", 2, "not allowed with"),
        ("--frame 1", 2, "No output is given"),
        ("-o out.mp4", 30, "out.mp4"),
        ("-o no/such/out.png", 31, "There is no folder"),
    ],
)
def test_what_cannot_be_done_has_its_exit_code(typed, capsys, words, code, told):
    assert typed(*words.split()) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert told in err
    assert not Path("out.png").exists()
