"""Company: the jobs that use the same networks at one time, and whether they share batches."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from facefusion.inference.execution import gains_by_batches
from facefusion.inference.providers import Device
from facefusion.options import ShareBatches

Sharing = Literal["exact", "near"]
"""What a result may owe to those who shared its batch: nothing at all, or last bits."""


class Company:
    """Knows how many jobs there are. Safe to use from several threads.

    Args:
        wanted: what the option `share_batches` says.
    """

    def __init__(self, wanted: ShareBatches = "auto") -> None:
        self._wanted = wanted
        self._jobs = 0
        self._lock = threading.Lock()

    @contextmanager
    def joined(self) -> Iterator[None]:
        """Be one of the jobs for as long as the block lasts."""
        self._count(1)
        try:
            yield
        finally:
            self._count(-1)

    @property
    def is_shared(self) -> bool:
        """Whether there are several jobs, and they share batches on some device."""
        return self._jobs > 1 and self._wanted != "off"

    def sharing(self, device: Device) -> Sharing | None:
        """Return in what way jobs share batches on a device; None where each has its own."""
        if not self.is_shared:
            return None
        if self._wanted == "on":
            return "near"
        return "exact" if gains_by_batches(device) else None

    def _count(self, change: int) -> None:
        with self._lock:
            self._jobs += change
