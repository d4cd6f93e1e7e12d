"""Options of who is let in to the service, and how much of it anybody gets."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field

from facefusion.options.base import OptionGroup

_ORIGIN: Final = re.compile(r"https?://[a-z0-9.-]+(:\d{1,5})?|https?://\[[0-9a-f:.]+\](:\d{1,5})?")
_HOST: Final = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?|\[[0-9a-f:.]+\]")
_ROLE: Final = re.compile(r"[^=\s][^=]{0,199}=(viewer|operator|reviewer|admin)")


def _origins(values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        if not _ORIGIN.fullmatch(value):
            raise ValueError("an origin is exact, such as https://studio.example.com; there are no wildcards")
    return values


def _hosts(values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        if not _HOST.fullmatch(value):
            raise ValueError(
                "a host is a name or an address without a port, in small letters, such as faces.example.com"
            )
    return values


def _networks(values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        if value != "unix":
            ipaddress.ip_network(value)
    return values


def _role_map(values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        if not _ROLE.fullmatch(value):
            raise ValueError("write it as VALUE=ROLE; the roles are viewer, operator, reviewer and admin")
    return values


class AccessOptions(OptionGroup):
    """Who is let in, by what name and from where."""

    local_access: Literal["same-user", "token", "none"] = Field(
        default="same-user",
        description="who needs no key where the service is not hosted: whoever is the same user on this machine (on"
        " Linux; elsewhere as token), whoever can read the token in your own folder, or nobody",
    )
    allowed_hosts: Annotated[tuple[str, ...], AfterValidator(_hosts)] = Field(
        default=(), description="names by which requests may call the service, beside that of --public-url"
    )
    cors_origins: Annotated[tuple[str, ...], AfterValidator(_origins)] = Field(
        default=(), description="origins whose web pages may call the service; none when not given"
    )
    trusted_proxies: Annotated[tuple[str, ...], AfterValidator(_networks)] = Field(
        default=(),
        description="addresses or networks of proxies that are believed who calls, such as 10.0.0.0/8; unix for those"
        " that come by a socket",
    )
    proxy_header: Literal["x-forwarded-for", "forwarded"] = Field(
        default="x-forwarded-for", description="header in which those proxies say it; they must set it themselves"
    )
    tls_certificate: Path | None = Field(
        default=None, description="chain of certificates (PEM), where the service speaks TLS by itself"
    )
    tls_key: Path | None = Field(default=None, description="private key of that certificate (PEM)")
    public_verify: bool = Field(
        default=False, description="let anybody ask without a key which marks a file bears; nothing of the file is kept"
    )
    key_days: int = Field(default=90, ge=1, le=3650, description="days that a new key lives unless others are named")
    session_idle: int = Field(
        default=60, ge=5, le=10_080, description="minutes after which a browser is signed out that does nothing"
    )
    session_hours: int = Field(
        default=12, ge=1, le=720, description="hours after which a browser is signed out in any case"
    )


class IdentityOptions(OptionGroup):
    """Whose tokens are believed (OpenID Connect), and what they say."""

    oidc_issuer: str | None = Field(
        default=None, pattern=r"^https?://[^\s?#]+$", description="issuer of tokens, exactly as they name it"
    )
    oidc_audience: str | None = Field(
        default=None, min_length=1, max_length=500, description="audience that tokens must be made for"
    )
    oidc_keys_url: str | None = Field(
        default=None,
        pattern=r"^https?://[^\s#]+$",
        description="where the issuer's public keys (JWKS) are fetched; as the issuer's configuration says when not"
        " given",
    )
    oidc_keys_file: Path | None = Field(
        default=None, description="file with those keys, for a service without a network; nothing is fetched then"
    )
    oidc_leeway: int = Field(
        default=30, ge=0, le=300, description="seconds by which clocks of the issuer and of this machine may differ"
    )
    oidc_max_age: int = Field(
        default=86_400, ge=60, le=2_592_000, description="seconds after which a token is too old, whatever it says"
    )
    oidc_actor_claim: str = Field(
        default="sub", min_length=1, max_length=200, description="claim that says who it is; dots lead into objects"
    )
    oidc_tenant: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$",
        description="tenant of everybody who comes with a token; as --oidc-tenant-claim says when not given",
    )
    oidc_tenant_claim: str = Field(
        default="tenant", min_length=1, max_length=200, description="claim that says for which tenant they act"
    )
    oidc_roles_claim: str = Field(
        default="roles", min_length=1, max_length=200, description="claim that says which roles they have"
    )
    oidc_roles: Annotated[tuple[str, ...], AfterValidator(_role_map)] = Field(
        default=(),
        description="what its values mean, as in film-editors=operator; each role by its own name when not given",
    )


class LoadOptions(OptionGroup):
    """How much of the service anybody gets."""

    rate_address: float = Field(
        default=1200, gt=0, le=1e7, description="requests a minute from one address, with or without a key"
    )
    rate_key: float = Field(default=600, gt=0, le=1e7, description="requests a minute with one key or by one person")
    rate_tenant: float = Field(default=3000, gt=0, le=1e7, description="requests a minute for one tenant")
    rate_public_verify: float = Field(
        default=10, gt=0, le=1e6, description="with --public-verify: files a minute from one address without a key"
    )
    rate_burst: float = Field(default=10, gt=0, le=3600, description="seconds of those rates that may come all at once")
    requests_a_day: int | None = Field(
        default=None, ge=1, description="requests a day for one tenant; no limit when not given"
    )
    max_concurrent: int = Field(
        default=1000, ge=1, le=1_000_000, description="requests that are answered at one time by one process"
    )
    max_concurrent_key: int = Field(
        default=64, ge=1, le=1_000_000, description="of these with one key, by one person or from one address"
    )
    max_live: int = Field(
        default=2,
        ge=0,
        le=1000,
        description="live sessions at one time in one process, one for each who calls; none when 0",
    )
    max_body: int = Field(
        default=1 << 20, ge=1 << 10, le=1 << 30, description="bytes of one request, but for parts of uploads"
    )
    max_public_verify: int = Field(
        default=32 << 20,
        ge=1 << 16,
        le=1 << 40,
        description="with --public-verify: bytes of a file that comes without a key",
    )
    max_part: int = Field(
        default=64 << 20, ge=1 << 16, le=1 << 40, description="bytes of one request that carries a part of an upload"
    )
    max_json_depth: int = Field(
        default=32, ge=4, le=200, description="arrays and objects in one another in the JSON of a request"
    )
    body_seconds: float = Field(
        default=20, gt=0, le=3600, description="seconds that may be waited for a request's body, beyond its size"
    )
    body_rate: int = Field(
        default=4096, ge=1, description="bytes a second at which a body must come once those seconds are over"
    )


class ReviewOptions(OptionGroup):
    """Whose results a second person looks at before anybody gets them."""

    review: Literal["none", "all"] = Field(
        default="none", description="review the results of all jobs, or of those below"
    )
    review_tenants: tuple[str, ...] = Field(default=(), description="tenants whose results are reviewed")
    review_processors: tuple[str, ...] = Field(default=(), description="processors whose results are reviewed")
    review_share: float = Field(
        default=0, ge=0, le=1, description="share of all other results that is drawn by lot and reviewed"
    )
