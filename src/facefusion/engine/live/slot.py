"""A place for one value between two threads, where the newest wins."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class Slot(Generic[T]):
    """Holds one value until it is taken."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._value: T | None = None
        self._finished = False
        self._error: BaseException | None = None

    def put(self, value: T, *, waits: bool = False) -> bool:
        """Put a value in; return whether another, which nobody took, had to go for it.

        Args:
            value: it.
            waits: whether to wait until the one before was taken.
        """
        with self._changed:
            if waits:
                self._changed.wait_for(lambda: self._value is None or self._finished)
            replaced = self._value is not None
            self._value = value
            self._changed.notify_all()
            return replaced

    def take(self, timeout: float | None = None) -> T | None:
        """Return the value, waiting for it; None when there is none in time, or none will come.

        Raises:
            BaseException: the error that ended it, once the last value is taken.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._value is not None or self._finished, timeout)
            value, self._value = self._value, None
            self._changed.notify_all()
            if value is None and self._error is not None:
                raise self._error
            return value

    def __iter__(self) -> Iterator[T]:
        """Yield values as they come, until there are no more; raises as `take`."""
        while (value := self.take()) is not None:
            yield value

    def finish(self, error: BaseException | None = None) -> None:
        """Say that no more values come; the first error given reaches the other side."""
        with self._changed:
            self._finished = True
            self._error = self._error or error
            self._changed.notify_all()

    @property
    def is_over(self) -> bool:
        """Whether no value is there, and none will come."""
        with self._changed:
            return self._finished and self._value is None
