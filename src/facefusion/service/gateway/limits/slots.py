"""Requests that are answered at one time, by this process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from facefusion.errors import AccessUnavailableError, TooManyRequestsError


class Slots:
    """Counts requests that are being answered.

    Args:
        most: of all.
        most_of_one: of one caller.
    """

    def __init__(self, most: int, most_of_one: int) -> None:
        self._most, self._most_of_one = most, most_of_one
        self._taken: dict[str, int] = {}
        self._all = 0

    @contextmanager
    def one(self, owner: str) -> Iterator[None]:
        """Hold a slot for a block.

        Args:
            owner: who calls.

        Raises:
            TooManyRequestsError: all that one caller may have are taken.
            AccessUnavailableError: all are.
        """
        if self._taken.get(owner, 0) >= self._most_of_one:
            raise TooManyRequestsError(
                f"{self._most_of_one} requests of yours are being answered", "Wait for one of them", reason="concurrent"
            )
        if self._all >= self._most:
            raise AccessUnavailableError(
                "The service answers as many requests as it can", "Ask again in a moment", seconds=1
            )
        self._all += 1
        self._taken[owner] = self._taken.get(owner, 0) + 1
        try:
            yield
        finally:
            self._all -= 1
            self._taken[owner] -= 1
            if not self._taken[owner]:
                del self._taken[owner]
