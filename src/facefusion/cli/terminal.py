"""The two channels of the command line: results on stdout, everything else on stderr."""

from __future__ import annotations

import io
import logging
import os
from typing import TextIO

from rich.console import Console

from facefusion.errors import OutputUnwritableError
from facefusion.media.shown import shown

_LONGEST_LINE = 10_000


def one_line(text: str) -> str:
    """Return a text on one line: names of files may hold line breaks, and signs that move the cursor."""
    return shown(text, _LONGEST_LINE)


class _MessageConsole(Console):
    """A console that falls silent when nothing can be written to it any more, instead of ending the work."""

    def on_broken_pipe(self) -> None:
        self.quiet = True

    def _check_buffer(self) -> None:
        try:
            super()._check_buffer()
        except OSError:
            self.quiet = True


class Terminal:
    """Writes to people and programs.

    Attributes:
        quiet: say nothing but errors.
        console: stderr, for messages and the progress bar.
    """

    def __init__(self, stdout: TextIO | None, stderr: TextIO | None, *, quiet: bool = False) -> None:
        self.quiet = quiet
        # Python has no stream where the other end was closed before it began.
        stderr = stderr or io.StringIO()
        self.console = _MessageConsole(file=stderr, highlight=False, markup=False, emoji=False, soft_wrap=True)
        self._stdout = stdout

    @property
    def is_interactive(self) -> bool:
        """Whether somebody watches messages as they come; no colour setting can pretend it."""
        return self.console.file.isatty() and not self.console.is_dumb_terminal

    def result(self, text: str) -> None:
        """Write what was asked for to stdout.

        Raises:
            BrokenPipeError: nobody reads any more.
            OutputUnwritableError: it cannot be written for another reason, such as a full disk.
        """
        if self._stdout is None:
            return
        try:
            try:
                self._stdout.write(text + "\n")
            except UnicodeEncodeError:
                # Names of files need not be text; whoever reads them wants their very bytes.
                self._stdout.buffer.write(os.fsencode(text + "\n"))
            self._stdout.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise OutputUnwritableError(f"The answer cannot be written to stdout ({error.strerror})") from error

    def say(self, text: str) -> None:
        """Tell people something, unless they want quiet."""
        if not self.quiet:
            self.console.out(text)

    def error(self, text: str) -> None:
        """Tell people what went wrong, in one line."""
        self.console.out(f"facefusion: error: {one_line(' '.join(text.split()))}")

    def note(self, text: str) -> None:
        """Tell people, quiet or not, what they ought to know of a job, in one line."""
        self.warn(one_line(text))

    def warn(self, text: str) -> None:
        """Tell people something that they ought to know, quiet or not."""
        self.console.out(f"facefusion: {text}")


class TerminalHandler(logging.Handler):
    """Puts log records above the progress bar instead of through it."""

    def __init__(self, terminal: Terminal) -> None:
        super().__init__()
        self._terminal = terminal
        self.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record to stderr."""
        self._terminal.warn(self.format(record))
