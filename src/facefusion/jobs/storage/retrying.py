"""Trying again what a storage could not do just now."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from facefusion.errors import CancelledError, StorageUnavailableError
from facefusion.jobs.storage.settings import StorageSettings

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Patience:
    """How often, and after which waits, something is tried again: the waits double, and vary, so that many do not meet.

    Attributes:
        attempts: how often in all, from 1.
        first: seconds before the second attempt, about.
        longest: seconds between two attempts at most.
        wait: waits some seconds.
        vary: returns a factor from 0.5 to 1.
    """

    attempts: int
    first: float = 0.25
    longest: float = 8.0
    wait: Callable[[float], None] = time.sleep
    vary: Callable[[], float] = lambda: random.uniform(0.5, 1.0)  # nosec B311 - no secret

    @classmethod
    def of(cls, settings: StorageSettings) -> Patience:
        """Return what the settings say."""
        return cls(settings.attempts, longest=settings.longest_wait)

    def calling(self, call: Callable[[], _Value], *, cancel: threading.Event | None = None) -> _Value:
        """Return what a call returns, made again as long as it raises `StorageUnavailableError`.

        Raises:
            StorageUnavailableError: of the last attempt.
            CancelledError: `cancel` was set before an attempt.
        """
        for attempt in range(self.attempts - 1):
            stop_if(cancel)
            try:
                return call()
            except StorageUnavailableError:
                self._pause(min(self.first * 2**attempt, self.longest) * self.vary(), cancel)
        stop_if(cancel)
        return call()

    def _pause(self, seconds: float, cancel: threading.Event | None) -> None:
        if cancel is None:
            self.wait(seconds)
        else:
            cancel.wait(seconds)


def stop_if(cancel: threading.Event | None) -> None:
    """Stop where that is wanted.

    Raises:
        CancelledError: `cancel` is set.
    """
    if cancel is not None and cancel.is_set():
        raise CancelledError("The transfer was stopped", "Nothing was left half-done")
