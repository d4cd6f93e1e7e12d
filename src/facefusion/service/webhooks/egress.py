"""The way out: a name is looked up once, all its addresses are checked, and one of those is connected to.

Whoever answers for the name cannot answer otherwise between the check and the connection (DNS rebinding), as there is
no second question: the connection is to the address itself. TLS and the header `Host` still have the name.
"""

from __future__ import annotations

import asyncio
import base64
import ipaddress
import re
import socket
from collections.abc import Iterable, Sequence
from typing import Final, Protocol
from urllib.parse import unquote, urlsplit

import httpcore
from httpcore import SOCKET_OPTION, AsyncNetworkBackend, AsyncNetworkStream

from facefusion.errors import OptionsError, WebhookAddressError
from facefusion.service.webhooks.addresses import Address, check_address
from facefusion.service.webhooks.settings import Network

_MOST_ADDRESSES: Final = 32
_MOST_HEAD: Final = 8192
_STATUS: Final = re.compile(rb"HTTP/1\.[01] (\d{3})")


class Resolver(Protocol):
    """Looks names up."""

    async def addresses(self, host: str, port: int) -> Sequence[str]:
        """Return all addresses of a name.

        Raises:
            OSError: it has none.
        """
        ...


class SystemResolver:
    """Looks names up as the system does."""

    async def addresses(self, host: str, port: int) -> Sequence[str]:
        """Return all addresses of a name, each once; errors as of `Resolver`."""
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        return list(dict.fromkeys(str(place[0]) for *_, place in found))


class _Way(AsyncNetworkBackend):
    """Connects by another way, and by TCP alone.

    Args:
        inner: the other way.
    """

    def __init__(self, inner: AsyncNetworkBackend) -> None:
        self._inner = inner

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[SOCKET_OPTION] | None = None
    ) -> AsyncNetworkStream:
        """Refuse: messages go to no sockets of this machine.

        Raises:
            WebhookAddressError: always.
        """
        raise WebhookAddressError("Nothing is sent to sockets of this machine")

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await self._inner.sleep(seconds)


class CheckedBackend(_Way):
    """Connects to names whose addresses may all be connected to.

    Args:
        inner: connects to an address.
        resolver: looks names up.
        networks: of one's own, which are allowed though they are not public.
    """

    def __init__(self, inner: AsyncNetworkBackend, resolver: Resolver, networks: tuple[Network, ...]) -> None:
        super().__init__(inner)
        self._resolver, self._networks = resolver, networks

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> AsyncNetworkStream:
        """Connect to the first address that answers.

        Raises:
            WebhookAddressError: one of the addresses is refused.
            httpcore.ConnectError: there is none, or none answers.
        """
        problem: Exception = httpcore.ConnectError("there is no address")
        for address in await self._checked(host, port):
            try:
                return await self._inner.connect_tcp(str(address), port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                problem = error
        raise problem

    async def _checked(self, host: str, port: int) -> list[Address]:
        try:
            texts = await self._resolver.addresses(host, port)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(f"the name cannot be looked up: {error}") from error
        if len(texts) > _MOST_ADDRESSES:
            raise WebhookAddressError(f"{host} has more than {_MOST_ADDRESSES} addresses")
        addresses = [ipaddress.ip_address(text) for text in texts]
        for address in addresses:  # one that is refused is a reason to send nothing at all
            check_address(address, self._networks)
        return addresses


class ProxyBackend(_Way):
    """Connects through a proxy, by the method `CONNECT`; it is told an address that was checked, not a name.

    Args:
        inner: connects to the proxy.
        url: of the proxy, as `http://user:password@proxy.example.com:3128`.

    Raises:
        OptionsError: the URL is none of a proxy.
    """

    def __init__(self, inner: AsyncNetworkBackend, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme != "http" or not parts.hostname:
            raise OptionsError("The proxy of webhooks is not understood", "It looks like http://proxy.example.com:3128")
        super().__init__(inner)
        self._host, self._port = parts.hostname, parts.port or 3128
        who = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
        self._who = base64.b64encode(who.encode()).decode() if parts.username else ""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> AsyncNetworkStream:
        """Connect to an address.

        Raises:
            httpcore.ProxyError: the proxy refuses.
            httpcore.ConnectError: it cannot be reached.
        """
        stream = await self._inner.connect_tcp(self._host, self._port, timeout, local_address, socket_options)
        place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        who = f"Proxy-Authorization: Basic {self._who}\r\n" if self._who else ""
        try:
            await stream.write(f"CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n{who}\r\n".encode(), timeout)
            await self._answered(stream, timeout)
        except BaseException:
            await stream.aclose()
            raise
        return stream

    async def _answered(self, stream: AsyncNetworkStream, timeout: float | None) -> None:
        """Read the head of the answer, byte by byte: what follows it is the receiver's."""
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            byte = await stream.read(1, timeout)
            head += byte
            if not byte or len(head) > _MOST_HEAD:
                raise httpcore.ProxyError("the proxy broke off")
        status = _STATUS.match(head)
        if status is None or not status[1].startswith(b"2"):
            raise httpcore.ProxyError(f"the proxy refused: {head.splitlines()[0][:80].decode('ascii', 'replace')}")
