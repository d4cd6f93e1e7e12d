"""Turns: of requests of one session that wait, the newest alone is still wanted."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable

from facefusion.errors import SupersededError

_MOST = 1000


class Turns:
    """Numbers the requests of each session. Safe to use from several threads."""

    def __init__(self) -> None:
        self._newest: OrderedDict[Hashable, int] = OrderedDict()
        self._lock = threading.Lock()

    def taken(self, session: Hashable) -> int:
        """Return the number of a request that comes now."""
        with self._lock:
            number = self._newest.get(session, 0) + 1
            self._newest[session] = number
            self._newest.move_to_end(session)
            while len(self._newest) > _MOST:
                self._newest.popitem(last=False)
            return number

    def check(self, session: Hashable, number: int) -> None:
        """Make sure that no newer request of a session has come.

        Raises:
            SupersededError: one has.
        """
        with self._lock:
            newest = self._newest.get(session, number)
        if newest > number:
            raise SupersededError("A newer request of this session took the place of this one", "Wait for its answer")
