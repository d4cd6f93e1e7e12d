"""Which buckets a request takes from."""

from __future__ import annotations

from typing import Final

from facefusion.options.gateway import LoadOptions
from facefusion.service.gateway.caller import Caller
from facefusion.service.gateway.limits import Bucket
from facefusion.service.gateway.lookups import Lookups
from facefusion.service.gateway.network import Client
from facefusion.service.gateway.quotas import TenantRules

_MINUTE: Final = 60.0
_DAY: Final = 86_400.0
_DEAR: Final = "/v1/verify"
"""What costs far more than other requests, and may be open to anybody."""


class Rates:
    """Knows how many requests anybody may make.

    Args:
        options: what holds for all.
        rules: looks up what holds for a tenant.
    """

    def __init__(self, options: LoadOptions, rules: Lookups[TenantRules]) -> None:
        self._options, self._rules = options, rules

    async def buckets(self, client: Client, caller: Caller | None, path: str = "") -> list[Bucket]:
        """Return the buckets of a request.

        Args:
            client: whence it comes.
            caller: who makes it; None where nobody is known to.
            path: that it asks for.

        Raises:
            JobsUnavailableError: the database cannot be used.
        """
        options = self._options
        found = [self._bucket("address", client.owner, options.rate_address)]
        if caller is None:
            a_minute = options.rate_public_verify
            dear = [Bucket("verify", client.owner, max(1.0, a_minute), a_minute / _MINUTE)] if path == _DEAR else []
            return found + dear
        found.append(self._bucket("key", f"{caller.tenant} {caller.actor}", options.rate_key))
        found.append(self._bucket("tenant", caller.tenant, options.rate_tenant))
        rules, _ = await self._rules.get(caller.tenant)
        a_day = options.requests_a_day if rules.requests_a_day is None else rules.requests_a_day
        if a_day is not None:
            found.append(Bucket("day", caller.tenant, float(a_day), a_day / _DAY))
        return found

    def _bucket(self, name: str, owner: str, a_minute: float) -> Bucket:
        rate = a_minute / _MINUTE
        return Bucket(name, owner, max(1.0, rate * self._options.rate_burst), rate)
