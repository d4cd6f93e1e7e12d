"""Storages of every kind for tests, and what goes wrong with them."""

from __future__ import annotations

import http.client
import os
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from benchmarks.servers import S3

from facefusion.jobs.storage import StorageSettings
from facefusion.jobs.storage.bucket import ConditionError, Found, Page

MIB = 1 << 20
PART = 5 * MIB
"""The smallest that a setting allows."""

SETTINGS = StorageSettings(part_bytes=PART, region="us-east-1", attempts=4, longest_wait=0.2)


def at_s3(server: S3, *, port: int | None = None, **changes: Any) -> StorageSettings:
    """Return settings for a server of S3, or for what lies before it at a port."""
    values = {"part_bytes": PART, "region": "us-east-1", "attempts": 4, "longest_wait": 0.2} | changes
    return StorageSettings(endpoint=server.endpoint(port=port), **values)


def material(folder: Path, size: int, name: str = "material") -> Path:
    """Return a file of so many random bytes."""
    path = folder / name
    path.write_bytes(os.urandom(size))
    return path


class SetLater(threading.Event):
    """An event that is set after it was looked at so many times."""

    def __init__(self, looks: int) -> None:
        super().__init__()
        self._looks = looks

    def is_set(self) -> bool:
        self._looks -= 1
        if self._looks <= 0:
            self.set()
        return super().is_set()


class MemoryBucket:
    """A bucket that is a dictionary."""

    def __init__(self, *, page: int = 3) -> None:
        self.place = "memory"
        self.takes_parts_at_once = True
        self._page = page
        self._objects: dict[str, tuple[bytes, Found]] = {}
        self._lock = threading.Lock()
        self.begun: dict[int, MemoryParts] = {}

    def put(self, name: str, data: bytes, notes: Mapping[str, str], *, replace: bool) -> None:
        with self._lock:
            if not replace and name in self._objects:
                raise ConditionError(name)
            version = str(len(self._objects)) + os.urandom(4).hex()
            self._objects[name] = data, Found(name, len(data), datetime.now(UTC), version, dict(notes))

    def begin(self, name: str, notes: Mapping[str, str], *, size: int, part: int, replace: bool) -> MemoryParts:
        parts = MemoryParts(self, name, notes, replace)
        self.begun[id(parts)] = parts
        return parts

    def head(self, name: str) -> Found | None:
        return self._objects[name][1] if name in self._objects else None

    def read(self, found: Found, start: int, end: int) -> bytes:
        data, now = self._objects[found.name]
        if now.version != found.version:
            raise ConditionError(found.name)
        return data[start:end]

    def page(self, prefix: str, following: str | None) -> Page:
        names = sorted(name for name in self._objects if name.startswith(prefix) and name > (following or ""))
        chosen = names[: self._page]
        found = [self._objects[name][1] for name in chosen]
        return Page(found, chosen[-1] if len(names) > len(chosen) else None)

    def remove(self, names: Sequence[str]) -> None:
        for name in names:
            self._objects.pop(name, None)

    def abandon(self, prefix: str, before: datetime) -> int:
        count = len(self.begun)
        self.begun.clear()
        return count

    def url_to_read(self, name: str, seconds: int, disposition: str | None) -> str | None:
        return None

    def url_to_write(self, name: str, seconds: int, size: int | None, content_type: str | None) -> str | None:
        return None


@dataclass
class MemoryParts:
    """An upload into the dictionary."""

    bucket: MemoryBucket
    name: str
    notes: Mapping[str, str]
    replace: bool

    def __post_init__(self) -> None:
        self._parts: dict[int, bytes] = {}

    def send(self, number: int, data: bytes) -> Mapping[str, Any]:
        self._parts[number] = data
        return {"number": number}

    def finish(self, tags: Sequence[Mapping[str, Any]]) -> None:
        data = b"".join(self._parts[tag["number"]] for tag in tags)
        self.bucket.put(self.name, data, self.notes, replace=self.replace)
        self.abandon()

    def abandon(self) -> None:
        self.bucket.begun.pop(id(self), None)


Fault = Callable[[BaseHTTPRequestHandler, "Answer"], None]


@dataclass(frozen=True)
class Answer:
    """What the server behind said."""

    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes


def passed_on(handler: BaseHTTPRequestHandler, answer: Answer) -> None:
    """Give the answer as it came."""
    handler.send_response(answer.status)
    for name, value in answer.headers:
        if name.lower() not in ("connection", "transfer-encoding", "server", "date"):
            handler.send_header(name, value)
    handler.end_headers()
    if handler.command != "HEAD":
        handler.wfile.write(answer.body)


def lost(handler: BaseHTTPRequestHandler, answer: Answer) -> None:
    """End the connection although the request was done."""
    handler.close_connection = True


def cut_off(handler: BaseHTTPRequestHandler, answer: Answer) -> None:
    """End the connection in the middle of the answer."""
    passed_on(handler, Answer(answer.status, answer.headers, answer.body[: len(answer.body) // 2]))
    handler.close_connection = True


def refused(status: int, code: str) -> Fault:
    """Return what answers with an error of S3, and does nothing."""

    def answered(handler: BaseHTTPRequestHandler, _: Answer) -> None:
        body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>m</Message></Error>".encode()
        passed_on(
            handler, Answer(status, [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))], body)
        )

    answered.is_instead = True  # type: ignore[attr-defined]
    return answered


class Proxy:
    """A server before a server of S3, in which requests meet what the test wants.

    Attributes:
        port: where it listens.
        faults: what the next requests of a kind meet, first come first; all others are passed on.
        seen: methods and paths of the requests that came.
    """

    def __init__(self, to: int) -> None:
        self.faults: dict[str, deque[Fault]] = {}
        self.seen: list[str] = []
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: Any) -> None: ...

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                proxy.seen.append(f"{self.command} {self.path}")
                waiting = proxy.faults.get(self.command)
                fault: Fault = waiting.popleft() if waiting else passed_on
                if getattr(fault, "is_instead", False):
                    fault(self, Answer(0, [], b""))
                    return
                behind = http.client.HTTPConnection("127.0.0.1", to, timeout=30)
                try:
                    behind.request(self.command, self.path, body, dict(self.headers))
                    answer = behind.getresponse()
                    fault(self, Answer(answer.status, answer.getheaders(), answer.read()))
                finally:
                    behind.close()

            do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = answer  # noqa: N815

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def meet(self, method: str, *faults: Fault) -> None:
        """Let the next requests of a method meet these."""
        self.faults.setdefault(method, deque()).extend(faults)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@contextmanager
def proxy_before(server: S3) -> Iterator[Proxy]:
    """Yield a proxy before a server."""
    proxy = Proxy(server.port)
    try:
        yield proxy
    finally:
        proxy.close()
