"""What `process` says, where, and how it ends."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from facefusion import errors
from facefusion.engine.progress import Progress

JOB = ("-s", "a.jpg", "-t", "b.mp4", "-o", "c.mp4")


def subclasses(kind: type) -> list[type]:
    return [kind, *(below for child in kind.__subclasses__() for below in subclasses(child))]


def test_stdout_holds_the_path_of_the_output_and_stderr_the_summary(facefusion, capsys):
    assert facefusion(*JOB) == 0
    out, err = capsys.readouterr()
    assert out == "c.mp4\n"
    assert err == "c.mp4: 10 frames, 12 faces edited, 0.5 s, 20.0 frames/s\n"


def test_stdout_names_each_file_that_was_written_the_output_first(facefusion, engine, capsys):
    engine.further_paths = (Path("small.mp4"), Path("thumb.jpg"))
    assert facefusion(*JOB) == 0
    assert capsys.readouterr().out == "c.mp4\nsmall.mp4\nthumb.jpg\n"


def test_a_name_with_a_line_break_makes_no_second_line(facefusion, engine, capsys):
    engine.notes = ("a\nb.mp4 holds\x1b[2J no sound",)
    assert facefusion("-s", "a.jpg", "-t", "b.mp4", "-o", "a\nb.mp4") == 0
    out, err = capsys.readouterr()
    assert out == "a\nb.mp4\n", "programs want the very name"
    assert err.splitlines() == [
        "facefusion: a b.mp4 holds [2J no sound",
        "a b.mp4: 10 frames, 12 faces edited, 0.5 s, 20.0 frames/s",
    ]
    engine.notes, engine.error = (), errors.OutputExistsError("The output a\nb\x1b[2J.mp4 exists already")
    assert facefusion(*JOB) == 33
    assert capsys.readouterr().err == "facefusion: error: The output a b [2J.mp4 exists already.\n"


def test_quiet_leaves_stdout_only(facefusion, engine, capsys):
    engine.reports = [Progress("swap", 10, 10, 60.0)]
    assert facefusion("--quiet", *JOB) == 0
    out, err = capsys.readouterr()
    assert (out, err) == ("c.mp4\n", "")


def test_more_is_said_when_asked_for(facefusion, engine, capsys):
    assert facefusion(*JOB, "--log-level", "info") == 0
    assert "INFO facefusion.cli.commands.process: seconds at work, side by side: decode 0.25" in capsys.readouterr().err


def test_packages_that_we_use_are_heard_only_when_they_warn(facefusion, engine, capsys):
    def others_talk(cancel: threading.Event) -> None:
        logging.getLogger("another").info("reading chunk 1")
        logging.getLogger("another").warning("this is odd")

    engine.during = others_talk
    assert facefusion(*JOB, "--log-level", "debug") == 0
    err = capsys.readouterr().err
    assert "WARNING another: this is odd" in err
    assert "reading chunk" not in err


@pytest.mark.parametrize("kind", subclasses(errors.FaceFusionError))
def test_every_error_of_ours_is_one_line_with_its_own_exit_code(facefusion, engine, capsys, kind):
    engine.error = kind("The thing\nfailed", "Do this")
    assert facefusion(*JOB) == kind.exit_code
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "facefusion: error: The thing failed. Do this.\n"


def test_leaf_errors_have_exit_codes_of_their_own():
    leaves = [kind for kind in subclasses(errors.FaceFusionError) if not kind.__subclasses__()]
    assert len({kind.exit_code for kind in leaves}) == len(leaves)


def test_a_bug_is_told_in_one_line(facefusion, engine, capsys):
    engine.error = ZeroDivisionError("division by zero")
    assert facefusion(*JOB) == 1
    err = capsys.readouterr().err
    assert err == (
        "facefusion: error: ZeroDivisionError: division by zero. This is a bug. "
        "Run again with --traceback and report what it prints.\n"
    )


def test_a_stack_trace_only_when_asked_for(facefusion, engine, capsys):
    engine.error = errors.NoFaceError("No face was found in a.jpg")
    assert facefusion(*JOB, "--traceback") == 20
    err = capsys.readouterr().err
    assert "Traceback (most recent call last)" in err
    assert err.endswith("facefusion: error: No face was found in a.jpg.\n")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_the_first_signal_asks_the_engine_to_stop(facefusion, engine, capsys, number, code):
    def interrupt(cancel: threading.Event) -> None:
        os.kill(os.getpid(), number)
        assert cancel.wait(5)

    engine.during = interrupt
    engine.error = errors.CancelledError("Stopped; nothing was written")
    before = signal.getsignal(number)
    assert facefusion(*JOB) == code
    assert "facefusion: error: Stopped; nothing was written.\n" in capsys.readouterr().err
    assert signal.getsignal(number) is before


def test_a_reader_of_stdout_that_went_away_is_no_drama(facefusion, monkeypatch, capfd):
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as nobody:
        monkeypatch.setattr(sys, "stdout", nobody)
        assert facefusion(*JOB) == 141
    assert "error" not in capfd.readouterr().err


def test_a_reader_of_stderr_that_went_away_does_not_stop_the_work(facefusion, monkeypatch, capfd):
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w", buffering=1) as nobody:
        monkeypatch.setattr(sys, "stderr", nobody)
        assert facefusion(*JOB) == 0
        monkeypatch.undo()
        os.dup2(os.open(os.devnull, os.O_WRONLY), nobody.fileno())
    assert capfd.readouterr().out == "c.mp4\n"


def test_it_works_outside_the_main_thread_too(facefusion):
    codes: list[int] = []
    thread = threading.Thread(target=lambda: codes.append(facefusion(*JOB)))
    thread.start()
    thread.join()
    assert codes == [0]


DEAF_ENGINE = """
import sys, threading
from facefusion.cli.main import main

def deaf(options, *, progress, cancel, notify):
    print("working", flush=True)
    threading.Event().wait()

sys.exit(main(sys.argv[1:], runner=lambda: deaf))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no signals between processes")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_second_signal_stops_at_once_even_an_engine_that_does_not_listen(number):
    command = [sys.executable, "-c", DEAF_ENGINE, *JOB]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "working\n"
        process.send_signal(number)
        assert process.stderr.readline() == "stopping; once more stops at once\n"
        process.send_signal(number)
        assert process.wait(10) == -number
        assert process.stderr.read() == ""
