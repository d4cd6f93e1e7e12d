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


def test_a_video_cut_cropped_and_written_in_several_forms(clip, capsys):
    flags = (
        "--trim-start 0.4 --trim-end 50f --crop 40 40 240 200 --output-video-fps 12.5 --output-video-size 50% "
        "--output-video-encoder libx265 --thumbnail thumb.jpg --contact-sheet sheet.png --processors"
    )
    renditions = ["--rendition", "small.webm size=100p bitrate=200k", "--rendition", "moving.gif"]
    assert main(["-t", str(clip), "-o", "out.mkv", *renditions, *flags.split()]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines() == ["out.mkv", "small.webm", "moving.gif", "thumb.jpg", "sheet.png"]
    assert err.splitlines()[-1].startswith("out.mkv: 20 frames, 0 faces edited, ")
    facts = {"out.mkv": ("hevc", 120, 100), "small.webm": ("vp9", 120, 100), "moving.gif": ("gif", 240, 200)}
    for name, (codec, width, height) in facts.items():
        with av.open(name) as video:
            context = video.streams.video[0].codec_context
            assert (context.codec.canonical_name, context.width, context.height) == (codec, width, height)
            assert [frame.time for frame in video.decode(video=0)] == pytest.approx([n / 12.5 for n in range(20)])
    assert {"thumb.jpg", "sheet.png"} <= {path.name for path in clip.parent.iterdir()}


def test_a_stopped_job_goes_on_with_resume(clip, capsys):
    def stopped_late(options, *, cancel, **listeners):
        return run(options, cancel=cancel, **listeners | {"progress": lambda report: report.done > 20 and cancel.set()})

    words = ["-s", str(SOURCE), "-t", str(clip), "-o", "out.mp4", "--trim-end", "30f", "--video-chunk-size", "10"]
    main(words, runner=lambda: stopped_late)
    assert "20 finished frames are kept; go on from there with --resume" in capsys.readouterr().err
    assert main([*words, "--resume"]) == 0
    assert capsys.readouterr().err.splitlines()[-1].startswith("out.mp4: 30 frames, 30 faces edited, ")
    assert sorted(path.name for path in clip.parent.iterdir()) == ["clip.mp4", "out.mp4"]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_stopped_job_leaves_nothing_behind(clip, capsys, number, code):
    def stopped_early(options, *, cancel, **listeners):
        return run(
            options,
            cancel=cancel,
            **listeners | {"progress": lambda report: None if cancel.is_set() else os.kill(os.getpid(), number)},
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
