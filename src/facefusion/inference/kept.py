"""What was made once and serves again: bounded, what was not used for longest goes first."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, Final, TypeVar

import numpy as np

T = TypeVar("T")
_SMALL: Final = 1024
"""Bytes that count for whatever holds no array."""


@dataclass(slots=True, eq=False)
class _Entry:
    making: threading.Lock = field(default_factory=threading.Lock)
    value: Any = None
    size: int = 0
    is_made: bool = False


class Kept:
    """Keeps values that are costly to make, for whoever asks for the same again. Safe to use from several threads.

    A value is handed to everybody who asks, so nobody may change it. What could not be made is tried again next time.

    Args:
        most: bytes that values may take; none is kept when 0, so that each is made whenever it is asked for.
    """

    def __init__(self, most: int = 0) -> None:
        self._most = most
        self._entries: OrderedDict[Hashable, _Entry] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def keeps_any(self) -> bool:
        """Whether anything is kept at all."""
        return self._most > 0

    @property
    def used(self) -> int:
        """Bytes that the values take that are kept now."""
        with self._lock:
            return sum(entry.size for entry in self._entries.values())

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return the value of a key; of several who ask for one that is not there, one makes it.

        Args:
            key: everything that the value depends on.
            make: makes it.

        Raises:
            Exception: whatever `make` raises.
        """
        if not self._most:
            return make()
        with self._lock:
            entry = self._entries.setdefault(key, _Entry())
            self._entries.move_to_end(key)
        with entry.making:
            if not entry.is_made:
                entry.value = make()
                entry.size = size_of(entry.value)
                entry.is_made = True
        self._drop(key)
        value: T = entry.value
        return value

    def clear(self) -> None:
        """Keep nothing of what was made so far."""
        with self._lock:
            self._entries.clear()

    def _drop(self, newest: Hashable) -> None:
        """Let go of what is too much, at last even of what was asked for just now."""
        with self._lock:
            used = sum(entry.size for entry in self._entries.values())
            for key in [key for key in self._entries if key != newest] + [newest]:
                if used <= self._most:
                    return
                if key in self._entries and self._entries[key].is_made:
                    used -= self._entries.pop(key).size


def size_of(value: object) -> int:
    """Return about how many bytes a value takes: those of the arrays in it, however deep they lie."""
    if isinstance(value, np.ndarray):
        return int(value.nbytes)
    if isinstance(value, bytes):
        return len(value)
    if isinstance(value, Mapping):
        return _SMALL + sum(size_of(each) for each in value.values())
    if isinstance(value, tuple | list):
        return _SMALL + sum(size_of(each) for each in value)
    if is_dataclass(value):
        return _SMALL + sum(size_of(getattr(value, each.name)) for each in fields(value))
    return _SMALL
