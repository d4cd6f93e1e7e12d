"""Whether whoever began something that lasts, such as a stream or a live session, may go on with it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from facefusion.errors import AccessUnavailableError, JobsUnavailableError
from facefusion.service.gateway.access import nobody
from facefusion.service.gateway.authentication import Authentication
from facefusion.service.gateway.caller import Caller

_PLACE: Final = "still"
_SECONDS: Final = 5.0
"""Between two looks; what is looked up is believed as long."""


class Still:
    """Looks now and then whether what a request bears lets the same caller in still, with the same scopes.

    Args:
        authentication: knows.
        scope: of the request.
        headers: of the request.
        caller: who was let in.
        clock: tells seconds.
    """

    def __init__(
        self,
        authentication: Authentication,
        scope: Mapping[str, Any],
        headers: Mapping[bytes, bytes],
        caller: Caller,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._authentication, self._scope, self._headers = authentication, scope, headers
        self._caller, self._clock = caller, clock
        self._looked = clock()

    def put(self, state: dict[str, Any]) -> None:
        """Hand it to the routes."""
        state[_PLACE] = self

    @staticmethod
    def of(scope: Mapping[str, Any]) -> Still | None:
        """Return what belongs to a request; None where nobody was let in by a gateway."""
        found = scope.get("state", {}).get(_PLACE)
        return found if isinstance(found, Still) else None

    async def check(self) -> None:
        """Make sure that they may go on; call it as often as you like.

        Raises:
            AccessError: a key was revoked, a session or a token has ended, or they may do other things now.
        """
        if self._clock() - self._looked < _SECONDS:
            return
        self._looked = self._clock()
        try:
            visitor = await self._authentication.visitor(self._scope, self._headers)
        except (AccessUnavailableError, JobsUnavailableError):
            return  # nobody can tell now; it is asked again
        if visitor.caller != self._caller:
            raise nobody(visitor.fault or "changed")
