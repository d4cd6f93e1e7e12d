"""How live mode keeps up: frames in and out, and how old they are when they are shown."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

_BINS = 10_001
"""One for each millisecond of latency; the last for all beyond."""


@dataclass(frozen=True, slots=True)
class LiveFigures:
    """What happened in a stretch of time.

    Attributes:
        seconds: how long it was.
        came: frames that came.
        shown: frames that were shown.
        dropped: frames that gave way to newer ones.
        faces: edited, counted in every frame that was shown.
        latency: milliseconds from when a frame came to when it was shown, median; 0 where none was.
        latency95: the same, 95th percentile.
    """

    seconds: float
    came: int
    shown: int
    dropped: int
    faces: int
    latency: float
    latency95: float

    @property
    def rate(self) -> float:
        """Frames a second that were shown."""
        return self.shown / self.seconds if self.seconds > 0 else 0.0


class Tally:
    """Counts; memory does not depend on how long. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._since: float | None = None
        self._came = self._shown = self._dropped = self._faces = 0
        self._latencies = [0] * _BINS

    def came(self) -> None:
        """Count a frame that came; time begins with the first."""
        with self._lock:
            self._since = time.perf_counter() if self._since is None else self._since
            self._came += 1

    def dropped(self) -> None:
        """Count a frame that gave way."""
        with self._lock:
            self._dropped += 1

    def shown(self, came: float, faces: int) -> None:
        """Count a frame that is shown now.

        Args:
            came: when it was there, in seconds of `time.perf_counter`.
            faces: that were edited in it.
        """
        latency = round(1000 * (time.perf_counter() - came))
        with self._lock:
            self._shown += 1
            self._faces += faces
            self._latencies[min(max(latency, 0), _BINS - 1)] += 1

    def figures(self) -> LiveFigures:
        """Return what was counted so far."""
        with self._lock:
            seconds = 0.0 if self._since is None else time.perf_counter() - self._since
            counts = (self._came, self._shown, self._dropped, self._faces)
            return LiveFigures(seconds, *counts, self._quantile(0.5), self._quantile(0.95))

    def _quantile(self, share: float) -> float:
        """Return the latency in milliseconds that a share of the frames does not exceed."""
        wanted, seen = share * self._shown, 0
        for latency, count in enumerate(self._latencies):
            seen += count
            if count and seen >= wanted:
                return float(latency)
        return 0.0
