"""Which addresses of the network messages may go to: those of the public internet, and of networks that are named.

What is refused follows the registries of special-purpose addresses (RFC 6890, IANA), by a table of our own: what
Python's `ipaddress` takes for global differs between its versions.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Final

from facefusion.errors import WebhookAddressError
from facefusion.service.webhooks.settings import Network

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_REFUSED: Final = tuple(
    (ipaddress.ip_network(network), kind)
    for network, kind in (
        ("0.0.0.0/8", "unspecified"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "shared by carriers"),
        ("127.0.0.0/8", "loopback"),
        ("169.254.0.0/16", "link-local"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "for protocols"),
        ("192.0.2.0/24", "for documentation"),
        ("192.31.196.0/24", "for AS112"),
        ("192.52.193.0/24", "for AMT"),
        ("192.88.99.0/24", "for 6to4 relays"),
        ("192.168.0.0/16", "private"),
        ("192.175.48.0/24", "for AS112"),
        ("198.18.0.0/15", "for benchmarks"),
        ("198.51.100.0/24", "for documentation"),
        ("203.0.113.0/24", "for documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
        ("::/96", "IPv4 in IPv6"),
        ("::ffff:0:0/96", "IPv4 in IPv6"),
        ("::ffff:0:0:0/96", "IPv4 in IPv6"),
        ("64:ff9b::/96", "IPv4 in IPv6"),
        ("64:ff9b:1::/48", "IPv4 in IPv6"),
        ("100::/64", "discarded"),
        ("100:0:0:1::/64", "discarded"),
        ("2001::/23", "for protocols"),
        ("2001:db8::/32", "for documentation"),
        ("2002::/16", "IPv4 in IPv6"),
        ("2620:4f:8000::/48", "for AS112"),
        ("3fff::/20", "for documentation"),
        ("5f00::/16", "for segment routing"),
        ("fc00::/7", "private"),
        ("fe80::/10", "link-local"),
        ("fec0::/10", "site-local"),
        ("ff00::/8", "multicast"),
    )
)
_GIVEN_OUT: Final = ipaddress.IPv6Network("2000::/3")
# Where clouds tell machines their secrets; no network that is allowed opens these.
_NEVER: Final = frozenset(
    ipaddress.ip_address(address)
    for address in (
        "169.254.169.254",
        "169.254.169.253",
        "169.254.169.123",
        "169.254.170.2",
        "169.254.170.23",
        "169.254.0.23",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "fd00:ec2::254",
        "fd00:ec2::23",
        "fd20:ce::254",
        "fd00:42::42",
    )
)
_ISATAP: Final = (0x00005EFE, 0x02005EFE)


def check_address(address: Address, allowed: Iterable[Network] = ()) -> None:
    """Make sure that messages may go to an address.

    Args:
        address: of a machine.
        allowed: networks of one's own, whose addresses are taken although they are not public.

    Raises:
        WebhookAddressError: they may not.
    """
    reason = _refused(address, allowed)
    if reason:
        raise WebhookAddressError(
            f"Nothing is sent to {address}, which is {reason}",
            "Name a public address, or allow the network where the service runs",
        )


def _refused(address: Address, allowed: Iterable[Network]) -> str:
    """Return why nothing is sent to an address, in words; empty where it is."""
    if getattr(address, "scope_id", None):
        return "an address of one link"
    if address in _NEVER:
        return "where clouds keep the data of machines"
    if any(address in network for network in allowed):
        return ""
    special = next((kind for network, kind in _REFUSED if address in network), "")
    if not special and isinstance(address, ipaddress.IPv6Address):
        special = _of_version_6(address)
    return special or ("" if address.is_global else "not public")


def _of_version_6(address: ipaddress.IPv6Address) -> str:
    if address not in _GIVEN_OUT:
        return "given out to nobody"
    return "IPv4 in IPv6" if (int(address) >> 32) & 0xFFFFFFFF in _ISATAP else ""
