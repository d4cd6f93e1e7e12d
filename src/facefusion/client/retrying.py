"""When a call is sent again, and after how long."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import httpx

from facefusion.client.call import Call
from facefusion.client.problems import wait_of

_PASSING: Final = frozenset({429, 502, 503, 504})
_BUSY: Final = 409  # with Retry-After: the same request is being answered


@dataclass(frozen=True, slots=True)
class Retries:
    """How often calls are sent again.

    Attributes:
        times: that a call is sent again.
        first: seconds before the second time, where the service does not say; twice as many each further time.
        longest: seconds that are never waited longer; if the service asks for more, its answer stands.
        chance: returns a number from 0 to 1, by which waits are spread.
    """

    times: int = 4
    first: float = 0.5
    longest: float = 60.0
    chance: Callable[[], float] = random.random

    def after_answer(self, call: Call[Any], response: httpx.Response, sent: int) -> float | None:
        """Return the seconds to wait before a call is sent again that was answered; None where its answer stands.

        Args:
            call: which was sent.
            response: the answer.
            sent: how often it was sent.
        """
        asked = wait_of(response)
        status = response.status_code
        is_busy = status == _BUSY and asked is not None and call.is_repeatable
        is_passing = status in _PASSING and (call.is_repeatable or status in {429, 503})
        if sent > self.times or not (is_busy or is_passing):
            return None
        if asked is None:
            return self._usual(sent)
        return asked if asked <= self.longest else None

    def after_error(self, call: Call[Any], error: httpx.TransportError, sent: int) -> float | None:
        """Return the seconds to wait before a call is sent again that was not answered; None where it is not.

        One that may have arrived is sent again only if that does no harm.
        """
        never_arrived = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)
        if sent > self.times or not (never_arrived or call.is_repeatable):
            return None
        return self._usual(sent)

    def _usual(self, sent: int) -> float:
        return min(self.longest, self.first * 2.0 ** (sent - 1)) * (0.5 + self.chance() / 2)
