"""Processes that are begun again when they end, as whoever runs a cluster does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

_ENDING = 30.0


class Kept:
    """A process of a Python module.

    Args:
        module: to run, and its arguments.
        log: file for what it says.
        line: what it reads, if anything.
        variables: of its environment, beside those of this process.
    """

    def __init__(self, *module: str, log: Path, line: str = "", variables: Mapping[str, str] | None = None) -> None:
        self._command = [sys.executable, "-m", *module]
        self._line, self._log = line, log
        self._environment = {**os.environ, **(variables or {})}
        self._process: subprocess.Popen[bytes] | None = None
        self.starts = 0

    @property
    def pid(self) -> int | None:
        """Its identifier; None while it does not run."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    @property
    def code(self) -> int | None:
        """With what it ended; None before."""
        return None if self._process is None else self._process.poll()

    def tend(self) -> None:
        """Begin it where it does not run."""
        if self.pid is not None:
            return
        with self._log.open("ab") as log:
            process = subprocess.Popen(
                self._command,
                env=self._environment,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        assert process.stdin is not None
        with process.stdin, suppress(BrokenPipeError):
            process.stdin.write(self._line.encode())
        self._process = process
        self.starts += 1

    def kill(self) -> bool:
        """Kill it, and nothing that it began; return whether it ran."""
        pid = self.pid
        if pid is None or self._process is None:
            return False
        os.kill(pid, signal.SIGKILL)
        self._process.wait()
        return True

    def end(self) -> None:
        """End it in good order."""
        if self._process is None or self.pid is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(_ENDING)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def begun(self) -> Sequence[tuple[int, str]]:
        """Return the identifiers and command lines of the processes that it began."""
        pid = self.pid
        with suppress(OSError):
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            return [(int(each), Path(f"/proc/{each}/cmdline").read_text().replace("\0", " ")) for each in children]
        return []
