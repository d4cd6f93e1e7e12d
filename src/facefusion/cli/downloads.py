"""How downloads look: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from facefusion.cli.progress import SECONDS_BETWEEN_LINES
from facefusion.cli.terminal import Terminal
from facefusion.inference.store.pull import Transfer

TransferListener = Callable[[Transfer], None]


@contextmanager
def show_downloads(terminal: Terminal) -> Iterator[TransferListener]:
    """Yield a listener that shows downloads in the way that suits stderr."""
    if terminal.quiet:
        yield lambda transfer: None
    elif terminal.is_interactive:
        columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn(compact=True))
        with Progress(TextColumn("{task.description}"), *columns, console=terminal.console, transient=True) as bars:
            yield BarDownloads(bars)
    else:
        yield LineDownloads(terminal)


class BarDownloads:
    """One bar for each file."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._tasks: dict[str, int] = {}

    def __call__(self, transfer: Transfer) -> None:
        """Move the bar of a file."""
        if transfer.name not in self._tasks:
            self._tasks[transfer.name] = self._bars.add_task(transfer.name, total=transfer.total)
        self._bars.update(self._tasks[transfer.name], total=transfer.total, completed=transfer.done)  # type: ignore[arg-type]


class LineDownloads:
    """A line every few seconds.

    Args:
        terminal: where it goes.
        clock: seconds from any moment on.
    """

    def __init__(self, terminal: Terminal, clock: Callable[[], float] = time.monotonic) -> None:
        self._terminal = terminal
        self._clock = clock
        self._next = clock() + SECONDS_BETWEEN_LINES

    def __call__(self, transfer: Transfer) -> None:
        """Write a line when it is time for one."""
        if self._clock() >= self._next:
            total = "" if transfer.total is None else f" of {transfer.total / 1e6:.1f}"
            self._terminal.say(f"{transfer.name}: {transfer.done / 1e6:.1f}{total} MB")
            self._next = self._clock() + SECONDS_BETWEEN_LINES
