"""One try of one message: a POST that follows nothing, asks nobody else, and ends in time."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Final

import httpcore

from facefusion.errors import OptionsError, WebhookAddressError
from facefusion.service.webhooks.egress import CheckedBackend, ProxyBackend, Resolver, SystemResolver
from facefusion.service.webhooks.settings import Egress
from facefusion.service.webhooks.target import Target, target_of

_HEADERS: Final = {
    "content-type": "application/json",
    "user-agent": "FaceFusion-Webhooks/1",
    "accept": "*/*",
    "accept-encoding": "identity",  # nothing is ever unpacked
    "connection": "close",
}
_NETWORK: Final = (
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpcore.TimeoutException,
    httpcore.UnsupportedProtocol,
    httpcore.ConnectionNotAvailable,
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a try.

    Attributes:
        status: of HTTP; None where no answer came.
        reason: why it counts as failed; empty where the message arrived.
        after: seconds that the receiver asked to wait; None where it did not.
    """

    status: int | None
    reason: str = ""
    after: float | None = None


class Poster:
    """Sends messages to webhooks.

    Args:
        egress: to where they may go.
        resolver: looks names up; the system's when None.

    Raises:
        OptionsError: the certificates or the proxy cannot be used.
    """

    def __init__(self, egress: Egress, *, resolver: Resolver | None = None) -> None:
        self._egress = egress
        self._context = _context(egress)
        way: httpcore.AsyncNetworkBackend = httpcore.AnyIOBackend()
        if egress.proxy is not None:
            way = ProxyBackend(way, egress.proxy)
        self._way = CheckedBackend(way, resolver or SystemResolver(), egress.networks)

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send a message once.

        Args:
            url: of the webhook.
            body: of the message.
            headers: that sign it.

        Returns:
            what came of it; failures of the network and of the receiver are answers too.
        """
        try:
            target = target_of(url, self._egress)
            async with asyncio.timeout(self._egress.timeout):
                return await self._sent(target, body, headers)
        except TimeoutError:
            return Answer(None, f"no answer within {self._egress.timeout:g} seconds")
        except WebhookAddressError as error:
            return Answer(None, error.what)
        except (*_NETWORK, OSError, ValueError) as error:
            return Answer(None, f"{type(error).__name__}: {error}"[:300])

    async def _sent(self, target: Target, body: bytes, headers: Mapping[str, str]) -> Answer:
        origin = httpcore.Origin(target.scheme.encode(), target.host.encode(), target.port)
        url = httpcore.URL(scheme=origin.scheme, host=origin.host, port=origin.port, target=target.path)
        own = {"host": target.authority, "content-length": str(len(body)), **_HEADERS, **headers}
        wanted = httpcore.Request("POST", url, headers=list(own.items()), content=body)
        connection = httpcore.AsyncHTTPConnection(origin, ssl_context=self._context, network_backend=self._way)
        try:
            answer = await connection.handle_async_request(wanted)
            await self._drained(answer)
        finally:
            await connection.aclose()
        return _judged(answer)

    async def _drained(self, answer: httpcore.Response) -> None:
        """Read a little of the answer, so that a receiver that still writes is not cut off; nobody looks at it."""
        read = 0
        async for chunk in answer.aiter_stream():
            read += len(chunk)
            if read > self._egress.most_answer:
                return


def _judged(answer: httpcore.Response) -> Answer:
    status = answer.status
    if 200 <= status < 300:
        return Answer(status)
    if 300 <= status < 400:
        return Answer(status, f"it answered {status}, and nobody is followed elsewhere")
    return Answer(status, f"it answered {status}", _after(answer))


def _after(answer: httpcore.Response) -> float | None:
    given = {name.lower(): value for name, value in answer.headers}.get(b"retry-after", b"").decode("ascii", "replace")
    if given.isdecimal():
        return float(given[:9])
    try:
        then = parsedate_to_datetime(given).timestamp()
        date = {name.lower(): value for name, value in answer.headers}.get(b"date", b"").decode("ascii", "replace")
        return max(0.0, then - parsedate_to_datetime(date).timestamp())
    except (ValueError, TypeError):
        return None


def _context(egress: Egress) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=egress.ca_file)
    except OSError as error:
        raise OptionsError(
            f"The certificates {egress.ca_file} cannot be used: {error.strerror or error}", "Name a file in PEM"
        ) from error
