"""Where an issuer's keys come from: a file, or its address; kept for a while, and fetched no more often than needed."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import urlsplit

import httpx

from facefusion.errors import AccessUnavailableError, OptionsError
from facefusion.service.gateway.tokens.keyset import KeySet, VerifyingKey, read_keys

_LOG: Final = logging.getLogger(__name__)
_LARGEST: Final = 256 << 10
_SECONDS: Final = 5.0
_FRESH: Final = 600.0
"""Seconds after which keys are fetched anew."""
_PAUSE: Final = 30.0
"""Seconds between two tries, whatever tokens come: no one makes us fetch more often."""
_STALE: Final = 86_400.0
"""Seconds for which keys are believed while the issuer cannot be reached."""


class KeySource(Protocol):
    """Finds the key that a token was signed with."""

    async def key(self, key_id: str | None, algorithm: str) -> VerifyingKey | None:
        """Return a key; None where the issuer has none of that name for that algorithm.

        Raises:
            AccessUnavailableError: nobody can say now.
        """
        ...

    async def close(self) -> None:
        """Close what is open."""
        ...


class FileKeys:
    """Keys in a file, for a service without a network; read again when it was changed.

    Args:
        path: of the file.
        clock: tells seconds.

    Raises:
        OptionsError: it cannot be read, or holds no usable key.
    """

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._path, self._clock = path, clock
        self._keys, self._changed = self._read()
        self._looked = clock()

    async def key(self, key_id: str | None, algorithm: str) -> VerifyingKey | None:
        """Return a key; None where the file has none of that name for that algorithm."""
        if self._clock() - self._looked >= 1.0:
            self._looked = self._clock()
            self._look()
        return self._keys.named(key_id, algorithm)

    async def close(self) -> None:
        """Do nothing: no file is held open."""

    def _look(self) -> None:
        """Take over a file that was changed; one that is damaged meanwhile changes nothing."""
        try:
            if self._path.stat().st_mtime_ns != self._changed:
                self._keys, self._changed = self._read()
                _LOG.info("The issuer's keys were read anew")
        except (OSError, OptionsError) as error:
            _LOG.warning("The issuer's keys cannot be read anew; the earlier ones are used: %s", error)

    def _read(self) -> tuple[KeySet, int]:
        try:
            changed = self._path.stat().st_mtime_ns
            with self._path.open("rb") as file:
                return read_keys(file.read(_LARGEST)), changed
        except OSError as error:
            raise OptionsError(
                f"The issuer's keys {self._path} cannot be read: {error.strerror or error}", "Check --oidc-keys-file"
            ) from error
        except ValueError as error:
            raise OptionsError(
                f"The issuer's keys {self._path} are not a set of public keys (JWKS): {error}", "Check the file"
            ) from error


class RemoteKeys:
    """Keys at the issuer's address.

    Args:
        issuer: of tokens; its configuration says where the keys are, unless that is given.
        url: of the keys; None for what the issuer's configuration says.
        client: makes the requests; it follows no redirects.
        clock: tells seconds.
    """

    def __init__(
        self,
        issuer: str,
        url: str | None,
        *,
        client: httpx.AsyncClient | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._issuer, self._url, self._clock = issuer, url, clock
        self._client = client or httpx.AsyncClient(timeout=_SECONDS, follow_redirects=False)
        self._lock = asyncio.Lock()
        self._keys: KeySet | None = None
        self._fetched = self._tried = float("-inf")

    async def key(self, key_id: str | None, algorithm: str) -> VerifyingKey | None:
        """Return a key; arguments, value and errors as of `KeySource`."""
        if self._clock() - self._fetched >= _FRESH:
            await self._fetch_once()
        found = self._known().named(key_id, algorithm)
        if found is None and await self._fetch_once():
            found = self._known().named(key_id, algorithm)
        return found

    async def close(self) -> None:
        """Close connections."""
        await self._client.aclose()

    def _known(self) -> KeySet:
        if self._keys is None or self._clock() - self._fetched > _STALE:
            raise AccessUnavailableError(
                "Tokens cannot be checked: the issuer's keys cannot be fetched", "Ask again in a while", seconds=30
            )
        return self._keys

    async def _fetch_once(self) -> bool:
        """Fetch the keys unless somebody tried just now; return whether there may be new ones since we were called."""
        called = self._clock()
        async with self._lock:
            if self._tried >= called:
                return True  # by whoever held the lock while we waited for it
            if self._clock() - self._tried < _PAUSE:
                return False
            self._tried = self._clock()
            try:
                async with asyncio.timeout(2 * _SECONDS):
                    self._keys = await self._fetch()
            except (httpx.HTTPError, ValueError, TimeoutError) as error:
                _LOG.warning("The issuer's keys cannot be fetched: %s", _told(error))
                return False
            self._fetched = self._clock()
            return True

    async def _fetch(self) -> KeySet:
        url = self._url or await self._announced()
        return read_keys(await self._get(url))

    async def _announced(self) -> str:
        """Return where the issuer's configuration says that its keys are."""
        content = json.loads(await self._get(f"{self._issuer.rstrip('/')}/.well-known/openid-configuration"))
        if not isinstance(content, dict) or content.get("issuer") != self._issuer:
            raise ValueError("the configuration is another issuer's")
        return str(content.get("jwks_uri"))

    async def _get(self, url: str) -> bytes:
        check_address(url)
        data = bytearray()
        async with self._client.stream("GET", url, headers={"Accept": "application/json"}) as response:
            if response.status_code != httpx.codes.OK:
                raise ValueError(f"the issuer answers with {response.status_code}")
            async for chunk in response.aiter_bytes():
                data += chunk
                if len(data) > _LARGEST:
                    raise ValueError("the answer is too large")
        return bytes(data)


def check_address(url: str) -> None:
    """Make sure that keys come by an address that nobody can put others in place of: https, or this machine.

    Raises:
        ValueError: they would not.
    """
    parts = urlsplit(url)
    if parts.scheme == "https" and parts.hostname:
        return
    try:
        is_here = parts.hostname == "localhost" or ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        is_here = False
    if parts.scheme != "http" or not is_here:
        raise ValueError("keys are fetched by https alone")


def _told(error: Exception) -> str:
    """Return what went wrong without addresses or content."""
    return str(error) if type(error) is ValueError else type(error).__name__
