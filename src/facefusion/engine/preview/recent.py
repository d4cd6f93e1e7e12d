"""What was made lately, by what it was made of."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

V = TypeVar("V")


class Recent(Generic[V]):
    """Keeps the values that were asked for last.

    Args:
        most: how many.
        close: called with each that is let go.
    """

    def __init__(self, most: int, close: Callable[[V], None] = lambda value: None) -> None:
        self._most = most
        self._close = close
        self._values: OrderedDict[Hashable, V] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], V]) -> V:
        """Return the value of a key, made if it is not there."""
        if key not in self._values:
            self._shrink(self._most - 1)
            self._values[key] = make()
        self._values.move_to_end(key)
        return self._values[key]

    def clear(self) -> None:
        """Let go of everything."""
        self._shrink(0)

    def _shrink(self, most: int) -> None:
        while len(self._values) > most:
            self._close(self._values.popitem(last=False)[1])
