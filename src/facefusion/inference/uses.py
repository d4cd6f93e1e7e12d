"""How often networks were used: found loaded, or loaded for it."""

from __future__ import annotations

import threading
from typing import Final

HIT: Final = "hit"
LOAD: Final = "load"


class Uses:
    """Counts uses of networks, of several pools together. Safe to use from several threads."""

    def __init__(self) -> None:
        self._counts = {HIT: 0, LOAD: 0}
        self._lock = threading.Lock()

    def note(self, *, was_loaded: bool) -> None:
        """Count one use.

        Args:
            was_loaded: whether the network was there already.
        """
        with self._lock:
            self._counts[HIT if was_loaded else LOAD] += 1

    def taken(self) -> dict[str, int]:
        """Return what was counted since this was called last."""
        with self._lock:
            found, self._counts = self._counts, {HIT: 0, LOAD: 0}
            return found
