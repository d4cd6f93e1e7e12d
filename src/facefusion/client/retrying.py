"""When a call is sent again, and after how long."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

import httpx

from facefusion.client.call import Call
from facefusion.client.flow import Ended, Wait
from facefusion.client.problems import error_of, wait_of
from facefusion.client.settings import unreachable

_PASSING: Final = frozenset({429, 502, 503, 504})
_BUSY: Final = 409  # with Retry-After: the same request is being answered
T = TypeVar("T")


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


class Tries(Generic[T]):
    """One call, which is sent until it is answered, or until that cannot help any more.

    Args:
        call: which is sent.
        retries: how often, and after how long.
    """

    def __init__(self, call: Call[T], retries: Retries) -> None:
        self._call, self._retries, self._sent = call, retries, 0

    def after(self, outcome: httpx.Response | httpx.TransportError) -> Wait | Ended[T]:
        """Return what comes next: what the call brings, or a wait before it is sent again.

        Args:
            outcome: of sending it: the answer, or why there is none.

        Raises:
            ServiceUnreachableError: there is no answer, and it is not sent again.
            ServiceAnswerError: the answer is not understood.
            FaceFusionError: what the answer tells of, as the class that it was of.
        """
        self._sent += 1
        if isinstance(outcome, httpx.TransportError):
            wait = self._retries.after_error(self._call, outcome, self._sent)
            if wait is None:
                raise unreachable(outcome) from outcome
            return Wait(wait)
        if outcome.is_success:
            return Ended(self._call.read(outcome))
        wait = self._retries.after_answer(self._call, outcome, self._sent)
        if wait is None:
            raise error_of(outcome)
        return Wait(wait)
