"""To where webhooks may go, and how long is tried."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Self

from facefusion.options.webhooks import WebhookOptions

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Egress:
    """To where messages may go.

    Attributes:
        networks: of one's own, whose private addresses are allowed; those of cloud metadata never are.
        ports: that addresses may name.
        has_http: whether `http` is allowed besides `https`.
        proxy: `http://` URL of a proxy through which all goes; none when None. It is told addresses, not names.
        ca_file: certificates that are trusted, in PEM; those of the system when None.
        timeout: seconds for a try as a whole.
        most_answer: bytes of an answer that are read.
    """

    networks: tuple[Network, ...] = ()
    ports: frozenset[int] = frozenset({443, 8443})
    has_http: bool = False
    proxy: str | None = None
    ca_file: Path | None = None
    timeout: float = 15.0
    most_answer: int = 16 * 1024

    @classmethod
    def of(cls, options: WebhookOptions) -> Self:
        """Return what options allow."""
        return cls(
            networks=tuple(ip_network(each) for each in options.webhook_networks),
            ports=frozenset(map(int, options.webhook_ports)),
            has_http=options.webhook_http,
            proxy=options.webhook_proxy,
            ca_file=options.webhook_certificates,
        )


@dataclass(frozen=True, slots=True)
class Tries:
    """How often a message is tried; all times are seconds.

    Attributes:
        first: before the second try.
        factor: by which each further wait is longer.
        longest: that it never waits longer than.
        spread: part of a wait by which it is longer or shorter, at random.
        give_up: after which a message is dead.
        disable: without a success after which a webhook is disabled.
        lease: in which a sender has to be through with a try.
        keep: for which messages are kept that are delivered or dead.
        secret: for which an old secret still signs.
    """

    first: float = 5.0
    factor: float = 3.0
    longest: float = 6 * 3600.0
    spread: float = 0.2
    give_up: float = 3 * 86400.0
    disable: float = 5 * 86400.0
    lease: float = 60.0
    keep: float = 30 * 86400.0
    secret: float = 86400.0

    def waiting(self, attempts: int, chance: float) -> float:
        """Return the seconds to wait after so many tries.

        Args:
            attempts: at least 1.
            chance: from 0 to 1.
        """
        steps = min(attempts - 1, 40)  # far beyond the longest wait
        usual = min(self.longest, self.first * self.factor**steps)
        return usual * (1 - self.spread + 2 * self.spread * chance)


@dataclass(frozen=True, slots=True)
class WebhookSettings:
    """All settings of webhooks.

    Attributes:
        egress: to where they may go.
        tries: how often is tried.
        public_url: by which others reach the service, for links; no links when None.
        most: webhooks that a tenant may have.
    """

    egress: Egress = Egress()
    tries: Tries = Tries()
    public_url: str | None = None
    most: int = 20
