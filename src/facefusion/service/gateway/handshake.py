"""The beginning of a WebSocket, in the words of HTTP: let in by the same rules, refused with the same answers."""

from __future__ import annotations

from typing import Final

from facefusion.service.gateway.asgi import Message, Scope, Send

SOCKET: Final = "websocket"
_EXTENSION: Final = "websocket.http.response"
_PREFIX: Final = "websocket."
_ANSWER: Final = "http.response."
_REFUSED: Final = 1008
_SCHEMES: Final = {"http": "ws", "https": "wss"}


def socket_scheme(scheme: str) -> str:
    """Return the scheme of a WebSocket for that of HTTP, by which a proxy says it came."""
    return _SCHEMES.get(scheme, scheme)


def answering(scope: Scope, send: Send) -> Send:
    """Return what sends answers of HTTP in place of an accepted WebSocket.

    Servers that cannot do so close it, which browsers and programs see as the status 403.

    Args:
        scope: of the WebSocket.
        send: takes its messages.
    """
    is_possible = _EXTENSION in (scope.get("extensions") or {})

    async def sent(message: Message) -> None:
        kind = message["type"]
        if not kind.startswith(_ANSWER):
            await send(message)
        elif is_possible:
            await send({**message, "type": f"{_PREFIX}{kind}"})
        elif kind == f"{_ANSWER}start":
            await send({"type": "websocket.close", "code": _REFUSED})

    return sent


def in_words_of_http(message: Message) -> Message:
    """Return a message of an application that answers a handshake with HTTP as one of HTTP; all others as they are."""
    kind = message["type"]
    return {**message, "type": kind.removeprefix(_PREFIX)} if kind.startswith(f"{_PREFIX}{_ANSWER}") else message
