"""The gateway: what every request has to pass before the service sees it, as pure ASGI."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Final

from starlette.middleware.cors import CORSMiddleware

from facefusion.errors import (
    AccessError,
    AccessUnavailableError,
    FaceFusionError,
    TooManyRequestsError,
)
from facefusion.service.gateway.access import nobody
from facefusion.service.gateway.answers import SecurityHeaders, reason_of, refuse
from facefusion.service.gateway.asgi import App, Message, Receive, Scope, Send
from facefusion.service.gateway.authentication import Authentication
from facefusion.service.gateway.body import BodyLimits, GuardedBody, check_length
from facefusion.service.gateway.caller import Caller
from facefusion.service.gateway.decisions import DecisionLog
from facefusion.service.gateway.exchange import SAFE, Exchange
from facefusion.service.gateway.form import headers_of
from facefusion.service.gateway.handshake import SOCKET, answering, socket_scheme
from facefusion.service.gateway.hosts import Hosts
from facefusion.service.gateway.limits import Limiter, Slots, Verdict
from facefusion.service.gateway.network import Client, Proxies
from facefusion.service.gateway.rates import Rates
from facefusion.service.gateway.sessions.cookie import SessionCookie
from facefusion.service.gateway.sessions.door import Door
from facefusion.service.gateway.sessions.signing import Signing
from facefusion.service.gateway.still import Still
from facefusion.service.gateway.visitor import Visitor

_MOST_FLOODING: Final = 10_000
_TYPE: Final = b"content-type"
_BINARY: Final = b"application/octet-stream"
_METHODS: Final = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
_TAKEN: Final = ("Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match", "Last-Event-ID")
_SHOWN: Final = ("ETag", "Link", "Location", "RateLimit", "RateLimit-Policy", "Retry-After", "X-Request-ID")


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayParts:
    """What a gateway works with.

    Attributes:
        authentication: finds out who calls.
        hosts: the names of the service.
        proxies: that are believed.
        rates: which buckets a request takes from.
        limiter: takes from them.
        slots: requests at one time.
        decisions: where is noted what was decided; None for nowhere.
        signing: signs people in and out.
        cookie: by which sessions come.
        security: what every answer has.
        body: what bodies may be.
        part: what bodies may be that carry a part of an upload.
        parts_below: paths below which such come.
        open_below: paths that may be called by any name, such as probes of a cluster do.
        cors_origins: whose web pages may call; none where empty.
        closing: what is called at the end.
    """

    authentication: Authentication
    hosts: Hosts
    proxies: Proxies
    rates: Rates
    limiter: Limiter
    slots: Slots
    decisions: DecisionLog | None
    signing: Signing
    cookie: SessionCookie
    security: SecurityHeaders
    body: BodyLimits
    part: BodyLimits
    parts_below: tuple[str, ...] = ("/v1/uploads", "/v1/verify")
    open_below: tuple[str, ...] = ("/v1/health/",)
    cors_origins: tuple[str, ...] = ()
    closing: tuple[Callable[[], None], ...] = ()


class Gateway:
    """Stands in front of the service, and puts who calls into `request.state.caller`.

    Args:
        app: the service.
        parts: what it works with.
        clock: tells seconds.
    """

    def __init__(self, app: App, parts: GatewayParts, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._app, self._parts, self._clock = app, parts, clock
        self._flooding: OrderedDict[str, float] = OrderedDict()
        self._admitting: App = self._admit
        if parts.cors_origins:
            self._admitting = CORSMiddleware(
                self._admit,
                allow_origins=parts.cors_origins,
                allow_methods=_METHODS,
                allow_headers=_TAKEN,
                expose_headers=_SHOWN,
            )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or let the service do so."""
        if scope["type"] == "lifespan":
            await self._live(scope, receive, send)
        else:
            sending = answering(scope, send) if scope["type"] == SOCKET else send
            await self._answer(scope, receive, sending)

    @property
    def is_stuck(self) -> bool:
        """Whether decisions cannot be written to the audit log now, so that nothing may be changed."""
        return self._parts.decisions is not None and self._parts.decisions.is_stuck

    async def close(self) -> None:
        """Write what is left to be noted, and close what is open."""
        async with AsyncExitStack() as stack:  # each is closed, though another cannot be
            for close in reversed(self._parts.closing):
                stack.callback(close)
            stack.push_async_callback(self._parts.limiter.close)
            stack.push_async_callback(self._parts.authentication.close)

    async def _live(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def watched(message: Message) -> None:
            if message["type"].startswith("lifespan.shutdown."):
                await self.close()
            await send(message)

        await self._app(scope, receive, watched)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        parts = self._parts
        is_part = scope.get("method", "GET") not in SAFE and scope["path"].startswith(parts.parts_below)
        exchange = Exchange(
            scope, receive, send, {}, security=parts.security, decisions=parts.decisions, is_part=is_part
        )
        await self._guarded(exchange, exchange, lambda: self._enter(exchange, scope, receive))

    async def _enter(self, exchange: Exchange, scope: Scope, receive: Receive) -> None:
        exchange.headers = headers = headers_of(scope)
        if not scope["path"].startswith(self._parts.open_below):
            self._parts.hosts.check(headers)
        await self._admitting(scope, receive, exchange)

    async def _admit(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in that has a form and a name; `send` adds what pages of other origins may see."""
        exchange = Exchange.of(scope)
        await self._guarded(exchange, send, lambda: self._let_in(exchange, scope, receive, send))

    async def _let_in(self, exchange: Exchange, scope: Scope, receive: Receive, send: Send) -> None:
        client = self._parts.proxies.client(scope, exchange.headers)
        is_socket = scope["type"] == SOCKET
        scope["scheme"] = socket_scheme(client.scheme) if is_socket else client.scheme
        visitor = await self._visitor(exchange, client, scope)
        exchange.caller = caller = visitor.caller
        exchange.state.update(caller=caller, visitor=visitor)
        parts = self._parts
        door = Door(
            parts.signing,
            parts.cookie,
            parts.hosts,
            exchange=exchange,
            scope=scope,
            visitor=visitor,
            address=client.owner,
        )
        door.put()
        if caller is not None:
            Still(parts.authentication, scope, exchange.headers, caller).put(exchange.state)
        if is_socket:
            self._check_socket(exchange, scope)
        self._check_recorded(caller, scope.get("method"))
        with self._parts.slots.one(client.owner if caller is None else f"{caller.tenant} {caller.actor}"):
            await self._app(scope, receive if is_socket else self._guard(exchange, receive), send)

    def _guard(self, exchange: Exchange, receive: Receive) -> Receive:
        """Return what gives the body of a request, as long as it is what is allowed."""
        limits = self._parts.part if exchange.is_part else self._parts.body
        check_length(exchange.headers, limits)
        # A part of an upload that says nothing of its type is a file, and not to be read as JSON.
        headers = {_TYPE: _BINARY, **exchange.headers} if exchange.is_part else exchange.headers
        exchange.body = GuardedBody(receive, headers, limits, clock=self._clock)
        return exchange.body

    def _check_socket(self, exchange: Exchange, scope: Scope) -> None:
        """Let nobody open a WebSocket unnamed, nor a web page of another origin, whatever it bears.

        Browsers let every page open one to everywhere, and send what they have for its address with it.
        """
        self._parts.hosts.check_own(exchange.headers, scope["scheme"])
        if exchange.caller is None:
            raise nobody(exchange.state["visitor"].fault)

    async def _visitor(self, exchange: Exchange, client: Client, scope: Scope) -> Visitor:
        """Return who calls, within the limits.

        Raises:
            AccessError: they are not let in.
        """
        parts = self._parts
        self._check_flood(client)
        try:
            visitor = await parts.authentication.visitor(scope, exchange.headers)
        except AccessError:
            # Whoever tries keys out is counted by where they are.
            exchange.verdict = await self._taken(exchange, client, None)
            raise
        if not parts.authentication.is_own_user(visitor.caller):
            exchange.verdict = await self._taken(exchange, client, visitor.caller)
        return visitor

    async def _taken(self, exchange: Exchange, client: Client, caller: Caller | None) -> Verdict:
        buckets = await self._parts.rates.buckets(client, caller, exchange.path)
        verdict = await self._parts.limiter.take(buckets)
        if verdict.short is None:
            return verdict
        exchange.verdict = verdict
        exchange.caller = caller
        if verdict.short.name == "address":
            self._flooding[client.owner] = self._clock() + verdict.seconds
            self._flooding.move_to_end(client.owner)
            while len(self._flooding) > _MOST_FLOODING:
                self._flooding.popitem(last=False)
        raise _too_many(verdict.short.name, verdict.seconds)

    def _check_flood(self, client: Client) -> None:
        """Refuse at once what comes from an address that has used up its share, before any key is looked at."""
        until = self._flooding.get(client.owner)
        if until is None:
            return
        left = until - self._clock()
        if left > 0:
            raise _too_many("address", max(1, round(left)))
        del self._flooding[client.owner]

    def _check_recorded(self, caller: Caller | None, method: str | None) -> None:
        decisions = self._parts.decisions
        if caller is not None and method not in SAFE and decisions is not None and decisions.is_stuck:
            raise AccessUnavailableError(
                "What is changed cannot be recorded now, so that nothing is changed", "Ask again in a while"
            )

    async def _guarded(self, exchange: Exchange, send: Send, step: Callable[[], Awaitable[None]]) -> None:
        """Do a step, and answer what goes wrong before the service has begun to answer.

        Raises:
            FaceFusionError: the answer has begun already.
        """
        try:
            await step()
        except FaceFusionError as error:
            if exchange.body is not None and exchange.is_begun and error is exchange.body.fault:
                return  # told already
            if exchange.is_begun:
                raise
            exchange.refused(error, reason_of(error))
            await refuse(send, error)


def _too_many(name: str, seconds: int) -> TooManyRequestsError:
    return TooManyRequestsError(
        f"Too many requests ({name})", f"Ask again in {seconds} s", seconds=seconds, reason=f"rate-{name}"
    )
