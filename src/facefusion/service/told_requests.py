"""What is told of requests: figures, a trace, and the name by which all that is logged of one belongs together."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final

from facefusion.service.gateway.asgi import App, Message, Receive, Scope, Send
from facefusion.service.gateway.handshake import SOCKET
from facefusion.telemetry import catalogue
from facefusion.telemetry.ids import known_as, request_id
from facefusion.telemetry.recording import running
from facefusion.telemetry.telemetry import Telemetry
from facefusion.telemetry.traceparent import TraceParent
from facefusion.telemetry.tracing import Span

_NOWHERE: Final = "(none)"
_BEGINS: Final = {"http.response.start", "websocket.http.response.start", "websocket.accept", "websocket.close"}
_SOCKET_STATUS: Final = {"websocket.accept": 101, "websocket.close": 403}
_BROKEN: Final = 499
"""Status of a request whose caller went before there was an answer."""


class ToldRequests:
    """Stands in front of the gateway, and tells of every request, those that are refused too.

    Each has an identifier, `X-Request-ID`: the caller's where that is a plain word, else a new one. A trace goes on
    where the header `traceparent` says. Routes are told by their templates, never by the path that was asked for.

    Args:
        app: the gateway.
        telemetry: takes figures and traces.
        clock: tells seconds.
    """

    def __init__(self, app: App, telemetry: Telemetry, *, clock: Callable[[], float] = time.perf_counter) -> None:
        self._app, self._telemetry, self._clock = app, telemetry, clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Have a request answered."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        headers = {name.lower(): value for name, value in scope["headers"]}
        name = request_id(_text(headers, b"x-request-id"))
        method = "WEBSOCKET" if scope["type"] == SOCKET else str(scope["method"])
        after = TraceParent.parse(_text(headers, b"traceparent") or "")
        figures, traces = self._telemetry.figures, self._telemetry.traces
        with (
            running(figures, catalogue.REQUESTS_RUNNING),
            traces.span(
                method, after=after, kind="server", http_request_method=method, facefusion_request=name
            ) as span,
            known_as(request=name, place=span.place),
        ):
            answer = _Answer(send, name, self._clock)
            try:
                await self._app(scope, receive, answer)
            finally:
                self._tell(scope, method, answer, span)

    def _tell(self, scope: Scope, method: str, answer: _Answer, span: Span) -> None:
        figures = self._telemetry.figures
        route = str(getattr(scope.get("route"), "path_format", _NOWHERE))
        figures.add(catalogue.REQUESTS, method, route, str(answer.status))
        figures.observe(catalogue.REQUEST_SECONDS, answer.seconds, method, route)
        state: Mapping[str, Any] = scope.get("state", {})
        if "refusal" in state:
            figures.add(catalogue.REQUESTS_REFUSED, str(state["refusal"]))
        if "refused_work" in state:
            figures.add(catalogue.REFUSALS, str(state["refused_work"]), "service")
        span.rename(f"{method} {route}")
        span.note({"http.route": route, "http.response.status_code": answer.status})
        if answer.status >= 500:
            span.fail(str(answer.status))


class _Answer:
    """Stands in place of `send`: hears when the answer begins, and puts the name of the request into it."""

    def __init__(self, send: Send, name: str, clock: Callable[[], float]) -> None:
        self._send, self._name, self._clock = send, name.encode(), clock
        self._began = clock()
        self._answered: float | None = None
        self.status = _BROKEN

    @property
    def seconds(self) -> float:
        """From the request to the beginning of its answer, or to its end where there was none."""
        return (self._clock() if self._answered is None else self._answered) - self._began

    async def __call__(self, message: Message) -> None:
        """Hear and send a message."""
        if message["type"] in _BEGINS and self._answered is None:
            self._answered = self._clock()
            self.status = int(message.get("status", _SOCKET_STATUS.get(message["type"], _BROKEN)))
            if message["type"] != "websocket.close":
                headers = [*message.get("headers", ()), (b"x-request-id", self._name)]
                message = {**message, "headers": headers}
        await self._send(message)


def _text(headers: Mapping[bytes, bytes], name: bytes) -> str | None:
    with suppress(UnicodeDecodeError):
        return headers[name].decode("ascii") if name in headers else None
    return None
