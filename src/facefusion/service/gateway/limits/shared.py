"""Buckets in Redis, for processes that count together; by the server's clock, and each decision in one step of it."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from facefusion.errors import OptionsError
from facefusion.service.gateway.limits.bucket import Bucket, Limiter, Verdict

if TYPE_CHECKING:
    from redis.asyncio import Redis

_LOG: Final = logging.getLogger(__name__)
_SECONDS: Final = 1.0
"""That a request waits for Redis; then it is counted here."""
_CONNECTIONS: Final = 16
_PAUSE: Final = 2.0
"""Seconds for which all are counted here before Redis is asked again."""
# Keys are the buckets; for each come its size and its rate. Microtokens are whole, so that nothing is lost in between.
_TAKE: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local left, let_in = {}, 1
for i, key in ipairs(KEYS) do
  local size, rate = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  local kept = redis.call('HMGET', key, 't', 'w')
  local tokens, when = tonumber(kept[1]) or size, tonumber(kept[2]) or now
  left[i] = math.min(size, tokens + math.floor(math.max(0, now - when) * rate / 1000000))
  if left[i] < 1000000 then let_in = 0 end
end
for i, key in ipairs(KEYS) do
  local size, rate = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  left[i] = left[i] - 1000000 * let_in
  redis.call('HSET', key, 't', string.format('%.0f', left[i]), 'w', string.format('%.0f', now))
  redis.call('PEXPIRE', key, math.ceil((size - left[i]) / rate * 1000) + 1000)
end
left[#left + 1] = let_in
return left
"""


class SharedLimiter:
    """Buckets in Redis.

    While Redis cannot be reached each process counts by itself, from full buckets: with N processes up to N times as
    much goes through, and nobody is shut out.

    Args:
        client: of Redis, see `connected`.
        otherwise: counts while it cannot be reached.
        seconds: that a request waits for it.
        clock: tells seconds.
    """

    def __init__(
        self,
        client: Redis,
        otherwise: Limiter,
        *,
        seconds: float = _SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        from redis.exceptions import RedisError  # noqa: PLC0415 - an extra

        self._errors = (OSError, TimeoutError, RedisError)
        self._client, self._otherwise, self._seconds, self._clock = client, otherwise, seconds, clock
        self._script = client.register_script(_TAKE)
        self._away_until = float("-inf")
        self._is_away = False

    @classmethod
    def connected(
        cls,
        url: str,
        otherwise: Limiter,
        *,
        seconds: float = _SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> SharedLimiter:
        """Return one that uses the Redis at an address; nothing is connected to yet.

        Args:
            url: of the Redis.
            otherwise: counts while it cannot be reached.
            seconds: that a request waits for it.
            clock: tells seconds.

        Raises:
            OptionsError: the address is not understood, or the library is not installed.
        """
        try:
            from redis.asyncio import BlockingConnectionPool, Redis  # noqa: PLC0415 - an extra
        except ModuleNotFoundError as error:
            raise OptionsError(
                "Counting requests together needs a library that is not installed", "pip install 'facefusion[redis]'"
            ) from error
        limits: dict[str, Any] = {"socket_timeout": seconds, "socket_connect_timeout": seconds, "timeout": seconds}
        try:
            pool = BlockingConnectionPool.from_url(url, max_connections=_CONNECTIONS, **limits)
        except ValueError as error:
            raise OptionsError("The address of Redis is not understood", "It looks like redis://host:6379/0") from error
        return cls(Redis.from_pool(pool), otherwise, seconds=seconds, clock=clock)

    async def take(self, buckets: Sequence[Bucket]) -> Verdict:
        """Take a token of each bucket; of none where one is empty."""
        if self._clock() < self._away_until:
            return await self._otherwise.take(buckets)
        if self._is_away:
            self._away_until = self._clock() + _PAUSE  # one request finds out; all others go on as before
        try:
            async with asyncio.timeout(self._seconds):
                *left, is_let_in = await self._ask(buckets)
        except self._errors as error:
            self._away_until = self._clock() + _PAUSE
            if not self._is_away:
                _LOG.warning("Redis cannot be used (%s); each process counts requests by itself", type(error).__name__)
            self._is_away = True
            return await self._otherwise.take(buckets)
        if self._is_away:
            self._is_away, self._away_until = False, float("-inf")
            _LOG.warning("Redis can be used again; processes count requests together")
        return Verdict(tuple(buckets), tuple(microtokens / 1e6 for microtokens in left), bool(is_let_in))

    async def close(self) -> None:
        """Close connections."""
        await self._client.aclose()
        await self._otherwise.close()

    async def _ask(self, buckets: Sequence[Bucket]) -> list[int]:
        keys = [_key(bucket) for bucket in buckets]
        numbers = [number for each in buckets for number in (int(each.size * 1e6), each.rate * 1e6)]
        found: Any = await self._script(keys=keys, args=numbers)
        return [int(each) for each in found]


def _key(bucket: Bucket) -> str:
    """Return the name of a bucket in Redis, which says of nobody who they are; all lie in one slot of a cluster."""
    owner = hashlib.sha256(bucket.owner.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return f"facefusion:{{rates}}:{bucket.name}:{owner}"
