"""What the routes of sessions are handed by the gateway: who came in by which way, and how they sign in and out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fastapi import Request

from facefusion.errors import AuthenticationError, NotAllowedError
from facefusion.service.gateway.exchange import Exchange
from facefusion.service.gateway.hosts import Hosts
from facefusion.service.gateway.sessions.cookie import SessionCookie
from facefusion.service.gateway.sessions.signing import Signing
from facefusion.service.gateway.sessions.store import Holder
from facefusion.service.gateway.visitor import Visitor

_PLACE: Final = "door"


class Door:
    """Signs whoever makes a request in and out.

    Args:
        signing: does it.
        cookie: writes the cookie.
        hosts: the names of the service.
        exchange: the request and its answer.
        scope: of the request.
        visitor: who makes it.
        address: as whose it counts where it comes from.

    Attributes:
        visitor: as given.
    """

    def __init__(
        self,
        signing: Signing,
        cookie: SessionCookie,
        hosts: Hosts,
        *,
        exchange: Exchange,
        scope: Mapping[str, Any],
        visitor: Visitor,
        address: str,
    ) -> None:
        self.visitor = visitor
        self._signing, self._cookie, self._hosts = signing, cookie, hosts
        self._exchange, self._scope, self._address = exchange, scope, address

    @staticmethod
    def of(request: Request) -> Door:
        """Return the door by which a request came in.

        Raises:
            AuthenticationError: there is none, because no gateway stands before the service.
        """
        found = getattr(request.state, _PLACE, None)
        if not isinstance(found, Door):
            raise AuthenticationError("Nobody can sign in here", "Begin the service with facefusion serve")
        return found

    def put(self) -> None:
        """Hand it to the routes."""
        self._exchange.state[_PLACE] = self

    @property
    def idle_seconds(self) -> int:
        """After which a session ends that is not used."""
        return self._signing.idle_seconds

    async def with_key(self, text: str) -> tuple[Visitor, str]:
        """Sign in with a key or the token of this start; return who it is, and the header that sets the cookie.

        Errors as of `Signing.with_key`.
        """
        self._check_page()
        return await self._begun(await self._signing.with_key(text))

    async def with_password(self, tenant: str | None, name: str, password: str) -> tuple[Visitor, str]:
        """Sign in with a name and a password; errors as of `Signing.with_password`."""
        self._check_page()
        return await self._begun(await self._signing.with_password(tenant, name, password, self._address))

    async def change_password(self, current: str, new: str) -> tuple[Visitor, str]:
        """Take another password, and go on in a new session, the only one; errors as of `Signing.changed`."""
        session = self.visitor.session
        if session is None:
            raise NotAllowedError(
                "You did not sign in with a password, and have none here",
                "Sign in with your name",
                reason="no-password",
            )
        return await self._begun(await self._signing.changed(session, current, new, self._address))

    async def sign_out(self, *, everywhere: bool = False) -> str:
        """End the session, if there is one; return the header that takes the cookie away.

        Args:
            everywhere: whether all others of the same user or key end, too.
        """
        if self.visitor.session is not None:
            await self._signing.end(self.visitor.session, everywhere=everywhere)
        return self._cookie.taken()

    async def _begun(self, holder: Holder) -> tuple[Visitor, str]:
        visitor = await self._signing.begin(holder, self.visitor.session)
        if visitor.session is None:
            raise AuthenticationError("The session has ended already", "Sign in again", reason=visitor.fault or "ended")
        self._exchange.caller = visitor.caller
        return visitor, self._cookie.given(visitor.session.id)

    def _check_page(self) -> None:
        """Let no other page sign its visitors in, as somebody whom it knows."""
        self._hosts.check_own(self._exchange.headers, self._scope.get("scheme", "http"))
