"""Token buckets: each fills at a steady rate up to its size, and a request takes one token of each, or none of any."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket.

    Attributes:
        name: what it limits, such as `key`.
        owner: whose it is.
        size: most tokens, at least 1: so many requests may come at once.
        rate: tokens a second.
    """

    name: str
    owner: str
    size: float
    rate: float

    @property
    def window(self) -> int:
        """Seconds in which an empty one fills."""
        return max(1, math.ceil(self.size / self.rate))


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a request goes through.

    Attributes:
        buckets: that were asked.
        left: tokens in each of them, now.
    """

    buckets: tuple[Bucket, ...]
    left: tuple[float, ...]
    is_let_in: bool

    @property
    def seconds(self) -> int:
        """After which a request may go through, in whole seconds; 0 where this one does."""
        if self.is_let_in:
            return 0
        return max(math.ceil((1 - left) / each.rate) for each, left in self._each() if left < 1)

    @property
    def short(self) -> Bucket | None:
        """The bucket that is the reason to wait; None where there is none."""
        if self.is_let_in:
            return None
        return max((pair for pair in self._each() if pair[1] < 1), key=lambda pair: (1 - pair[1]) / pair[0].rate)[0]

    def headers(self) -> list[tuple[bytes, bytes]]:
        """Return what tells callers how much they have left (draft-ietf-httpapi-ratelimit-headers-10)."""
        policy = ", ".join(f'"{each.name}";q={int(each.size)};w={each.window}' for each in self.buckets)
        state = ", ".join(
            f'"{each.name}";r={int(left)};t={math.ceil((each.size - left) / each.rate)}' for each, left in self._each()
        )
        return [(b"ratelimit-policy", policy.encode()), (b"ratelimit", state.encode())]

    def _each(self) -> Sequence[tuple[Bucket, float]]:
        return tuple(zip(self.buckets, self.left, strict=True))


class Limiter(Protocol):
    """Takes tokens out of buckets."""

    async def take(self, buckets: Sequence[Bucket]) -> Verdict:
        """Take a token of each bucket; of none where one is empty."""
        ...

    async def close(self) -> None:
        """Close what is open."""
        ...
