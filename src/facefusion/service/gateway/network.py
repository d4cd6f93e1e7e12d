"""From where a request comes: what trusted proxies say of it, and nobody else."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_MOST_HOPS: Final = 20
_FOR: Final = re.compile(r'(?:^|;)\s*for=("[^"]*"|[^;,"\s]*)\s*(?=;|$)', re.IGNORECASE)
_PROTO: Final = re.compile(r'(?:^|;)\s*proto="?(https?)"?\s*(?=;|$)', re.IGNORECASE)
FORWARDING: Final = frozenset(
    (b"forwarded", b"via", b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto", b"x-real-ip")
)
"""Headers that tell that a request came through somebody else."""


@dataclass(frozen=True, slots=True)
class Client:
    """Whence a request comes.

    Attributes:
        address: of whoever asks; None where they come by a socket, or a trusted proxy does not say.
        scheme: `https` or `http`, by which they came to the outermost trusted proxy, or to us.
    """

    address: Address | None
    scheme: str

    @property
    def owner(self) -> str:
        """As whose requests it counts: of IPv6 a whole /64 is one household."""
        if self.address is None:
            return "unknown"
        if self.address.version == 6:
            return str(ipaddress.ip_network((self.address, 64), strict=False))
        return str(self.address)


class Proxies:
    """The proxies that are believed.

    Args:
        trusted: addresses, networks, or `unix` for those that come by a socket.
        header: in which they say it.
    """

    def __init__(self, trusted: Iterable[str], header: Literal["x-forwarded-for", "forwarded"]) -> None:
        names = frozenset(trusted)
        self._networks = tuple(ipaddress.ip_network(name) for name in names - {"unix"})
        self._is_socket_trusted = "unix" in names
        self._header = header.encode()

    def client(self, scope: Mapping[str, Any], headers: Mapping[bytes, bytes]) -> Client:
        """Return whence a request comes.

        The header is read from its end, which the nearest proxy wrote: the first address that is no trusted proxy's is
        the one. What stands before it may be anybody's invention.

        Args:
            scope: of the request.
            headers: of the request.
        """
        peer = _address((scope.get("client") or ("",))[0])
        scheme = str(scope.get("scheme", "http"))
        said = headers.get(self._header)
        if said is None or not self._is_trusted(peer):
            return Client(peer, scheme)
        hops = said.decode("latin-1").split(",")[-_MOST_HOPS:]
        if self._header == b"forwarded":
            return self._of_hops(peer, [_for(hop) for hop in hops], _proto(hops) or scheme)
        proto = headers.get(b"x-forwarded-proto", b"").decode("latin-1").rpartition(",")[2].strip().lower()
        return self._of_hops(peer, [_address(hop.strip()) for hop in hops], proto if proto in _SCHEMES else scheme)

    def _of_hops(self, peer: Address | None, hops: list[Address | None], scheme: str) -> Client:
        for hop in reversed(hops):
            if hop is None or not self._is_trusted(peer):
                break
            peer = hop
        return Client(peer, scheme)

    def _is_trusted(self, address: Address | None) -> bool:
        if address is None:
            return self._is_socket_trusted
        return any(address in network for network in self._networks)


_SCHEMES: Final = ("http", "https")


def _for(hop: str) -> Address | None:
    found = _FOR.search(hop)
    return None if found is None else _address(found.group(1).strip('"'))


def _proto(hops: list[str]) -> str | None:
    found = _PROTO.search(hops[-1])
    return None if found is None else found.group(1).lower()


def _address(text: str) -> Address | None:
    """Read an address, with or without a port; None where it is none, as `unknown` and `_hidden` are."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = getattr(found, "ipv4_mapped", None)
    return found if mapped is None else mapped
