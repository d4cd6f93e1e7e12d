"""What the gateway answers by itself, and what it adds to every answer."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Final

from facefusion.errors import AccessError, FaceFusionError
from facefusion.service.gateway.asgi import Message, Send

Header = tuple[bytes, bytes]
_URN: Final = "urn:facefusion:error:"
_UNAVAILABLE: Final = 503
_ALWAYS: Final[tuple[Header, ...]] = (
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
_STRICT_TRANSPORT: Final[Header] = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")
_HTTPS: Final = "https://"
_NO_STORE: Final[Header] = (b"cache-control", b"no-store")


def strict_transport(public_url: str | None) -> tuple[Header, ...]:
    """Return what has browsers insist on https: of answers of the API and of pages alike.

    Args:
        public_url: under which everybody reaches the service; nothing is insisted on unless it is one with https.
    """
    return (_STRICT_TRANSPORT,) if (public_url or "").startswith(_HTTPS) else ()


class SecurityHeaders:
    """Adds to an answer what keeps browsers and caches from doing wrong with it; what a route says itself stays.

    Args:
        further: that every answer has beside the usual ones, see `strict_transport`.
    """

    def __init__(self, further: Sequence[Header] = ()) -> None:
        self._always = (*_ALWAYS, *further)

    def added(self, headers: Iterable[Header], *, is_private: bool, further: Sequence[Header] = ()) -> list[Header]:
        """Return the headers of an answer.

        Args:
            headers: that it has.
            is_private: whether it is for one caller alone, or an error: no cache keeps it then.
            further: to be added.
        """
        found = list(headers)
        names = {name.lower() for name, _ in found}
        wanted = (*self._always, _NO_STORE, *further) if is_private else (*self._always, *further)
        found += [header for header in wanted if header[0] not in names]
        return found


def status_of(error: FaceFusionError) -> int:
    """Return the HTTP status that tells of an error of the gateway."""
    return error.status if isinstance(error, AccessError) else _UNAVAILABLE


def reason_of(error: FaceFusionError) -> str:
    """Return the word for an error, as the audit log has it."""
    return error.reason if isinstance(error, AccessError) else "unavailable"


def problem(error: FaceFusionError) -> tuple[Message, Message]:
    """Return the answer that tells of an error (RFC 9457), in the same form as all of the service."""
    status, name = status_of(error), type(error).__name__
    is_ours = not isinstance(error, AccessError)
    body = json.dumps(
        {
            "type": f"{_URN}{name}",
            "title": _title(name),
            "status": status,
            "detail": "The service could not do this" if is_ours else error.what,
            "hint": "Ask whoever runs the service; its log says why" if is_ours else error.hint,
            "code": error.exit_code,
        }
    ).encode()
    headers = [(b"content-type", b"application/problem+json"), (b"content-length", str(len(body)).encode())]
    further = error.headers if isinstance(error, AccessError) else {"Retry-After": "5"}
    headers += [(key.lower().encode(), value.encode()) for key, value in further.items()]
    start: Message = {"type": "http.response.start", "status": status, "headers": headers}
    return start, {"type": "http.response.body", "body": body, "more_body": False}


async def refuse(send: Send, error: FaceFusionError) -> None:
    """Send the answer that tells of an error."""
    for message in problem(error):
        await send(message)


def _title(name: str) -> str:
    words = re.sub(r"(?<=.)([A-Z])", r" \1", name.removesuffix("Error"))
    return words.capitalize()
