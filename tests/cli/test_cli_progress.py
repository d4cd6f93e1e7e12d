"""Progress: plain lines for logs, a bar for people."""

from __future__ import annotations

import io

import pytest

from facefusion.cli.progress import clock_time, describe, show_progress
from facefusion.cli.terminal import Terminal
from facefusion.engine.progress import Progress


class Screen(io.StringIO):
    """A terminal that somebody watches."""

    def isatty(self) -> bool:
        return True


def test_rate_and_time_left():
    progress = Progress("swap", done=50, total=200, seconds=2.0)
    assert progress.rate == 25
    assert progress.remaining == 6


@pytest.mark.parametrize("progress", [Progress("swap", 0, 10, 0.0), Progress("swap", 5, None, 1.0)])
def test_time_left_is_not_known_at_first_or_without_a_total(progress):
    assert progress.remaining is None


def test_a_line_says_how_far_how_fast_and_how_long():
    assert describe(Progress("swap", 50, 200, 2.0)) == "swap: 50 of 200 frames, 25.0 frames/s, 0:06 left"
    assert describe(Progress("swap", 50, None, 2.0)) == "swap: 50 frames, 25.0 frames/s"
    assert describe(Progress("swap", 1, 1, 0.5)) == "swap: 1 of 1 frame, 2.0 frames/s"


@pytest.mark.parametrize(("seconds", "text"), [(0, "0:00"), (65.4, "1:05"), (3723, "1:02:03")])
def test_clock_time(seconds, text):
    assert clock_time(seconds) == text


def test_without_a_terminal_there_is_a_line_every_five_seconds_and_at_the_end(quiet_place):
    err = io.StringIO()
    with show_progress(Terminal(io.StringIO(), err)) as listener:
        for second in range(13):
            listener(Progress("swap", second * 10, 120, float(second)))
    assert err.getvalue().splitlines() == [
        "swap: 50 of 120 frames, 10.0 frames/s, 0:07 left",
        "swap: 100 of 120 frames, 10.0 frames/s, 0:02 left",
        "swap: 120 of 120 frames, 10.0 frames/s",
    ]


def test_each_stage_ends_with_a_line(quiet_place):
    err = io.StringIO()
    with show_progress(Terminal(io.StringIO(), err)) as listener:
        listener(Progress("analyse", 8, 8, 1.0))
        listener(Progress("swap", 8, 8, 2.0))
    assert [line.split(":")[0] for line in err.getvalue().splitlines()] == ["analyse", "swap"]


def test_on_a_terminal_there_is_a_bar_that_leaves_nothing_behind(quiet_place, monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    screen = Screen()
    with show_progress(Terminal(io.StringIO(), screen)) as listener:
        listener(Progress("swap", 50, 200, 2.0))
        listener(Progress("swap", 200, 200, 8.0))
    assert "swap" in screen.getvalue()
    assert "200/200" in screen.getvalue()
    assert screen.getvalue().endswith("\x1b[2K")


def test_colour_settings_do_not_make_a_terminal(quiet_place, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert not Terminal(io.StringIO(), io.StringIO()).is_interactive
