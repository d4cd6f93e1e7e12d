"""Outputs that cannot be written: read-only, full, the input itself; and a job that is stopped from outside."""

from __future__ import annotations

import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import numpy as np
import pytest

from facefusion.engine.run import run
from facefusion.errors import DiskFullError, InputMissingError, OutputIsInputError, OutputUnwritableError
from facefusion.options import Options, load_options
from material import ASTRONAUT, CAPTAIN, save, write_clip

PICTURE = {"source": CAPTAIN, "target": ASTRONAUT, "output": "out.png"}


def start(**values):
    return run(load_options(PICTURE | values))


@pytest.mark.parametrize("way", ["same name", "other spelling", "symbolic link", "hard link", "linked folder"])
@pytest.mark.parametrize("role", ["source", "target", "reference_face_path"])
def test_an_output_that_is_an_input_is_refused_by_whatever_name(quiet_place, way, role):
    Path("folder").mkdir()
    mine = Path("folder/face.png")
    shutil.copy(ASTRONAUT, mine)
    output = {
        "same name": mine,
        "other spelling": Path("folder/../folder/face.png"),
        "symbolic link": Path("link.png"),
        "hard link": Path("hard.png"),
        "linked folder": Path("other/face.png"),
    }[way]
    Path("link.png").symlink_to(mine)
    Path("hard.png").hardlink_to(mine)
    Path("other").symlink_to("folder")
    mode = {"face_selector_mode": "reference", "reference_face_path": ASTRONAUT} if role.startswith("ref") else {}
    with pytest.raises(OutputIsInputError, match="would replace an input") as caught:
        start(**(mode | {role: mine, "output": output}))
    assert caught.value.exit_code == 32
    assert mine.read_bytes() == ASTRONAUT.read_bytes()


def test_a_link_to_an_output_stays_a_link(quiet_place):
    Path("real.png").write_bytes(b"old")
    Path("link.png").symlink_to("real.png")
    start(output="link.png")
    assert Path("link.png").is_symlink()
    assert Path("real.png").stat().st_size > 1000


def test_a_link_that_leads_nowhere_is_an_output_too(quiet_place):
    Path("link.png").symlink_to("later.png")
    start(output="link.png")
    assert Path("later.png").is_file()


def test_a_folder_named_like_a_picture_is_no_output(quiet_place):
    Path("out.png").mkdir()
    with pytest.raises(OutputUnwritableError, match="not a file"):
        start()


def test_a_name_that_is_too_long(quiet_place):
    with pytest.raises(OutputUnwritableError, match="too long"):
        start(output="x" * 300 + ".png")
    start(output="x" * 251 + ".png")


# Root may read and write everything, so it gives up its rights once all is imported, for which it does a job first.
POWERLESS = """
import importlib.readers, os, sys, tempfile
import facefusion.cli.commands.process, facefusion.cli.main, facefusion.engine.run
from facefusion.processors.registry import installed_processors
installed_processors()
with tempfile.TemporaryDirectory() as place:
    first = ["-s", "source.jpg", "-t", "target.png", "-o", place + "/out.png", "--trust-dir", place + "/trust"]
    assert facefusion.cli.main.main([*first, "--quiet"]) == 0
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
sys.exit(facefusion.cli.main.main(sys.argv[1:]))
"""


@pytest.fixture
def powerless():
    """Run the command line, without any special rights, in a folder that everybody may enter."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        place.chmod(0o777)
        shutil.copy(ASTRONAUT, place / "target.png")
        shutil.copy(CAPTAIN, place / "source.jpg")

        def start_in_place(output):
            words = ["-s", "source.jpg", "-t", "target.png", "-o", output]
            return subprocess.run(
                [sys.executable, "-c", POWERLESS, *words],
                capture_output=True,
                text=True,
                check=False,
                cwd=place,
                env=os.environ | {"XDG_CONFIG_HOME": name, "XDG_DATA_HOME": f"{name}/data"},
            )

        yield place, start_in_place


def test_a_file_that_may_not_be_read(powerless):
    place, command = powerless
    (place / "source.jpg").chmod(0)
    done = command("out.png")
    assert done.returncode == InputMissingError.exit_code, done.stderr
    assert "source.jpg cannot be read" in done.stderr


def test_a_folder_that_may_not_be_written(powerless):
    place, command = powerless
    (place / "locked").mkdir(mode=0o555)
    done = command("locked/out.png")
    assert done.returncode == OutputUnwritableError.exit_code, done.stderr
    assert re.search("output .*cannot be written", done.stderr)
    assert "locked" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert command("out.png").returncode == 0


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 300 kB."""
    folder = tmp_path / "small disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a small disk cannot be mounted here (it takes root and the right to mount)")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("previous", [None, b"previous"])
def test_a_full_disk_leaves_what_was_there(quiet_place, small_disk, previous):
    output = small_disk / "out.png"
    if previous:
        output.write_bytes(previous)
    with pytest.raises(DiskFullError, match=r"No space is left in .*small disk") as caught:
        start(output=output)
    assert caught.value.exit_code == 34
    assert [path.name for path in small_disk.iterdir()] == (["out.png"] if previous else [])
    assert previous is None or output.read_bytes() == previous


def test_a_full_disk_while_a_video_is_written(quiet_place, small_disk, astronaut):
    clip = write_clip(Path("long.mp4"), [astronaut[:, ::step] for step in (1, -1)] * 10)
    threads = set(threading.enumerate())
    with pytest.raises(DiskFullError):
        start(target=clip, output=small_disk / "out.mp4", output_video_quality=0)
    assert list(small_disk.iterdir()) == []
    assert set(threading.enumerate()) == threads


def test_a_limit_on_file_sizes_counts_as_a_full_disk(quiet_place):
    script = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "from facefusion.cli.main import main; sys.exit(main(sys.argv[1:]))"
    )
    words = ["-s", CAPTAIN, "-t", ASTRONAUT, "-o", "out.png"]
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, words)],
        capture_output=True, text=True, check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000)),  # records fit
    )  # fmt: skip
    assert done.returncode == DiskFullError.exit_code, done.stderr
    assert list(Path.cwd().iterdir()) == []


# A line of progress for each report instead of one every few seconds, so that the test need not wait for it.
CHATTY = """
import sys
import facefusion.cli.main, facefusion.cli.progress
facefusion.cli.progress.SECONDS_BETWEEN_LINES = 0
sys.exit(facefusion.cli.main.main(sys.argv[1:]))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_in_the_middle_of_a_job(quiet_place, astronaut, number):
    write_clip(Path("long.mp4"), [astronaut[:240, 100:340]] * 150)
    Path("out.mp4").write_bytes(b"previous")
    words = ["-s", CAPTAIN, "-t", "long.mp4", "-o", "out.mp4"]
    process = subprocess.Popen([sys.executable, "-c", CHATTY, *map(str, words)], stderr=subprocess.PIPE, text=True)
    first = process.stderr.readline()
    assert "editing" in first, first
    process.send_signal(number)
    rest = process.communicate(timeout=30)[1]
    assert process.returncode == 128 + number
    assert "facefusion: error: The job was stopped. Nothing was written." in rest
    assert "Traceback" not in rest
    assert Path("out.mp4").read_bytes() == b"previous"
    assert sorted(path.name for path in Path.cwd().iterdir()) == ["long.mp4", "out.mp4"]


def test_an_input_is_never_replaced_by_the_picture_of_a_problem(quiet_place):
    target = save(quiet_place / "out.problem.jpg", np.full((200, 300, 3), 90, np.uint8))
    before = target.read_bytes()
    options = {"source_paths": CAPTAIN, "target_path": target, "output_path": quiet_place / "out.png"}
    with pytest.raises(OutputIsInputError, match=r"out\.problem\.jpg"):
        run(Options.parse(options))
    assert target.read_bytes() == before
