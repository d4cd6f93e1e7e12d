"""Who has a live session: one each, and not too many in all."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from facefusion.errors import OverloadedError, RequestBusyError
from facefusion.service.gateway.caller import Caller

_LOOK_SECONDS: Final = 0.05


class LiveSeats:
    """Counts the live sessions of this process. Safe to use from several threads.

    Args:
        most: at one time.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken: set[tuple[str, str]] = set()
        self._lock = threading.Lock()

    @property
    def most(self) -> int:
        """How many may run at one time."""
        return self._most

    def __len__(self) -> int:
        """How many run."""
        with self._lock:
            return len(self._taken)

    @asynccontextmanager
    async def one(self, caller: Caller, patience: float) -> AsyncIterator[None]:
        """Have a place for as long as a block lasts.

        Args:
            caller: for whom.
            patience: seconds for which their session before this one, of a page that is loaded anew, may still end.

        Raises:
            RequestBusyError: the caller has one already.
            OverloadedError: all are taken.
        """
        who, end = (caller.tenant, caller.actor), time.monotonic() + patience
        while True:
            try:
                self._take(who)
                break
            except RequestBusyError:
                if time.monotonic() >= end:
                    raise
                await asyncio.sleep(_LOOK_SECONDS)
        try:
            yield
        finally:
            with self._lock:
                self._taken.discard(who)

    def _take(self, who: tuple[str, str]) -> None:
        with self._lock:
            if who in self._taken:
                raise RequestBusyError("You have a live session already", "End it first, perhaps in another window")
            if len(self._taken) >= self._most:
                raise OverloadedError(
                    f"All {self._most} places for live sessions are taken"
                    if self._most
                    else "Live sessions are switched off",
                    "Try again when somebody has ended theirs" if self._most else "Whoever runs it sets --max-live",
                )
            self._taken.add(who)
