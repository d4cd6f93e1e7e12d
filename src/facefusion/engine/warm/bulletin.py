"""What is so from now on, for all jobs: a device that failed, memory that is short."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from facefusion.engine.notes import NoteListener

_MOST = 100


class Bulletin:
    """Tells each job what became of devices and memory, before it began and since. Safe to use from several threads."""

    def __init__(self) -> None:
        self._told: dict[str, None] = {}
        self._listeners: list[NoteListener] = []
        self._lock = threading.Lock()

    def tell(self, note: str) -> None:
        """Tell all who listen, and those who will."""
        with self._lock:
            if len(self._told) < _MOST:
                self._told[note] = None
            listeners = list(self._listeners)
        for listener in listeners:
            listener(note)

    @contextmanager
    def read_by(self, listener: NoteListener) -> Iterator[None]:
        """Tell somebody for as long as the block lasts."""
        with self._lock:
            notes = list(self._told)
            self._listeners.append(listener)
        try:
            for note in notes:
                listener(note)
            yield
        finally:
            with self._lock:
                self._listeners.remove(listener)
