"""Evenly spaced samples of a series whose length nobody knows yet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Spread(Generic[Item]):
    """Keeps an even selection of what comes: at the end between `least` and twice as many, or all where fewer came.

    The series is divided into bins of `stride` items; when there are too many bins, two by two become one.

    Args:
        least: bins to keep at least.
        merge: which of two items of one bin is kept.

    Attributes:
        stride: items in a bin.
        count: items that came.
        items: what is kept, one of each bin, in order.
    """

    def __init__(self, least: int, merge: Callable[[Item, Item], Item]) -> None:
        self._most = 2 * least
        self._merge = merge
        self.stride = 1
        self.count = 0
        self.items: list[Item] = []

    @property
    def begins(self) -> bool:
        """Whether the next item begins a bin."""
        return self.count % self.stride == 0

    def begin_at(self, place: int, length: int) -> None:
        """Take what comes for a part of a longer series; see `take_behind`.

        Args:
            place: of what comes next.
            length: of the whole series.
        """
        self.count = place
        while -(-length // self.stride) > self._most:
            self.stride *= 2

    def take_behind(self, stride: int, count: int, items: list[Item], *, completes: bool) -> None:
        """Take over what another kept of the part of the series that comes next.

        Args:
            stride: of that, which is the same for all parts of a series.
            count: place behind its last item.
            items: what it kept.
            completes: whether the first of them is of the bin that is the last here.
        """
        self.stride, self.count = stride, count
        if completes:
            self.items[-1], items = self._merge(self.items[-1], items[0]), items[1:]
        self.items += items

    def skip(self) -> None:
        """Let one item go by that is not kept; not the first of a bin."""
        self.count += 1

    def add(self, item: Item) -> None:
        """Take the next item."""
        if not self.begins and self.items:
            self.items[-1] = self._merge(self.items[-1], item)
        else:
            self._make_room()
            self.items.append(item)
        self.count += 1

    def _make_room(self) -> None:
        if len(self.items) < self._most:
            return
        self.items = [self._merge(*self.items[at : at + 2]) for at in range(0, self._most, 2)]
        self.stride *= 2
