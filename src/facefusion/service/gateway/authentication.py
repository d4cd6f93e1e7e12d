"""Who calls: by a key, a token of an identity provider, the cookie of a session, or as the user of this machine."""

from __future__ import annotations

import hmac
import logging
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from typing import Any, Final, NoReturn

from facefusion.errors import AuthenticationError, JobsUnavailableError
from facefusion.service.gateway.caller import Caller
from facefusion.service.gateway.hosts import is_followed_link
from facefusion.service.gateway.keys import KeyFound, KeyStore, KeyText, read_key
from facefusion.service.gateway.keys.form import PREFIX
from facefusion.service.gateway.local import TOKEN_PREFIX, LocalAccess
from facefusion.service.gateway.lookups import Lookups
from facefusion.service.gateway.sessions.known import KnownSessions
from facefusion.service.gateway.tokens import TokenVerifier
from facefusion.service.gateway.visitor import NOBODY, Visitor

_LOG: Final = logging.getLogger(__name__)
_SECONDS: Final = 5.0
_NOTED_SECONDS: Final = 60.0
_NO_DIGEST: Final = "0" * 64
_LONGEST: Final = 8192


class KnownKeys:
    """Keys that were looked up, for a few seconds; what is revoked elsewhere is let in no longer than that.

    Args:
        store: has the keys.
        threads: in which it is asked.
        clock: tells seconds.
        seconds: for which a key is believed without being looked up again.
    """

    def __init__(
        self,
        store: KeyStore,
        threads: Executor,
        *,
        clock: Callable[[], float] = time.monotonic,
        seconds: float = _SECONDS,
    ) -> None:
        self._store, self._threads, self._clock = store, threads, clock
        self._lookups: Lookups[KeyFound | None] = Lookups(store.find, threads, seconds=seconds, clock=clock)
        self._used: set[str] = set()
        self._noted = clock()

    async def found(self, key: KeyText) -> KeyFound:
        """Return a key that lets its holder in.

        Raises:
            AuthenticationError: there is none like it, it has expired, or was revoked.
            JobsUnavailableError: the database cannot be used.
        """
        found, age = await self._lookups.get(key.id)
        # What is not there takes as long as what is: neither tells which identifiers there are.
        is_it = hmac.compare_digest(self._store.digest(key.text), found.digest if found else _NO_DIGEST)
        if found is None or not is_it:
            _refuse("key-unknown", "There is no such key")
        if found.is_revoked:
            _refuse("key-revoked", "The key was revoked", found.caller)
        if age >= found.seconds:
            _refuse("key-expired", "The key has expired", found.caller)
        self._used.add(key.id)
        if self._clock() - self._noted >= _NOTED_SECONDS:
            self._noted = self._clock()
            self._threads.submit(self.note_used)
        return found

    def note_used(self) -> None:
        """Write down which keys were used; where that cannot be done now, it is done later."""
        used, self._used = self._used, set()
        try:
            if used:
                self._store.used(used)
        except JobsUnavailableError as error:
            _LOG.warning("Which keys were used cannot be noted now: %s", error)
            self._used |= used


class Authentication:
    """Finds out who calls.

    Args:
        keys: of the service.
        tokens: of an identity provider; None where none is trusted.
        local: the user of this machine; None where all need a key or a token.
        sessions: of browsers that are signed in.
    """

    def __init__(
        self, keys: KnownKeys, tokens: TokenVerifier | None, local: LocalAccess | None, sessions: KnownSessions
    ) -> None:
        self._keys, self._tokens, self._local, self._sessions = keys, tokens, local, sessions

    def is_own_user(self, caller: Caller | None) -> bool:
        """Whether somebody was let in as the user of this machine."""
        return caller is not None and self._local is not None and caller is self._local.caller

    @property
    def start(self) -> str | None:
        """A digest of the token of this start of the service; None where there is none."""
        return None if self._local is None else self._local.start

    async def visitor(self, scope: Mapping[str, Any], headers: Mapping[bytes, bytes]) -> Visitor:
        """Return who calls: by what the header Authorization bears, else by a cookie, else as the user of this machine.

        Raises:
            AuthenticationError: a key or token does not hold.
            NotAllowedError: it holds, but not for this.
            AccessUnavailableError, JobsUnavailableError: nobody can tell now.
        """
        given = headers.get(b"authorization")
        if given is None:
            return await self._unnamed(scope, headers)
        scheme, _, credentials = given.decode("latin-1").partition(" ")
        credentials = credentials.strip()
        if scheme.lower() != "bearer" or not credentials or len(credentials) > _LONGEST or " " in credentials:
            _refuse("credentials-malformed", "The header Authorization is not understood")
        return await self.shown(credentials)

    async def shown(self, credentials: str) -> Visitor:
        """Return who comes with a key or token; errors as of `visitor`."""
        if credentials.startswith(TOKEN_PREFIX):
            found = None if self._local is None else self._local.with_token(credentials)
            if found is None:
                _refuse("local-token", "The token is not the one that this service began with")
            return Visitor(found, "local")
        if credentials.startswith(PREFIX):
            key = read_key(credentials)
            if key is None:
                _refuse("key-malformed", "This is no whole key, or has a typo")
            held = await self._keys.found(key)
            return Visitor(held.caller, "key", held.name, held.role, held.expires)
        if self._tokens is None:
            _refuse("credentials-malformed", "This is no key of this service")
        return Visitor(await self._tokens.caller(credentials), "token")

    async def close(self) -> None:
        """Close what is open."""
        if self._tokens is not None:
            await self._tokens.close()

    async def _unnamed(self, scope: Mapping[str, Any], headers: Mapping[bytes, bytes]) -> Visitor:
        if is_followed_link(scope, headers):
            return NOBODY
        visitor = await self._sessions.visitor(scope, headers)
        if visitor.caller is not None or self._local is None:
            return visitor
        own = self._local.without(scope, headers)
        return visitor if own is None else Visitor(own, "local")


def _refuse(reason: str, what: str, known: Caller | None = None) -> NoReturn:
    tenant, actor = (known.tenant, known.actor) if known is not None else (None, None)
    raise AuthenticationError(
        what, "Get one from whoever runs the service", reason=reason, is_given=True, tenant=tenant, actor=actor
    )
