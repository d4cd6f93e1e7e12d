"""A gateway as the options say, and what they must say before anybody is served."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import Engine

from facefusion.errors import OptionsError
from facefusion.options import ServingOptions
from facefusion.options.gateway import IdentityOptions, LoadOptions
from facefusion.options.trust import TrustOptions
from facefusion.service.gateway.answers import SecurityHeaders, strict_transport
from facefusion.service.gateway.asgi import App
from facefusion.service.gateway.authentication import Authentication, KnownKeys
from facefusion.service.gateway.body import BodyLimits
from facefusion.service.gateway.caller import SCOPES, Caller
from facefusion.service.gateway.decisions import DecisionLog, Entries
from facefusion.service.gateway.gateway import Gateway, GatewayParts
from facefusion.service.gateway.hosts import LOOPBACK, Hosts, host_of, origin_of
from facefusion.service.gateway.keys import KeyStore
from facefusion.service.gateway.keys.store import PURPOSE
from facefusion.service.gateway.limits import Limiter, MemoryLimiter, SharedLimiter, Slots
from facefusion.service.gateway.local import LocalAccess, begin_token, token_path
from facefusion.service.gateway.lookups import Lookups
from facefusion.service.gateway.network import Proxies
from facefusion.service.gateway.quotas import Quotas
from facefusion.service.gateway.rates import Rates
from facefusion.service.gateway.sessions.cookie import SessionCookie
from facefusion.service.gateway.sessions.known import KnownSessions
from facefusion.service.gateway.sessions.signing import Signing
from facefusion.service.gateway.sessions.store import PURPOSE as SESSIONS
from facefusion.service.gateway.sessions.store import SessionStore
from facefusion.service.gateway.tokens import ClaimRules, FileKeys, RemoteKeys, TokenVerifier
from facefusion.service.gateway.tokens.sources import check_address
from facefusion.service.gateway.users import Passwords, UserStore
from facefusion.trust.actor import actor_of
from facefusion.trust.keys import KeyRing

_THREADS: Final = 4
_HASHING: Final = 2
"""Passwords that are checked at one time; each takes 64 MiB."""
_RULES_SECONDS: Final = 30.0
_HTTPS: Final = "https://"


def gateway(
    app: App,
    *,
    serving: ServingOptions,
    trust: TrustOptions,
    engine: Engine,
    home: Path,
    ring: KeyRing,
    log: Entries | None,
    port: int,
    passwords: Passwords | None = None,
) -> Gateway:
    """Put a gateway in front of the service.

    Args:
        app: the service.
        serving: options of the service.
        trust: options of this place; its tenant and actor are those of whoever needs no key.
        engine: the database of jobs, with all tables.
        home: as `trust_home` returns it; the token of the service lies there.
        ring: the keys of this place.
        log: the audit log; nothing is noted where it is None.
        port: on which the service listens.
        passwords: checks those of users; in the usual way when None.

    Raises:
        OptionsError: the options do not go together, see `check_start`.
        SecretError: the token of the service cannot be written.
        JobsUnavailableError: the database cannot be used.
    """
    store = KeyStore(engine, ring.derived(PURPOSE))
    check_start(serving, store)
    threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="facefusion-gateway")
    hashing = ThreadPoolExecutor(_HASHING, thread_name_prefix="facefusion-passwords")
    keys, hosts, limiter = KnownKeys(store, threads), _hosts(serving), _limiter(serving)
    decisions = None if log is None else DecisionLog(log, tenant=trust.tenant)
    local, ending = _local(serving, trust, hosts, home, port)
    cookie = SessionCookie(is_https=is_https_alone(serving))
    sessions = session_store(serving, engine, ring)
    known = KnownSessions(sessions, cookie, hosts, local, threads)
    authentication = Authentication(keys, token_verifier(serving.identity), local, known)
    passwords = passwords or Passwords()
    signing = Signing(
        authentication=authentication,
        users=UserStore(engine, passwords),
        passwords=passwords,
        sessions=sessions,
        known=known,
        limiter=limiter,
        tenant=trust.tenant,
        threads=threads,
        hashing=hashing,
    )
    closing = [keys.note_used, *([] if decisions is None else [decisions.close]), *ending]
    closing += [threads.shutdown, hashing.shutdown]
    parts = GatewayParts(
        authentication=authentication,
        hosts=hosts,
        proxies=Proxies(serving.access.trusted_proxies, serving.access.proxy_header),
        rates=Rates(serving.load, Lookups(Quotas(engine).rules, threads, seconds=_RULES_SECONDS)),
        limiter=limiter,
        slots=Slots(serving.load.max_concurrent, serving.load.max_concurrent_key),
        decisions=decisions,
        signing=signing,
        cookie=cookie,
        security=SecurityHeaders(strict_transport(serving.service.public_url)),
        body=_body(serving.load, serving.load.max_body),
        part=_body(serving.load, serving.load.max_part),
        cors_origins=serving.access.cors_origins,
        closing=tuple(closing),
    )
    return Gateway(app, parts)


def session_store(serving: ServingOptions, engine: Engine, ring: KeyRing) -> SessionStore:
    """Return what has the sessions of browsers.

    Args:
        serving: options of the service.
        engine: the database of jobs, with all tables.
        ring: the keys of this place.
    """
    access = serving.access
    idle, lives = timedelta(minutes=access.session_idle), timedelta(hours=access.session_hours)
    return SessionStore(engine, ring.derived(SESSIONS), idle=idle, lives=lives)


def is_https_alone(serving: ServingOptions) -> bool:
    """Return whether browsers reach the service by https alone, so that its cookie need never go another way.

    Args:
        serving: options of the service.
    """
    return (serving.service.public_url or "").startswith(_HTTPS) or serving.access.tls_certificate is not None


def check_start(serving: ServingOptions, store: KeyStore) -> None:
    """Make sure that nobody is served in a way that is not safe.

    Raises:
        OptionsError: they would be; it says what is missing.
        JobsUnavailableError: the database cannot be used.
    """
    access, service = serving.access, serving.service
    if (access.tls_certificate is None) != (access.tls_key is None):
        raise OptionsError("A certificate and its key go together", "Give --tls-certificate and --tls-key")
    _check_identity(serving.identity)
    if not service.hosted:
        return
    if service.public_url is None or not service.public_url.startswith(_HTTPS):
        raise OptionsError(
            "A hosted service has a public address with https", "Name it: --public-url https://faces.example.com"
        )
    if access.tls_certificate is None and not access.trusted_proxies:
        raise OptionsError(
            "A hosted service is reached by TLS alone",
            "Give --tls-certificate and --tls-key, or name the proxies that end TLS: --trusted-proxies 10.0.0.0/8",
        )
    if serving.identity.oidc_issuer is None and not store.any_holds():
        raise OptionsError(
            "Nobody could use this hosted service: it has no key, no user, and trusts no identity provider",
            "Make a key: facefusion keys create --role admin --name first; or a user: facefusion users create NAME"
            " --role admin; or name an --oidc-issuer",
        )


def token_verifier(options: IdentityOptions) -> TokenVerifier | None:
    """Return what lets in those who come with tokens; None where no identity provider is trusted.

    Raises:
        OptionsError: the file of keys cannot be used.
    """
    if options.oidc_issuer is None or options.oidc_audience is None:
        return None
    if options.oidc_keys_file is not None:
        source: FileKeys | RemoteKeys = FileKeys(options.oidc_keys_file)
    else:
        source = RemoteKeys(options.oidc_issuer, options.oidc_keys_url)
    return TokenVerifier(
        issuer=options.oidc_issuer,
        audience=options.oidc_audience,
        source=source,
        rules=ClaimRules.of(options),
        leeway=options.oidc_leeway,
        max_age=options.oidc_max_age,
    )


def _check_identity(options: IdentityOptions) -> None:
    if (options.oidc_issuer is None) != (options.oidc_audience is None):
        raise OptionsError("An issuer and an audience go together", "Give --oidc-issuer and --oidc-audience")
    if options.oidc_issuer is None or options.oidc_keys_file is not None:
        return
    try:
        check_address(options.oidc_keys_url or options.oidc_issuer)
    except ValueError as error:
        raise OptionsError("The issuer's keys are fetched by https alone", "Name an https:// address") from error


def _hosts(serving: ServingOptions) -> Hosts:
    names, origins = set(serving.access.allowed_hosts), set()
    if serving.service.public_url is not None:
        names.add(host_of(serving.service.public_url))
        origins.add(origin_of(serving.service.public_url))
    if not serving.service.hosted:
        names |= LOOPBACK
    return Hosts(names, origins)


def _local(
    serving: ServingOptions, trust: TrustOptions, hosts: Hosts, home: Path, port: int
) -> tuple[LocalAccess | None, list[Callable[[], None]]]:
    """Return who needs no key, and what is to be done at the end."""
    way = serving.access.local_access
    if serving.service.hosted or way == "none":
        return None, []
    path = token_path(home, port)
    caller = Caller(trust.tenant, actor_of(trust), SCOPES)
    local = LocalAccess(caller, hosts, token=begin_token(path), is_user_enough=way == "same-user")
    return local, [lambda: path.unlink(missing_ok=True)]


def _limiter(serving: ServingOptions) -> Limiter:
    memory = MemoryLimiter()
    url = serving.service.redis
    return memory if url is None else SharedLimiter.connected(url, memory)


def _body(options: LoadOptions, largest: int) -> BodyLimits:
    return BodyLimits(largest, options.max_json_depth, options.body_seconds, options.body_rate)
