"""Options of webhooks: to where messages of the service may go beside the public internet."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from facefusion.options.base import OptionGroup

_MOST_PORT = 65535


def _networks(texts: tuple[str, ...]) -> tuple[str, ...]:
    for text in texts:
        try:
            ip_network(text)
        except ValueError:
            raise ValueError(f"{text!r} is no network such as 10.1.0.0/16") from None
    return texts


def _ports(texts: tuple[str, ...]) -> tuple[str, ...]:
    for text in texts:
        if not (text.isascii() and text.isdecimal() and 0 < int(text) <= _MOST_PORT):
            raise ValueError(f"{text!r} is no port")
    return texts


class WebhookOptions(OptionGroup):
    """To where webhooks may go."""

    webhook_networks: Annotated[tuple[str, ...], AfterValidator(_networks)] = Field(
        default=(),
        description="networks of your own that webhooks may go to though their addresses are private, such as"
        " 10.1.0.0/16; none when not given",
    )
    webhook_ports: Annotated[tuple[str, ...], AfterValidator(_ports)] = Field(
        default=("443", "8443"), min_length=1, description="ports that addresses of webhooks may name"
    )
    webhook_http: bool = Field(default=False, description="take webhooks with http:// as well as https://")
    webhook_proxy: str | None = Field(
        default=None,
        min_length=1,
        description="http:// URL of a proxy through which all webhooks go; it is told addresses, not names",
    )
    webhook_certificates: Path | None = Field(
        default=None,
        description="file in PEM with the certificates that receivers of webhooks are trusted by, in place of the"
        " system's",
    )
