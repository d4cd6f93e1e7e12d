"""The main job from the command line, with nothing faked."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from facefusion.cli.main import main
from facefusion.engine.run import run

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "examples" / "portraits" / "grace_hopper.jpg"
TARGET = ROOT / "examples" / "portraits" / "astronaut.png"


@pytest.fixture
def clip(quiet_place: Path) -> Path:
    """Eighty frames of the portrait, slowly moving."""
    portrait = Image.open(TARGET).convert("RGB").resize((360, 360))
    path = quiet_place / "clip.mp4"
    with av.open(path, "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 320, 320, "yuv420p"
        for index in range(80):
            view = portrait.crop((index // 4, index // 4, 320 + index // 4, 320 + index // 4))
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.asarray(view))))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(
    "start",
    [
        [str(Path(sys.executable).parent / "facefusion")],
        [str(Path(sys.executable).parent / "facefusion"), "process"],
        [sys.executable, "-m", "facefusion"],
        [sys.executable, str(ROOT / "run.py")],
    ],
    ids=["facefusion", "facefusion process", "python -m facefusion", "python run.py"],
)
def test_every_way_in_swaps_a_face(quiet_place, start):
    words = ["-s", str(SOURCE), "-t", str(TARGET), "-o", "out.png"]
    flags = ["--frame-processor", "face_swapper", "--execution-provider", "cpu"]
    done = subprocess.run([*start, *words, *flags], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "out.png\n")
    assert "out.png: 1 frame, 1 face edited, " in done.stderr
    with Image.open("out.png") as after, Image.open(TARGET) as before:
        difference = np.abs(np.asarray(after.convert("RGB"), int) - np.asarray(before.convert("RGB"), int)).max(2)
    assert 0.002 < (difference > 8).mean() < 0.1


def test_a_video_with_every_commonly_used_flag(clip, capsys):
    flags = (
        "--frame-processors face_swapper --blend-ratio 0.7 --face-mask-types ellipse,mesh --max-memory 1 "
        "--face-selector-mode one --output-video-preset ultrafast --no-keep-audio --execution-providers auto"
    )
    assert main(["-s", str(SOURCE), "-t", str(clip), "-o", "out.mp4", *flags.split()]) == 0
    out, err = capsys.readouterr()
    assert out == "out.mp4\n"
    assert err.splitlines()[-1].startswith("out.mp4: 80 frames, 80 faces edited, ")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stopped_job_leaves_nothing_behind(clip, capsys, number, code):
    def stopped_early(options, *, progress, cancel):
        return run(
            options, progress=lambda report: None if cancel.is_set() else os.kill(os.getpid(), number), cancel=cancel
        )

    words = ["-s", str(SOURCE), "-t", str(clip), "-o", "out.mp4"]
    assert main(words, runner=lambda: stopped_early) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "stopping; once more stops at once",
        "facefusion: error: The job was stopped. Nothing was written.",
    ]
    assert [path.name for path in clip.parent.iterdir()] == ["clip.mp4"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("-t clip.mp4 -o out.mp4", 2),
        (f"-s {SOURCE} -o out.mp4", 2),
        (f"-s {SOURCE} -t clip.mp4", 2),
        (f"-s nobody.jpg -t {TARGET} -o out.png", 10),
        (f"-s {SOURCE} -t text.mp4 -o out.mp4", 11),
        (f"-s {SOURCE} -t empty.mp4 -o out.mp4", 12),
        (f"-s {SOURCE} -t {TARGET} -o out.png --max-pixels 5000", 13),
        (f"-s grey.png -t {TARGET} -o out.png", 20),
        (f"-s {SOURCE} -t grey.png -o out.png", 20),
        (f"-s two.png -t {TARGET} -o out.png", 21),
        (f"-s {SOURCE} -t {TARGET} -o out.png --source-face-min-size 2000", 22),
        (f"-s {SOURCE} -t {TARGET} -o out.png --source-face-min-sharpness 1", 23),
        (f"-s {SOURCE} -t {TARGET} -o out.gif", 30),
        (f"-s {SOURCE} -t {TARGET} -o no/such/folder/out.png", 31),
        (f"-s {SOURCE} -t grey.png -o grey.png", 32),
        (f"-s {SOURCE} -t {TARGET} -o grey.png --no-overwrite", 33),
        (f"-s {SOURCE} -t {TARGET} -o out.png --execution-providers nonesuch", 42),
        (f"-s {SOURCE} -t {TARGET} -o out.png --processors nonesuch", 43),
    ],
)
def test_what_cannot_be_done_is_one_line_with_its_own_exit_code(quiet_place, capsys, words, code):
    portrait = Image.open(SOURCE).convert("RGB")
    two = Image.new("RGB", (2 * portrait.width, portrait.height))
    two.paste(portrait, (0, 0))
    two.paste(portrait, (portrait.width, 0))
    two.save("two.png")
    Image.new("RGB", (200, 120), "grey").save("grey.png")
    Path("text.mp4").write_text("hello")
    Path("empty.mp4").touch()
    before = set(Path.cwd().iterdir())
    assert main(words.split()) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("facefusion: error: ")
    assert err.count("\n") == 1
    assert {path.name for path in set(Path.cwd().iterdir()) - before} <= {"out.problem.jpg"}
