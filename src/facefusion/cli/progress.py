"""How progress looks: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars
from rich.text import Text

from facefusion.cli.terminal import Terminal
from facefusion.engine.progress import Progress, ProgressListener

SECONDS_BETWEEN_LINES = 5.0


@contextmanager
def show_progress(terminal: Terminal) -> Iterator[ProgressListener]:
    """Yield a listener that shows progress in the way that suits stderr."""
    if terminal.quiet:
        yield lambda progress: None
    elif terminal.is_interactive:
        with Bars(*_columns(), console=terminal.console, transient=True) as bars:
            yield BarProgress(bars)
    else:
        lines = LineProgress(terminal)
        yield lines
        lines.close()


class BarProgress:
    """One bar for each stage."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._tasks: dict[str, int] = {}

    def __call__(self, progress: Progress) -> None:
        """Move the bar of a stage."""
        if progress.stage not in self._tasks:
            self._tasks[progress.stage] = self._bars.add_task(progress.stage, total=progress.total)
        task = self._tasks[progress.stage]
        self._bars.update(task, total=progress.total, completed=progress.done)  # type: ignore[arg-type]


class LineProgress:
    """A line every few seconds, and one at the end of each stage.

    Time is what the reports say it is, so that a fast job stays silent until it is done.
    """

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._last: Progress | None = None
        self._told: Progress | None = None
        self._next_line = SECONDS_BETWEEN_LINES

    def __call__(self, progress: Progress) -> None:
        """Write a line when it is time for one."""
        if self._last and self._last.stage != progress.stage:
            self.close()
        self._last = progress
        if progress.seconds >= self._next_line:
            self._terminal.say(describe(progress))
            self._told = progress
            self._next_line = progress.seconds + SECONDS_BETWEEN_LINES

    def close(self) -> None:
        """Write where the last stage ended, unless that was said already."""
        if self._last and self._last is not self._told:
            self._terminal.say(describe(self._last))
        self._last, self._next_line = None, SECONDS_BETWEEN_LINES


def describe(progress: Progress) -> str:
    """Return one line such as `swap: 120 of 400 frames, 24.1 frames/s, 0:12 left`."""
    total = "" if progress.total is None else f" of {progress.total}"
    noun = "frame" if (progress.total or progress.done) == 1 else "frames"
    parts = [f"{progress.stage}: {progress.done}{total} {noun}", f"{progress.rate:.1f} frames/s"]
    if progress.remaining:
        parts.append(f"{clock_time(progress.remaining)} left")
    return ", ".join(parts)


def clock_time(seconds: float) -> str:
    """Return hours, minutes and seconds as `1:02:03` or `2:03`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


class _RateColumn(ProgressColumn):
    """Frames a second over the last half minute."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{speed:.1f} frames/s" if speed else "")


def _columns() -> tuple[ProgressColumn, ...]:
    counts = TextColumn("{task.completed:.0f}/{task.total}")
    return TextColumn("{task.description}"), BarColumn(), counts, _RateColumn(), TimeRemainingColumn(compact=True)
