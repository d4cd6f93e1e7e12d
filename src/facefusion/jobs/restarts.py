"""When a worker process that has ended is started again."""

from __future__ import annotations

import signal
from dataclasses import dataclass, field
from typing import Final

LEAST_WAIT: Final = 0.5
MOST_WAIT: Final = 60.0
LIVED: Final = 60.0
"""Seconds after which the death of a worker says nothing of the next one."""
SPARED: Final = 3
"""How often in a row a young worker may be ended from outside before waits grow."""
# SIGKILL is what the kernel sends where memory is full; who is asked to end does so in good order, with status 0.
_FROM_OUTSIDE: Final = frozenset({0, -int(signal.SIGTERM), -int(getattr(signal, "SIGKILL", 9))})


@dataclass(slots=True)
class Restarts:
    """How long a place of the pool stays without a worker; all times are seconds of any clock.

    A worker that crashes young will most likely crash again, so that waits double. One that is ended from outside is no
    worse than others, unless that happens again and again, as it does where a machine has too little memory for any.

    Attributes:
        again: from when on the next worker is started.
    """

    again: float = 0.0
    _next: float = field(default=LEAST_WAIT)
    _spared: int = field(default=0)

    def ended(self, status: int, *, began: float, now: float) -> float:
        """Take it that a worker has ended.

        Args:
            status: of its process; below 0 the signal that ended it.
            began: when it was started.
            now: the time.

        Returns:
            how long to wait.
        """
        if now - began > LIVED:
            self._next, self._spared = LEAST_WAIT, 0
        if status in _FROM_OUTSIDE and self._spared < SPARED:
            self._spared += 1
            return self._wait(LEAST_WAIT, now)
        return self.failed(now)

    def failed(self, now: float) -> float:
        """Take it that no worker could be started, or that one crashed; return how long to wait."""
        wait, self._next = self._next, min(MOST_WAIT, 2 * self._next)
        return self._wait(wait, now)

    def _wait(self, seconds: float, now: float) -> float:
        self.again = now + seconds
        return seconds
