"""Parts: a batch worked off piece by piece, by one thread or by several, and put together in its order."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

T = TypeVar("T")


class Parts(Generic[T]):
    """What is left to do of a batch, and what was made of the rest.

    Args:
        count: items of the batch.
    """

    def __init__(self, count: int) -> None:
        self._left = [(0, count)]
        self._done: dict[int, T] = {}
        self._lock = threading.Lock()

    def take(self, most: int) -> slice | None:
        """Return the next items, no more than `most` and their number a power of two; None where none are left."""
        with self._lock:
            if not self._left:
                return None
            begin, end = self._left.pop(0)
            size = 1 << (min(most, end - begin).bit_length() - 1)
            if begin + size < end:
                self._left.insert(0, (begin + size, end))
            return slice(begin, begin + size)

    def give_back(self, part: slice) -> None:
        """Leave items that were taken to whoever takes next."""
        with self._lock:
            self._left.insert(0, (part.start, part.stop))

    def done(self, part: slice, result: T) -> None:
        """Keep what was made of items that were taken."""
        with self._lock:
            self._done[part.start] = result

    def give_up(self) -> None:
        """Leave nothing to do."""
        with self._lock:
            self._left.clear()

    def results(self) -> list[T]:
        """Return what was made, in the order of the items."""
        return [self._done[begin] for begin in sorted(self._done)]

    def work_off(self, work: Callable[[Parts[T]], None], threads: int) -> list[T]:
        """Have several threads take parts until none are left; return what was made, in the order of the items.

        Args:
            work: takes parts until there are none; called in each thread.
            threads: how many; with one no other thread is made.

        Raises:
            Exception: the first that `work` raised; the other threads then finish what they are at.
        """
        if threads <= 1:
            work(self)
            return self.results()

        def guarded() -> None:
            try:
                work(self)
            except BaseException:
                self.give_up()
                raise

        with ThreadPoolExecutor(threads) as pool:
            for each in [pool.submit(guarded) for _ in range(threads)]:
                each.result()
        return self.results()
