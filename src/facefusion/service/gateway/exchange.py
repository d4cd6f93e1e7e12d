"""One request and its answer, as the gateway sees them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from facefusion.errors import FaceFusionError
from facefusion.service.gateway.answers import SecurityHeaders, refuse
from facefusion.service.gateway.asgi import Message, Receive, Scope, Send
from facefusion.service.gateway.caller import Caller
from facefusion.service.gateway.decisions import DecisionLog
from facefusion.service.gateway.handshake import in_words_of_http

if TYPE_CHECKING:
    from facefusion.service.gateway.body import GuardedBody
    from facefusion.service.gateway.limits import Verdict

_LOG: Final = logging.getLogger(__name__)
SAFE: Final = frozenset(("GET", "HEAD", "OPTIONS", "QUERY"))
"""Methods that change nothing."""
_REFUSALS: Final = frozenset((401, 403, 408, 413, 414, 421, 429, 431))
_SECONDS: Final = 5.0
"""That an answer waits for its entry in the audit log."""
_LINGERING: Final = 2.0
_LEFT: Final = 1 << 20
_SOCKET_BEGINS: Final = {"websocket.accept": 101, "websocket.close": 403}
_PLACE: Final = "facefusion.exchange"
_USUAL: Final = {401: "unauthenticated", 403: "not-allowed", 413: "too-large", 429: "too-many-requests"}


class Exchange:
    """Stands in place of `send`: completes the answer, and has it noted before it goes out.

    A WebSocket is noted as something that changes, whatever goes through it: once, before it is accepted.

    Args:
        scope: of the request.
        receive: gives parts of its body.
        send: takes the answer.
        headers: of the request.
        security: what every answer has.
        decisions: where it is noted; None for nowhere.
        is_part: whether the request may carry a part of an upload.

    Attributes:
        headers: as given.
        body: of the request; None before anybody may read it.
        verdict: of the limits; None before they were asked.
        caller: who calls; None where nobody is known to.
        is_begun: whether an answer goes out.
        is_part: as given.
    """

    def __init__(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        headers: Mapping[bytes, bytes],
        *,
        security: SecurityHeaders,
        decisions: DecisionLog | None,
        is_part: bool,
    ) -> None:
        self.headers = headers
        self.body: GuardedBody | None = None
        self.verdict: Verdict | None = None
        self.caller: Caller | None = None
        self.is_begun = False
        self._scope, self._receive, self._send = scope, receive, send
        self._security, self._decisions = security, decisions
        self.is_part = is_part
        self._is_replaced = self._is_last = False
        scope[_PLACE] = self

    @property
    def path(self) -> str:
        """Which is asked for."""
        return str(self._scope["path"])

    @staticmethod
    def taken(scope: Scope) -> Verdict | None:
        """Return what the limits said to a request; None where none were asked, or no gateway stands in front."""
        found: Exchange | None = scope.get(_PLACE)
        return None if found is None else found.verdict

    @staticmethod
    def of(scope: Scope) -> Exchange:
        """Return the exchange that a request belongs to."""
        found: Exchange = scope[_PLACE]
        return found

    @property
    def state(self) -> dict[str, Any]:
        """What the service finds in `request.state`."""
        found: dict[str, Any] = self._scope.setdefault("state", {})
        return found

    def refused(self, error: FaceFusionError, reason: str) -> None:
        """Note why, for the audit log, before the answer that tells of it."""
        state = self.state
        state["refusal"] = reason
        state["refused"] = getattr(error, "tenant", None), getattr(error, "actor", None)

    async def __call__(self, message: Message) -> None:
        """Send the next message of the answer."""
        message = in_words_of_http(message)
        if message["type"] in _SOCKET_BEGINS and not self.is_begun:
            self.is_begun = True
            await self.note(_SOCKET_BEGINS[message["type"]])
            await self._send(message)
        elif message["type"] == "http.response.start" and not self.is_begun:
            fault = None if self.body is None else self.body.fault
            if fault is not None and not self._is_replaced:
                # Whatever the application made of it: this is what happened.
                self._is_replaced = True
                self.refused(fault, fault.reason)
                await refuse(self._instead, fault)
                return
            await self._begin(message)
        elif not self._is_replaced:
            await self._go_on(message)

    async def _instead(self, message: Message) -> None:
        """Send a message of an answer that stands in place of the application's."""
        if message["type"] == "http.response.start":
            await self._begin(message)
        else:
            await self._go_on(message)

    async def _go_on(self, message: Message) -> None:
        """Send a further message; before the last one on a connection take what is still on its way.

        A connection that is closed with something unread is reset, and then the caller may lose the answer, too.
        """
        if self._is_last and not message.get("more_body", False):
            await self._send({**message, "more_body": True})
            with suppress(TimeoutError):
                async with asyncio.timeout(_LINGERING):
                    await self._drain()
            message = {"type": "http.response.body", "body": b""}
        await self._send(message)

    async def _drain(self) -> None:
        left = _LEFT
        while left > 0:
            message = await self._receive()
            left -= len(message.get("body", b""))
            if not message.get("more_body", False):
                return

    async def _begin(self, message: Message) -> None:
        self.is_begun = True
        status = message["status"]
        await self.note(status)
        further = [] if self.verdict is None else self.verdict.headers()
        if status >= 400 and self._has_more():
            further.append((b"connection", b"close"))  # nobody reads the rest
            self._is_last = True
        headers = self._security.added(
            message.get("headers", ()), is_private=self.caller is not None or status >= 400, further=further
        )
        await self._send({**message, "headers": headers})

    def _has_more(self) -> bool:
        """Whether there is a body of the request that was not read to its end."""
        if self.body is not None and self.body.is_whole:
            return False
        return b"transfer-encoding" in self.headers or self.headers.get(b"content-length", b"0") != b"0"

    async def note(self, status: int) -> None:
        """Note an answer for the audit log; of one that tells of a change, wait until that is written."""
        if self._decisions is None:
            return
        state = self._scope.get("state", {})
        if status in _REFUSALS or "refusal" in state:
            known, operation = state.get("refused", (None, None)), self._operation()
            tenant, actor = known if self.caller is None else (self.caller.tenant, self.caller.actor)
            reason = state.get("refusal", _USUAL.get(status, "refused"))
            self._decisions.refused(reason, status, operation, tenant=tenant, actor=actor)
        elif "followed" in state:
            # Whoever bears a link is nobody that the gateway knows; the route says which link it was.
            caller, job = state["followed"]
            self._decisions.changed(caller, self._operation(), status, job)
        elif "followed_on" in state:
            self._decisions.counted(state["followed_on"], "reads")
        elif self._scope.get("method") in SAFE or self.is_part or state.get("changes_nothing", False):
            if self.caller is not None:
                self._decisions.counted(self.caller, "parts" if self.is_part else "reads")
        elif status < 400:
            # A route may let somebody in by itself, such as a signature does, and say who it is.
            caller = self.caller or state.get("caller")
            job = self._scope.get("path_params", {}).get("job_id")
            written = self._decisions.changed(caller, self._operation(), status, job)
            try:
                async with asyncio.timeout(_SECONDS):
                    await asyncio.wrap_future(written)
            except TimeoutError:
                _LOG.error("An answer goes out before its audit entry is written")

    def _operation(self) -> str | None:
        """Return which operation was asked for, such as jobs.submit; None where it did not come so far."""
        route = self._scope.get("route")
        name = getattr(route, "name", None)
        tags = getattr(route, "tags", None)
        return f"{tags[0]}.{name}" if name and tags else name
