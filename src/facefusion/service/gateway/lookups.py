"""What was looked up in the database, for a few seconds, so that not every request asks it."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Final, Generic, TypeVar

Value = TypeVar("Value")
_MOST: Final = 10_000


class Lookups(Generic[Value]):
    """Looks things up by name; all who ask at one time wait for one answer.

    Args:
        find: looks something up; it is called in another thread.
        threads: in which.
        seconds: for which an answer is believed.
        clock: tells seconds.
    """

    def __init__(
        self,
        find: Callable[[str], Value],
        threads: Executor,
        *,
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._find, self._threads, self._seconds, self._clock = find, threads, seconds, clock
        self._kept: OrderedDict[str, tuple[float, asyncio.Future[Value]]] = OrderedDict()

    async def get(self, name: str) -> tuple[Value, float]:
        """Return what was found, and how many seconds ago it was looked up; errors as of `find`."""
        kept = self._kept.get(name)
        if kept is None or self._clock() - kept[0] >= self._seconds or _has_failed(kept[1]):
            found = asyncio.get_running_loop().run_in_executor(self._threads, self._find, name)
            kept = self._kept[name] = self._clock(), asyncio.ensure_future(found)
            self._kept.move_to_end(name)
            while len(self._kept) > _MOST:
                self._kept.popitem(last=False)
        # Whoever goes away meanwhile must not take the answer with them from those who wait for it, too.
        return await asyncio.shield(kept[1]), self._clock() - kept[0]

    def forget(self, name: str) -> None:
        """Look something up anew the next time."""
        self._kept.pop(name, None)


def _has_failed(found: asyncio.Future[Value]) -> bool:
    return found.done() and (found.cancelled() or found.exception() is not None)
