"""What runs beside requests: begun again after an error that nobody foresaw, and it says how it is."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final

_LOG: Final = logging.getLogger(__name__)

Failed = Callable[[BaseException], None]
"""Is told of an error that nobody foresaw, by work that goes on all the same."""
Work = Callable[[asyncio.Event, Failed], Coroutine[Any, Any, object]]
"""Does something until the event is set that it is handed."""


@dataclass(frozen=True, slots=True)
class Health:
    """How something is that runs beside requests.

    Attributes:
        name: by which it is known.
        is_well: whether it did not fail lately.
        error: class of the error by which it failed last; empty where it never did.
        failures: how often it failed.
    """

    name: str
    is_well: bool
    error: str
    failures: int


def logged(error: BaseException) -> None:
    """Log an error that nobody foresaw."""
    _LOG.error("Something that runs beside requests failed", exc_info=error)


async def paused(stopping: asyncio.Event, seconds: float) -> bool:
    """Wait; return whether it is time to stop, as soon as it is."""
    try:
        async with asyncio.timeout(seconds):
            return await stopping.wait()
    except TimeoutError:
        return False


class Supervised:
    """Something that runs as long as the service does, whatever happens to it.

    What an error ends that nobody foresaw begins again, after a wait; the error is logged, and told by `health`.

    Args:
        name: by which it is known.
        work: what is done.
        first: seconds of the first wait; each that follows soon is twice as long.
        longest: seconds that are never waited longer.
        steady: seconds without a failure after which all is well again.
        clock: tells seconds.
    """

    def __init__(
        self,
        name: str,
        work: Work,
        *,
        first: float = 1.0,
        longest: float = 60.0,
        steady: float = 120.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name, self._work = name, work
        self._first, self._longest, self._steady, self._clock = first, longest, steady, clock
        self._failures, self._error, self._failed_at = 0, "", 0.0

    @property
    def health(self) -> Health:
        """How it is."""
        is_well = not self._failures or self._clock() - self._failed_at >= self._steady
        return Health(self.name, is_well, self._error, self._failures)

    def failed(self, error: BaseException) -> None:
        """Log an error, and remember it."""
        self._failures += 1
        self._error, self._failed_at = type(error).__name__, self._clock()
        _LOG.error("%s, which runs beside requests, failed", self.name, exc_info=error)

    async def run(self, stopping: asyncio.Event) -> None:
        """Do the work until it is told to stop."""
        wait = self._first
        while not stopping.is_set():
            began = self._clock()
            [ended] = await asyncio.gather(self._work(stopping, self.failed), return_exceptions=True)
            if isinstance(ended, BaseException):
                self.failed(ended)
            if self._clock() - began >= self._steady:
                wait = self._first
            await paused(stopping, wait)
            wait = min(self._longest, wait * 2)
