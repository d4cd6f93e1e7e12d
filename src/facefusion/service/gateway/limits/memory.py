"""Buckets in the memory of this process."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Final

from facefusion.service.gateway.limits.bucket import Bucket, Verdict

_MOST: Final = 100_000


class MemoryLimiter:
    """Buckets that only this process knows of; no call waits for anything, so that each is one step.

    Args:
        clock: tells seconds.
        most: buckets that are kept; beyond that the one that was not used for longest is forgotten, and is full again.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic, most: int = _MOST) -> None:
        self._clock, self._most = clock, most
        self._kept: OrderedDict[tuple[str, str], tuple[float, float]] = OrderedDict()

    async def take(self, buckets: Sequence[Bucket]) -> Verdict:
        """Take a token of each bucket; of none where one is empty."""
        now = self._clock()
        left = [self._left(bucket, now) for bucket in buckets]
        is_let_in = all(tokens >= 1 for tokens in left)
        for place, bucket in enumerate(buckets):
            left[place] -= is_let_in
            self._kept[bucket.name, bucket.owner] = left[place], now
            self._kept.move_to_end((bucket.name, bucket.owner))
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return Verdict(tuple(buckets), tuple(left), is_let_in)

    async def close(self) -> None:
        """Do nothing: nothing is open."""

    def _left(self, bucket: Bucket, now: float) -> float:
        tokens, when = self._kept.get((bucket.name, bucket.owner), (bucket.size, now))
        return min(bucket.size, tokens + max(0.0, now - when) * bucket.rate)
