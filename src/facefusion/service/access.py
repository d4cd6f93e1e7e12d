"""Who may call a route: each says which scope it asks for."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import Request

from facefusion.errors import ResourceUnknownError
from facefusion.service.gateway.caller import Caller, Scope


def require(scope: Scope) -> Callable[[Request], Caller]:
    """Return a dependency that lets callers in who have a scope, and returns them."""

    def allowed(request: Request) -> Caller:
        caller = getattr(request.state, "caller", None)
        if not isinstance(caller, Caller) or scope not in caller.scopes:
            raise ResourceUnknownError("There is nothing here for you")
        return caller

    return allowed
