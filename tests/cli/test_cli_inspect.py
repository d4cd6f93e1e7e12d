"""`inspect`: which faces are in a file."""

from __future__ import annotations

import json
import sys
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from facefusion.engine.inspect import inspect
from facefusion.options import Options

PORTRAIT = Path(__file__).parents[2] / "examples" / "portraits" / "astronaut.png"


@pytest.fixture
def clip(quiet_place: Path) -> Path:
    """Two seconds of the portrait at 12 frames/s, without sound."""
    picture = np.asarray(Image.open(PORTRAIT).convert("RGB").resize((320, 320)))
    path = quiet_place / "clip.mp4"
    with av.open(path, "w") as container:
        stream = container.add_stream("libx264", rate=12)
        stream.width, stream.height, stream.pix_fmt = 320, 320, "yuv420p"
        for _ in range(24):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture)))
        container.mux(stream.encode(None))
    return path


def test_a_picture_is_listed_and_drawn(facefusion, capsys):
    assert facefusion("inspect", str(PORTRAIT)) == 0
    out, err = capsys.readouterr()
    facts, count, face = out.splitlines()
    assert facts.startswith(f"{PORTRAIT}: PNG, ")
    assert count == "1 face"
    assert all(word in face for word in (" px at ", "score 1.00", "yaw ", "pitch ", "roll ", "sharpness 0."))
    assert err == "annotated picture: astronaut.faces.jpg\n"
    with Image.open("astronaut.faces.jpg") as drawn, Image.open(PORTRAIT) as original:
        assert drawn.size == original.size


def test_json(facefusion, capsys):
    assert facefusion("inspect", str(PORTRAIT), "--json", "--output", "seen.png") == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["file"]["kind"], report["picture"]) == ("picture", "seen.png")
    (face,) = report["frames"][0]["faces"]
    assert set(face) == {"box", "score", "yaw", "pitch", "roll", "sharpness"}
    assert Path("seen.png").is_file()


def test_a_video_is_sampled_from_first_to_last_frame_and_drawn_on_one_sheet(facefusion, capsys, clip):
    assert facefusion("inspect", str(clip), "--samples", "3") == 0
    lines = capsys.readouterr().out.splitlines()
    assert "MP4 (h264), 320x320, 12 frames/s, 2.00 s, sound: none" in lines[0]
    assert [line for line in lines if line.startswith("at ")] == [
        "at 0.00 s: 1 face",
        "at 1.00 s: 1 face",
        "at 1.92 s: 1 face",
    ]
    with Image.open("clip.faces.jpg") as sheet:
        assert sheet.size == (640, 640)


def test_json_of_a_video(facefusion, capsys, clip):
    assert facefusion("inspect", str(clip), "--samples", "1", "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert report["file"]["frame_rate"] == 12
    assert report["file"]["duration"] == 2
    assert [frame["time"] for frame in report["frames"]] == [0]


def test_more_samples_than_frames_look_at_each_frame_once(quiet_place, clip):
    inspection = inspect(clip, Options(), samples=100)
    assert [shot.time for shot in inspection.shots] == [Fraction(number, 12) for number in range(24)]


def test_no_face_is_an_answer_too(facefusion, capsys):
    Image.new("RGB", (200, 120), "grey").save("grey.png")
    assert facefusion("inspect", "grey.png") == 0
    assert capsys.readouterr().out.splitlines() == ["grey.png: PNG, 200x120", "no faces"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("nothing.jpg", 10),
        ("text.mp4", 11),
        (f"{PORTRAIT} --output no/such/folder.jpg", 31),
        (f"{PORTRAIT} --output seen.mp4", 30),
        (f"{PORTRAIT} --max-pixels 4096", 13),
        (f"{PORTRAIT} --execution-providers nonesuch", 42),
    ],
)
def test_what_cannot_be_done_has_its_exit_code(facefusion, capsys, words, code):
    Path("text.mp4").write_text("hello")
    assert facefusion("inspect", *words.split()) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("facefusion: error: ")
    assert err.count("\n") == 1


@pytest.mark.skipif(sys.platform != "linux", reason="isolation needs Linux")
def test_a_strangers_file_is_looked_at_apart(facefusion, capsys, clip):
    assert facefusion("inspect", str(clip), "--samples", "3", "--json") == 0
    report = capsys.readouterr().out
    assert facefusion("inspect", str(clip), "--samples", "3", "--json", "--isolate") == 0
    assert capsys.readouterr().out == report
    assert facefusion("inspect", str(clip), "--isolate", "--isolate-memory", "0.001") == 13
