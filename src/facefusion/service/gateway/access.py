"""What a route asks of whoever calls it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from fastapi import Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from facefusion.errors import AccessError, AuthenticationError, FaceFusionError, NotAllowedError
from facefusion.service.gateway.caller import SCOPES, Caller, Scope
from facefusion.service.gateway.visitor import Visitor

BEARER: Final = HTTPBearer(
    bearerFormat="ff_ID_SECRET or a JSON web token",
    scheme_name="bearer",
    description="An API key of this service (`facefusion keys create`), or a token of the identity provider that it"
    " trusts. The scopes that an operation asks for are those that the key, or the roles in the token, must give.",
    auto_error=False,
)


def require(scope: Scope) -> Callable[..., Awaitable[Caller]]:
    """Return the dependency of a route that only callers with a scope may use: `Depends(require("jobs:read"))`.

    It returns the `Caller`, whom the gateway has put into `request.state.caller`, and is shown in the OpenAPI document.
    Where nobody has put anybody there, nobody is let in.

    Args:
        scope: which is asked for.

    Raises:
        ValueError: there is no such scope.
    """
    if scope not in SCOPES:
        raise ValueError(f"there is no scope {scope}")

    async def permitted(
        request: Request,
        _credentials: HTTPAuthorizationCredentials | None = Security(BEARER, scopes=[scope]),  # noqa: B008
    ) -> Caller:
        try:
            visitor = getattr(request.state, "visitor", None)
            fault = visitor.fault if isinstance(visitor, Visitor) else None
            return allowed(getattr(request.state, "caller", None), scope, fault=fault)
        except AccessError as error:
            request.state.refusal = error.reason
            raise

    return permitted


def allowed(caller: object, scope: Scope, *, fault: str | None = None) -> Caller:
    """Return who calls, if they may do what a scope stands for.

    Args:
        caller: what `request.state` has of them.
        scope: which is asked for.
        fault: why the cookie of a session lets nobody in; None where there is none.

    Raises:
        AuthenticationError: nobody is known to be calling.
        NotAllowedError: they have not that scope.
    """
    if not isinstance(caller, Caller):
        raise nobody(fault)
    if scope not in caller.scopes:
        raise NotAllowedError(
            f"This needs the scope {scope}", "Ask whoever runs the service for a key that has it",
            reason="scope", scope=scope,
        )  # fmt: skip
    return caller


def nobody(fault: str | None) -> AuthenticationError:
    """Return the error that tells that nobody is known to be calling.

    Args:
        fault: why the cookie of a session lets nobody in; None where there is none.
    """
    if fault is not None:
        return AuthenticationError("The session has ended", "Sign in again", reason=fault)
    return AuthenticationError(
        "This needs a key or a token", "Sign in, or send it in the header Authorization: Bearer …"
    )


def check_tenant(caller: Caller, tenant: str, otherwise: FaceFusionError) -> None:
    """Make sure that something belongs to the tenant for whom somebody calls.

    Args:
        caller: who asks.
        tenant: whose it is.
        otherwise: what is raised where nothing of that name is there; so nobody learns what other tenants have.

    Raises:
        FaceFusionError: `otherwise`, where it is another tenant's.
    """
    if caller.tenant != tenant:
        raise otherwise
