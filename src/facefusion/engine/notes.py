"""What the user should know of a job, told as soon as it is known."""

from __future__ import annotations

import threading
from collections.abc import Callable

NoteListener = Callable[[str], None]
"""Called with one sentence."""


class Notes:
    """Collects notes, and tells each once. Safe to use from several threads.

    Args:
        listener: who is told, if anybody.

    Attributes:
        told: all of them, in order.
    """

    def __init__(self, listener: NoteListener | None = None) -> None:
        self._listener = listener
        self.told: list[str] = []
        self._lock = threading.Lock()

    def tell(self, *notes: str) -> None:
        """Tell what was not told before."""
        for note in notes:
            with self._lock:
                if note in self.told:
                    continue
                self.told.append(note)
            if self._listener is not None:
                self._listener(note)
