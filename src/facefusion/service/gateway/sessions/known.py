"""Sessions that come by a cookie: whether they hold, and whether a page of this service sent them."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from typing import Any, Final

from facefusion.errors import NotAllowedError
from facefusion.service.gateway.caller import Caller
from facefusion.service.gateway.exchange import SAFE
from facefusion.service.gateway.handshake import SOCKET
from facefusion.service.gateway.hosts import Hosts
from facefusion.service.gateway.local import LocalAccess
from facefusion.service.gateway.lookups import Lookups
from facefusion.service.gateway.sessions.cookie import SessionCookie
from facefusion.service.gateway.sessions.store import SessionFound, SessionStore
from facefusion.service.gateway.visitor import OpenSession, Visitor

CSRF_HEADER: Final = "X-CSRF-Token"
_CSRF: Final = CSRF_HEADER.lower().encode()
_SECONDS: Final = 5.0


class KnownSessions:
    """Sessions that were looked up, for a few seconds; one that ended elsewhere is believed no longer than that.

    Args:
        store: has the sessions.
        cookie: by which they come.
        hosts: the names of the service.
        local: the user of this machine; None where nobody is let in as them.
        threads: in which the store is asked.
        clock: tells seconds.
        seconds: for which a session is believed without being looked up again.
    """

    def __init__(
        self,
        store: SessionStore,
        cookie: SessionCookie,
        hosts: Hosts,
        local: LocalAccess | None,
        threads: Executor,
        *,
        clock: Callable[[], float] = time.monotonic,
        seconds: float = _SECONDS,
    ) -> None:
        self._store, self._cookie, self._hosts, self._local = store, cookie, hosts, local
        self._lookups: Lookups[SessionFound | None] = Lookups(store.find, threads, seconds=seconds, clock=clock)

    async def visitor(self, scope: Mapping[str, Any], headers: Mapping[bytes, bytes]) -> Visitor:
        """Return who comes with a cookie; nobody where there is none, or none that holds.

        Raises:
            NotAllowedError: it holds, but a page of another origin sent it.
            JobsUnavailableError: the database cannot be used.
        """
        found = self._cookie.read(headers)
        if found.value is None:
            return Visitor(fault=found.fault)
        visitor = await self.of(found.value)
        if visitor.session is not None:
            self._check_page(scope, headers, visitor.session)
        return visitor

    async def of(self, session_id: str) -> Visitor:
        """Return whose session it is; nobody where it does not hold.

        Raises:
            JobsUnavailableError: the database cannot be used.
        """
        digest = self._store.digest(session_id)
        found, age = await self._lookups.get(digest)
        if found is None:
            return Visitor(fault="session-unknown")
        caller = self._caller(found)
        if found.fault is not None or caller is None or age >= found.seconds:
            return Visitor(fault=found.fault or "session-ended")
        session = OpenSession(session_id, digest, self._store.csrf(session_id), found)
        return Visitor(caller, found.way, found.name, found.role, found.expires, session)

    def forget(self, digest: str) -> None:
        """Look a session up anew the next time."""
        self._lookups.forget(digest)

    def _caller(self, found: SessionFound) -> Caller | None:
        if found.way != "local":
            return found.caller
        return None if self._local is None or found.start != self._local.start else self._local.caller

    def _check_page(self, scope: Mapping[str, Any], headers: Mapping[bytes, bytes], session: OpenSession) -> None:
        """Make sure that it is a page of this service that uses a cookie, which browsers send whoever asks."""
        self._hosts.check_own(headers, scope.get("scheme", "http"))
        if scope["type"] == SOCKET:
            if b"origin" not in headers:
                raise NotAllowedError(
                    "A WebSocket that comes by a cookie says for which page", "Send Origin, or a key", reason="origin"
                )
        elif scope["method"] not in SAFE and not hmac.compare_digest(headers.get(_CSRF, b""), session.csrf.encode()):
            raise NotAllowedError(
                f"The request does not bear the {CSRF_HEADER} of its session",
                "GET /v1/session tells it; send it with all that changes something",
                reason="csrf",
            )
