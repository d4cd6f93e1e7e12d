"""One attempt at a task: how far it is, and whether it is to stop."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Literal

from facefusion.engine.progress import Progress
from facefusion.jobs.values import Lease
from facefusion.telemetry.traceparent import TraceParent

Reason = Literal["lost", "stalled", "given back"]
"""Why an attempt was stopped; `lost`: its result is not wanted any more."""


class Attempt:
    """What the thread that works and the one that watches over it know of each other. Safe to use from several threads.

    Args:
        lease: of the task.
        clock: returns seconds.

    Attributes:
        lease: as given.
        cancel: set when the work is to stop.
        frames: finished so far.
        total: frames that there will be; None where that is not known.
        trace: where the trace of what is done goes on; None where there is none.
    """

    def __init__(self, lease: Lease, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.lease = lease
        self.cancel = threading.Event()
        self.frames = 0
        self.total: int | None = None
        self.trace: TraceParent | None = None
        self._clock = clock
        self._moved = clock()
        self._reason: Reason | None = None
        self._lock = threading.RLock()  # a handler of signals may stop what its own thread is stopping

    @property
    def reason(self) -> Reason | None:
        """Why it was stopped; None where it was not."""
        return self._reason

    @property
    def silence(self) -> float:
        """Seconds without any progress."""
        return self._clock() - self._moved

    def moved(self) -> None:
        """Say that something was done."""
        self._moved = self._clock()

    def progress(self, progress: Progress) -> None:
        """Hear how far the work is."""
        self.frames, self.total = max(self.frames, progress.done), progress.total
        self.moved()

    def stop(self, reason: Reason) -> None:
        """Ask the work to stop; the first reason counts, but for a lease that is lost, which always does."""
        with self._lock:
            if self._reason is None or reason == "lost":
                self._reason = reason
        self.cancel.set()
