"""Who calls: by a key, by a token of an identity provider, or as the user of this machine."""

from __future__ import annotations

import asyncio
import hmac
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, NoReturn

from facefusion.errors import AuthenticationError
from facefusion.service.gateway.caller import Caller
from facefusion.service.gateway.keys import KeyFound, KeyStore, KeyText, read_key
from facefusion.service.gateway.keys.form import PREFIX
from facefusion.service.gateway.local import TOKEN_PREFIX, LocalAccess
from facefusion.service.gateway.tokens import TokenVerifier

_MOST: Final = 10_000
_SECONDS: Final = 5.0
_THREADS: Final = 4
_LONGEST: Final = 8192


class KnownKeys:
    """Keys that were looked up, for a few seconds, so that not every request asks the database.

    What is revoked elsewhere is let in no longer than that.

    Args:
        store: has the keys.
        clock: tells seconds.
        seconds: for which a key is believed without being looked up again.
    """

    def __init__(
        self, store: KeyStore, *, clock: Callable[[], float] = time.monotonic, seconds: float = _SECONDS
    ) -> None:
        self._store, self._clock, self._seconds = store, clock, seconds
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="facefusion-keys")
        self._kept: OrderedDict[str, tuple[float, asyncio.Task[KeyFound | None]]] = OrderedDict()
        self._used: set[str] = set()

    async def caller(self, key: KeyText) -> Caller:
        """Return who comes with a key.

        Raises:
            AuthenticationError: there is none like it, it has expired, or was revoked.
            JobsUnavailableError: the database cannot be used.
        """
        when, looking = self._looked_up(key.id)
        found = await asyncio.shield(looking)
        # What is not there takes as long as what is: neither tells which identifiers there are.
        is_it = hmac.compare_digest(self._store.digest(key.text), found.digest if found else "0" * 64)
        if found is None or not is_it:
            _refuse("key-unknown", "There is no such key")
        if found.is_revoked:
            _refuse("key-revoked", "The key was revoked", found.caller)
        if self._clock() - when >= found.seconds:
            _refuse("key-expired", "The key has expired", found.caller)
        self._used.add(key.id)
        return found.caller

    def forget(self, key_id: str) -> None:
        """Look a key up anew when it is next used: it was changed here."""
        self._kept.pop(key_id, None)

    def take_used(self) -> frozenset[str]:
        """Return which keys were used since this was last asked."""
        used, self._used = frozenset(self._used), set()
        return used

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _looked_up(self, key_id: str) -> tuple[float, asyncio.Task[KeyFound | None]]:
        """Return when a key was looked up, and what was found; all who ask meanwhile get the same answer."""
        kept = self._kept.get(key_id)
        if kept is not None and self._clock() - kept[0] < self._seconds and not _has_failed(kept[1]):
            return kept
        kept = self._clock(), asyncio.ensure_future(self._find(key_id))
        self._kept[key_id] = kept
        self._kept.move_to_end(key_id)
        while len(self._kept) > _MOST:
            self._kept.popitem(last=False)
        return kept

    async def _find(self, key_id: str) -> KeyFound | None:
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._store.find, key_id)


class Authentication:
    """Finds out who calls.

    Args:
        keys: of the service.
        tokens: of an identity provider; None where none is trusted.
        local: the user of this machine; None where all need a key or a token.
    """

    def __init__(self, keys: KnownKeys, tokens: TokenVerifier | None, local: LocalAccess | None) -> None:
        self.keys = keys
        self._tokens, self._local = tokens, local

    async def caller(self, scope: Mapping[str, Any], headers: Mapping[bytes, bytes]) -> Caller | None:
        """Return who calls; None where nobody says who they are.

        Raises:
            AuthenticationError: a key or token does not hold.
            NotAllowedError: it holds, but not for this.
            AccessUnavailableError, JobsUnavailableError: nobody can tell now.
        """
        given = headers.get(b"authorization")
        if given is None:
            return None if self._local is None else self._local.without(scope, headers)
        scheme, _, credentials = given.decode("latin-1").partition(" ")
        credentials = credentials.strip()
        if scheme.lower() != "bearer" or not credentials or len(credentials) > _LONGEST or " " in credentials:
            _refuse("credentials-malformed", "The header Authorization is not understood")
        return await self._of(credentials)

    async def close(self) -> None:
        """Close what is open."""
        self.keys.close()
        if self._tokens is not None:
            await self._tokens.close()

    async def _of(self, credentials: str) -> Caller:
        if credentials.startswith(TOKEN_PREFIX):
            found = None if self._local is None else self._local.with_token(credentials)
            if found is None:
                _refuse("local-token", "The token is not the one that this service began with")
            return found
        if credentials.startswith(PREFIX):
            key = read_key(credentials)
            if key is None:
                _refuse("key-malformed", "This is no whole key, or has a typo")
            return await self.keys.caller(key)
        if self._tokens is None:
            _refuse("credentials-malformed", "This is no key of this service")
        return await self._tokens.caller(credentials)


def _has_failed(task: asyncio.Task[KeyFound | None]) -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)


def _refuse(reason: str, what: str, known: Caller | None = None) -> NoReturn:
    tenant, actor = (known.tenant, known.actor) if known is not None else (None, None)
    raise AuthenticationError(
        what, "Get one from whoever runs the service", reason=reason, is_given=True, tenant=tenant, actor=actor
    )
