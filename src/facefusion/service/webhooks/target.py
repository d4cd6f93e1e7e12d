"""The address of a webhook, taken apart and held against what is allowed, before anybody is asked about it."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Final, NoReturn
from urllib.parse import urlsplit

import idna

from facefusion.errors import WebhookAddressError
from facefusion.service.webhooks.addresses import check_address
from facefusion.service.webhooks.settings import Egress

_LONGEST: Final = 2000
_USUAL_PORTS: Final = {"https": 443, "http": 80}
_PLAIN: Final = re.compile(r"[!-~]+")  # what a URL may hold: printable ASCII, no blanks
_LABEL: Final = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")


@dataclass(frozen=True, slots=True)
class Target:
    """Where a message goes.

    Attributes:
        scheme: `https` or `http`.
        host: name in the form of the DNS, or an address; no brackets.
        port: of TCP.
        path: with the query; begins with `/`.
    """

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """What the header `Host` says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _USUAL_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The address as a whole, in its one form."""
        return f"{self.scheme}://{self.authority}{self.path}"


def target_of(url: str, egress: Egress) -> Target:
    """Return where a message for a URL goes.

    Names are not looked up here; that is done, and held against what is allowed, each time one connects.

    Args:
        url: as the user gave it.
        egress: what is allowed.

    Raises:
        WebhookAddressError: it is not understood or not allowed.
    """
    if len(url) > _LONGEST:
        _refuse(f"it is longer than {_LONGEST} characters")
    if "\\" in url or not _PLAIN.fullmatch(url.encode("ascii", "replace").decode()):
        _refuse("it holds blanks, backslashes or control characters")
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        _refuse("it is no URL")
    allowed = {"https", "http"} if egress.has_http else {"https"}
    if parts.scheme not in allowed:
        _refuse(f"it begins with none of {', '.join(f'{each}://' for each in sorted(allowed))}")
    if "@" in parts.netloc:
        _refuse("it names a user")
    if parts.fragment or url.endswith("#"):
        _refuse("it has a fragment")
    if not (parts.path + parts.query).isascii():
        _refuse("its path holds characters that have to be escaped")
    port = _USUAL_PORTS[parts.scheme] if port is None else port
    if port not in egress.ports and not (port == 80 and parts.scheme == "http"):
        _refuse(f"port {port} is not allowed")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, _host(host, "[" in parts.netloc, egress), port, path)


def _host(host: str, is_bracketed: bool, egress: Egress) -> str:
    if not host:
        _refuse("it names no host")
    if is_bracketed:
        return _literal(host, egress)
    name = _ascii(host)
    labels = name.split(".")
    if _NUMBER.fullmatch(labels[-1]):  # systems take 127.1, 0x7f000001 and 2130706433 for addresses
        return _literal(name, egress)
    if len(name) > 253 or not all(_LABEL.fullmatch(each) for each in labels):
        _refuse("its host is no name of the DNS; it ends with no point")
    return name


def _ascii(host: str) -> str:
    if host.isascii():
        return host.lower()
    try:
        return idna.encode(host, uts46=True).decode().lower()
    except idna.IDNAError:
        _refuse("its host is no name of the DNS")


def _literal(text: str, egress: Egress) -> str:
    if "%" in text:
        _refuse("its address names a link")
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        _refuse("its host is a number that is no address in its usual form")
    check_address(address, egress.networks)
    return str(address)


def _refuse(reason: str) -> NoReturn:
    raise WebhookAddressError(
        f"The address of the webhook is not taken: {reason}", "Name one such as https://hooks.example.com/facefusion"
    )
