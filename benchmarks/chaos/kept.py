"""Processes that are begun again when they end, as whoever runs a cluster does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

_ENDING = 30.0
_LIVED = 5.0
_PAUSE = 2.0


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
        self._began = self._not_before = 0.0
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
        """Begin it where it does not run; after a pause where it ended by itself as soon as it was begun."""
        now = time.monotonic()
        if self.pid is not None or now < self._not_before:
            return
        if self.code not in {None, -signal.SIGKILL} and now - self._began < _LIVED:
            self._not_before, self._began = now + _PAUSE, 0.0
            return
        self._began = now
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
        pids = list[str]()
        for children in Path(f"/proc/{self.pid}/task").glob("*/children"):  # each thread has its own
            with suppress(OSError):
                pids += children.read_text().split()
        found = []
        for pid in pids:
            with suppress(OSError):
                found.append((int(pid), Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")))
        return found
