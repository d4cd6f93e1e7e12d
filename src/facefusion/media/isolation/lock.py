"""Giving up, for good, what decoding does not need."""

from __future__ import annotations

import signal
from typing import Final

from facefusion.media.isolation.seccomp import install_filter

_FILES: Final = 64  # open at once
_GIB: Final = 1 << 30


def lock(*, memory: float, shared: int, writes: int) -> None:
    """Give up opening files, network, programs, and memory above a limit.

    Args:
        memory: GiB that the process may take.
        shared: bytes of shared memory, which come on top.
        writes: bytes up to which a file that it is handed may grow.

    Raises:
        IsolationError: the system has no means for it.
    """
    import resource  # noqa: PLC0415 - there is none on Windows, where nothing comes this far

    space = int(memory * _GIB) + shared
    for what, most in (
        (resource.RLIMIT_AS, space),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, _FILES),
        (resource.RLIMIT_FSIZE, writes),
    ):
        resource.setrlimit(what, (most, most))
    install_filter()


class Alarm:
    """Ends the process when it is busy for too long without reading on.

    The kernel does it: code that hangs in a decoder could not.

    Args:
        seconds: for how long at most.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        signal.signal(signal.SIGALRM, signal.SIG_DFL)

    def set(self) -> None:
        """Begin to count, anew if that was begun already."""
        signal.setitimer(signal.ITIMER_REAL, self._seconds)

    def clear(self) -> None:
        """Stop counting."""
        signal.setitimer(signal.ITIMER_REAL, 0)
