"""Who has a live session: one each, and not too many in all."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from facefusion.errors import OverloadedError, RequestBusyError
from facefusion.service.gateway.caller import Caller


class LiveSeats:
    """Counts the live sessions of this process. Safe to use from several threads.

    Args:
        most: at one time.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken: set[tuple[str, str]] = set()
        self._lock = threading.Lock()

    @contextmanager
    def one(self, caller: Caller) -> Iterator[None]:
        """Have a place for as long as a block lasts.

        Raises:
            RequestBusyError: the caller has one already.
            OverloadedError: all are taken.
        """
        who = caller.tenant, caller.actor
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
        try:
            yield
        finally:
            with self._lock:
                self._taken.discard(who)
