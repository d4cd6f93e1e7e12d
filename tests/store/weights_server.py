"""A web server on this machine that has weights, and moods."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx


@dataclass
class Offer:
    """What the server does at an address.

    Attributes:
        content: what it has.
        cut_after: bytes after which the connection breaks, for the first answers, one after the other.
        status: of the answer.
        location: where it sends on to.
        has_ranges: whether it sends parts.
        headers: further ones.
        hold: the answer waits until this is set.
    """

    content: bytes = b""
    cut_after: list[int] = field(default_factory=list)
    status: int = 200
    location: str = ""
    has_ranges: bool = True
    headers: dict[str, str] = field(default_factory=dict)
    hold: threading.Event | None = None

    @property
    def etag(self) -> str:
        return f'"{hashlib.sha256(self.content).hexdigest()[:16]}"'


class WeightsServer:
    """What lies at which address, and what was asked for."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.offers: dict[str, Offer] = {}
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.connects: list[str] = []

    def offer(self, url: str, content: bytes = b"", **moods) -> Offer:
        """Have something at an `https` address."""
        self.offers[url.removeprefix("https://")] = made = Offer(content, **moods)
        return made

    def asked(self, url: str) -> list[dict[str, str]]:
        """The headers of the requests for an address, lower-case."""
        return [headers for path, headers in self.requests if path == url.removeprefix("https://")]

    @property
    def transport(self) -> httpx.BaseTransport:
        """Carries every request to this server, whatever its host."""
        return _Rewriting(self.port)


class _Rewriting(httpx.BaseTransport):
    def __init__(self, port: int) -> None:
        self._inner = httpx.HTTPTransport()
        self._port = port

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        assert request.url.scheme == "https"
        url = httpx.URL(f"http://127.0.0.1:{self._port}/{request.url.host}{request.url.raw_path.decode()}")
        headers = {**request.headers, "host": request.url.host}
        return self._inner.handle_request(
            httpx.Request(request.method, url, headers=headers, extensions=request.extensions)
        )

    def close(self) -> None:
        self._inner.close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    weights: WeightsServer

    def do_CONNECT(self) -> None:
        self.weights.connects.append(self.path)
        self.send_error(503)
        self.close_connection = True

    def do_GET(self) -> None:
        path = self.path.removeprefix("/")
        self.weights.requests.append((path, {name.lower(): value for name, value in self.headers.items()}))
        offer = self.weights.offers.get(path, Offer(status=404))
        if offer.hold is not None:
            offer.hold.wait(30)
        start = self._start(offer)
        body = offer.content[start:]
        self._head(offer, start, len(body))
        cut = offer.cut_after.pop(0) if offer.cut_after else None
        self.wfile.write(body[:cut])
        self.close_connection = True

    def _start(self, offer: Offer) -> int:
        asked, condition = self.headers.get("Range", ""), self.headers.get("If-Range", offer.etag)
        if not (asked and offer.has_ranges and condition == offer.etag and offer.status == 200):
            return 0
        return int(asked.removeprefix("bytes=").rstrip("-"))

    def _head(self, offer: Offer, start: int, length: int) -> None:
        is_beyond = bool(start) and start >= len(offer.content)
        self.send_response(416 if is_beyond else 206 if start else offer.status)
        if start:
            total = len(offer.content)
            self.send_header("Content-Range", f"bytes */{total}" if is_beyond else f"bytes {start}-{total - 1}/{total}")
        if offer.location:
            self.send_header("Location", offer.location)
        self.send_header("ETag", offer.etag)
        for name, value in offer.headers.items():
            self.send_header(name, value)
        if "Content-Length" not in offer.headers:
            self.send_header("Content-Length", str(length))
        self.send_header("Connection", "close")
        self.end_headers()

    def log_message(self, *arguments) -> None:
        pass


@contextmanager
def serve() -> Iterator[WeightsServer]:
    """Run a server while the block runs."""
    handler = type("Handler", (_Handler,), {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    handler.weights = weights = WeightsServer(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield weights
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
