"""What `batch` says, where, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from facefusion.cli.main import main
from facefusion.engine.progress import Progress
from facefusion.engine.run import Result
from facefusion.errors import InputDamagedError
from material import CAPTAIN


class Runner:
    """Stands where the engine stands."""

    def __call__(self, options, *, progress, cancel, notify, warm):
        if options.target_path.stem == "bad":
            raise InputDamagedError(f"The file {options.target_path} is damaged", "Get it anew")
        notify("something is left out")
        progress(Progress("editing", 10, 10, 0.1))
        options.output_path.write_bytes(b"done")
        return Result(options.output_path, "video", 10, 12, 0.5, {}, notes=("something is left out",))


@pytest.fixture
def batch(quiet_place):
    """Type a command line behind `batch`, in a folder with clips."""
    for name in ("good.mp4", "bad.mp4", "more.mp4"):
        (quiet_place / name).write_bytes(b"clip")
    return lambda *argv: main(["batch", *argv], runner=Runner)


def test_the_table_goes_to_stdout_and_how_it_goes_on_to_stderr(batch, capsys):
    assert batch("good.mp4", "bad.mp4", "more.mp4", "-s", "me.jpg", "--output-dir", "out", "--jobs", "1") == 3
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert lines[0] == "file      status  frames  faces  seconds  frames/s  what went wrong"
    assert lines[1] == "good.mp4  done        10     12     0.50      20.0"
    assert lines[2].split(maxsplit=2) == ["bad.mp4", "failed", "12: The file bad.mp4 is damaged. Get it anew."]
    assert lines[-1].startswith("2 done, 1 failed, 20 frames, ")
    assert err.splitlines() == [
        "facefusion: good.mp4: something is left out",
        "1 of 3: good.mp4: 10 frames, 12 faces edited, 0.5 s",
        "2 of 3: bad.mp4: failed (12): The file bad.mp4 is damaged. Get it anew.",
        "3 of 3: more.mp4: 10 frames, 12 faces edited, 0.5 s",
    ]


def test_all_and_none(batch, capsys):
    assert batch("good.mp4", "-s", "me.jpg", "--output-dir", "out") == 0
    assert batch("bad.mp4", "-s", "me.jpg", "--output-dir", "out") == 4


def test_json_and_a_report_say_the_same(batch, capsys):
    assert batch("*.mp4", "-s", "me.jpg", "--output-dir", "out", "--json", "--report", "report.json", "--quiet") == 3
    out, err = capsys.readouterr()
    assert json.loads(out) == json.loads(Path("report.json").read_text())
    assert err == "facefusion: bad.mp4: failed" or "something is left out" in err


def test_problems_of_a_table_are_told_one_by_one_and_nothing_is_done(batch, capsys):
    Path("jobs.csv").write_text("target,output\ngood.mp4,a.mp4\nmore.mp4,a.mp4\n,b.mp4\n")
    assert batch("--table", "jobs.csv", "-s", "me.jpg") == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "facefusion: error: jobs.csv, row 3: its output a.mp4 is also that of jobs.csv, row 2",
        "facefusion: error: jobs.csv, row 4: There is no target. Name the picture or video in the column target.",
        "facefusion: error: 2 jobs cannot be begun; the first: jobs.csv, row 3: its output a.mp4 is also that of"
        " jobs.csv, row 2. Nothing was done; mend this first.",
    ]
    assert not Path("a.mp4").exists()


def test_a_dry_run_shows_what_would_be_done(batch, moving_portrait, capsys):
    Path("good.mp4").write_bytes(moving_portrait.read_bytes())
    assert batch("good.mp4", "bad.mp4", "-s", "me.jpg", "--output-dir", "out", "--dry-run") == 3
    out = capsys.readouterr().out.splitlines()
    assert out[1].split() == ["good.mp4", "ready", "->", "out/good.mp4"]
    assert "failed" in out[2]
    assert out[-1] == "1 can be done, 1 failed"
    assert not Path("out").exists()


@pytest.mark.parametrize("number", ["0", "-1", "many", "1000"])
def test_jobs_is_a_number_or_auto(batch, number, capsys):
    assert batch("good.mp4", "-s", "me.jpg", "--output-dir", "out", f"--jobs={number}") == 2


def test_target_and_output_of_a_single_job_are_no_options(batch, capsys):
    assert batch("good.mp4", "--output", "a.mp4") == 2


@pytest.mark.slow
def test_ctrl_c_ends_with_the_table_of_what_is_done(moving_portrait, quiet_place):
    clips = quiet_place / "clips"
    clips.mkdir()
    for number in range(40):
        os.link(moving_portrait, clips / f"{number:02}.mp4")
    command = [sys.executable, "-m", "facefusion", "batch", "clips", "-s", str(CAPTAIN), "--output-dir", "out"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        for line in process.stderr:
            if line.startswith("1 of 40:"):
                process.send_signal(signal.SIGINT)
                break
        out, _ = process.communicate(timeout=120)
    assert process.returncode == 130
    lines = out.splitlines()
    assert len(lines) == 1 + 40 + 2
    assert "not done" in lines[-1]
    done = [line for line in lines if " done " in line and line.startswith("clips/")]
    assert {Path(line.split()[0]).name for line in done} == {path.name for path in Path("out").glob("[0-9]*")}
