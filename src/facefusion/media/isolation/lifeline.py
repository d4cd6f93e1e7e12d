"""Children end with their parent, however that ends and whatever has become of them."""

from __future__ import annotations

import os
import signal
from contextlib import suppress


class Lifeline:
    """Has the kernel end a child process when this process is no more.

    It is the kernel that holds the line: to a pipe that nobody but this process has, which breaks when the process
    ends, it answers with a signal to the child. (That a child asks for the signal itself, with `PR_SET_PDEATHSIG`, ends
    it already with the thread that started it.) Systems that send no such signals go without; the child notices by
    itself then that nobody is there, if it is sound.

    Args:
        child: the number of the process.
    """

    def __init__(self, child: int) -> None:
        self._ends: list[int] = []
        for is_reversed in (False, True):  # the kernel closes what a process leaves in an order of its own
            self._ends += self._pipe(child, is_reversed=is_reversed)

    def close(self) -> None:
        """Let the child go, as often as one likes."""
        while self._ends:
            os.close(self._ends.pop())

    @staticmethod
    def _pipe(child: int, *, is_reversed: bool) -> tuple[int, int]:
        import fcntl  # noqa: PLC0415 - there is none on Windows, where nothing comes this far

        watched, held = os.pipe()
        if is_reversed:
            after = fcntl.fcntl(watched, fcntl.F_DUPFD_CLOEXEC, held + 1)
            os.close(watched)
            watched = after
        with suppress(OSError):
            fcntl.fcntl(watched, fcntl.F_SETOWN, child)
            fcntl.fcntl(watched, fcntl.F_SETSIG, signal.SIGKILL)
            fcntl.fcntl(watched, fcntl.F_SETFL, fcntl.fcntl(watched, fcntl.F_GETFL) | os.O_ASYNC)
        return watched, held
