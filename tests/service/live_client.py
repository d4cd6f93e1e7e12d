"""A client of live sessions that speaks the bare protocol, for tests."""

from __future__ import annotations

import io
import json
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from api_server import ADA, WHO, Served
from PIL import Image
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from facefusion.media.live.jpeg import jpeg_of
from facefusion.service.gateway.caller import Caller
from material import Array

_HEAD = struct.Struct(">IdHxxf")


@dataclass(frozen=True)
class Back:
    """A frame that came back."""

    number: int
    sent: float
    faces: int
    milliseconds: float
    content: bytes

    @property
    def image(self) -> Array:
        return np.asarray(Image.open(io.BytesIO(self.content)).convert("RGB"))


@dataclass
class LiveClient:
    """One session; keeps what it was told."""

    socket: ClientConnection
    told: list[dict[str, Any]] = field(default_factory=list)
    shown: list[Back] = field(default_factory=list)

    def wish(self, *sources: str, width: int = 320, height: int = 320, **more: Any) -> None:
        values = {"type": "options", "sources": list(sources), "width": width, "height": height}
        self.socket.send(json.dumps(values | more))

    def send(self, image: Array | bytes, number: int = 0, sent: float = 0.5) -> None:
        content = image if isinstance(image, bytes) else jpeg_of(image, 92)
        self.socket.send(struct.pack(">Id", number, sent) + content)

    def next(self, seconds: float = 60.0) -> dict[str, Any] | Back:
        message = self.socket.recv(timeout=seconds)
        if isinstance(message, str):
            self.told.append(json.loads(message))
            return self.told[-1]
        number, sent, faces, milliseconds = _HEAD.unpack_from(message)
        self.shown.append(Back(number, sent, faces, milliseconds, message[_HEAD.size :]))
        return self.shown[-1]

    def said(self, kind: str, seconds: float = 60.0, **facts: Any) -> dict[str, Any]:
        """Wait for a message of a kind."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = self.next(seconds)
            if isinstance(found, dict) and found["type"] == kind and facts.items() <= found.items():
                return found
        raise AssertionError(f"no {kind} came; told: {self.told}")

    def back(self) -> Back:
        """Wait for a frame."""
        while not isinstance(found := self.next(), Back):
            pass
        return found

    def begun(self, *sources: str, **more: Any) -> dict[str, Any]:
        """Wish for something, and wait until it holds."""
        self.wish(*sources, **more)
        return self.said("ready", id=more.get("id", 0))

    def closed(self) -> tuple[int, dict[str, Any] | None]:
        """Wait for the end; return its code, and the last error."""
        try:
            while True:
                self.next()
        except ConnectionClosed as error:
            assert error.rcvd is not None
            errors = [each for each in self.told if each["type"] == "error" and each["ends"]]
            return error.rcvd.code, errors[-1]["problem"] if errors else None


@contextmanager
def live(
    served: Served, caller: Caller = ADA, scopes: frozenset[str] | None = None, takes: int = 64
) -> Iterator[LiveClient]:
    """Open a session for as long as a block lasts; beyond so many messages nothing more is taken."""
    who = json.dumps([caller.tenant, caller.actor, sorted(caller.scopes if scopes is None else scopes)])
    address = f"{served.url.replace('http', 'ws', 1)}/v1/live"
    settings: dict[str, Any] = {"compression": None, "max_size": None, "proxy": None, "max_queue": takes}
    made = socket.create_connection(("127.0.0.1", int(served.url.rpartition(":")[2])))
    if takes < 64:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
    with connect(address, sock=made, additional_headers={WHO: who}, open_timeout=30, close_timeout=2, **settings) as to:
        yield LiveClient(to)
