"""A service with all its resources, which really listens, and clients for it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from api_server import ADA, WHO, served
from webhook_material import LOCAL

from facefusion.client import AsyncClient, Client
from facefusion.service.gateway.caller import Caller
from facefusion.service.hooks import with_hooks
from facefusion.service.parts import ServiceParts
from facefusion.service.settings import ServiceSettings
from facefusion.service.webhooks.settings import Tries, WebhookSettings

MEDIA = "s3://media/{tenant}"


class Noting(httpx.HTTPTransport):
    """Sends requests, and notes which; may be told to break some."""

    def __init__(self, noted: list[tuple[str, str]]) -> None:
        super().__init__()
        self.noted = noted

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.noted.append((request.method, request.url.path))
        return super().handle_request(request)


@dataclass(frozen=True)
class Whole:
    """A service that listens, with everything."""

    url: str
    parts: ServiceParts
    app: Any
    noted: list[tuple[str, str]]

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def client(self, caller: Caller | None = ADA, **more: Any) -> Client:
        made = Client(more.pop("url", self.url), **{"timeout": 30, "transport": Noting(self.noted), **more})
        if caller is not None:
            made._http.headers[WHO] = _said(caller)
        return made

    def awaited(self, caller: Caller = ADA, **more: Any) -> AsyncClient:
        made = AsyncClient(
            more.pop("url", self.url), **{"timeout": 30, "transport": httpx.AsyncHTTPTransport(), **more}
        )
        made._http.headers[WHO] = _said(caller)
        return made


def _said(caller: Caller) -> str:
    return json.dumps([caller.tenant, caller.actor, sorted(caller.scopes)])


@contextmanager
def whole_service(folder: Path) -> Iterator[Whole]:
    """Serve everything for as long as a block lasts."""
    hooks = WebhookSettings(egress=LOCAL, tries=Tries(first=0.05))
    settings = ServiceSettings(poll_seconds=0.05, heartbeat_seconds=0.2, allowed_roots=(MEDIA,))
    with served(folder, settings=settings, more=lambda parts: with_hooks(parts, hooks, idle=0.05)) as here:
        yield Whole(here.url, here.parts, here.app, [])
