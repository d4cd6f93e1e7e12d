"""A service with all its resources, which really listens, and clients for it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from api_server import ADA, WHO, Callers, open_jobs_of, place, until
from webhook_material import LOCAL

from facefusion.client import AsyncClient, Client
from facefusion.jobs.storage import open_storage
from facefusion.service.app import create_app
from facefusion.service.gateway.caller import Caller
from facefusion.service.gateway.quotas import Quotas
from facefusion.service.jobs.creation import Submitter
from facefusion.service.parts import ServiceParts, make_parts
from facefusion.service.settings import ServiceSettings
from facefusion.service.triggers.routes import triggers_router
from facefusion.service.triggers.starting import Starter
from facefusion.service.triggers.store import Triggers
from facefusion.service.webhooks.deliveries import Deliveries
from facefusion.service.webhooks.endpoints import Webhooks
from facefusion.service.webhooks.outbox import Outbox
from facefusion.service.webhooks.post import Poster
from facefusion.service.webhooks.routes import webhooks_router
from facefusion.service.webhooks.sender import WebhookSender
from facefusion.service.webhooks.settings import Tries, WebhookSettings
from job_databases import sqlite_with_tables

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
        made = AsyncClient(self.url, **{"timeout": 30, "transport": httpx.AsyncHTTPTransport(), **more})
        made._http.headers[WHO] = _said(caller)
        return made


def _said(caller: Caller) -> str:
    return json.dumps([caller.tenant, caller.actor, sorted(caller.scopes)])


@contextmanager
def whole_service(folder: Path) -> Iterator[Whole]:
    """Serve everything for as long as a block lasts."""
    with ExitStack() as ending:
        engine = open_jobs_of(sqlite_with_tables(folder / "jobs.db"))
        ending.callback(engine.dispose)
        settings = ServiceSettings(poll_seconds=0.05, heartbeat_seconds=0.2, allowed_roots=(MEDIA,))
        parts = make_parts(
            engine, open_storage(str(folder / "storage")), settings, place(folder), quotas=Quotas(engine), reviews=None
        )
        derived = parts.records.ring.derived
        hooks = WebhookSettings(egress=LOCAL, tries=Tries(first=0.05))
        webhooks = Webhooks(engine, derived, hooks)
        sender = WebhookSender(Outbox(engine, hooks.tries), webhooks, Poster(LOCAL), idle=0.05)
        triggers = triggers_router(Triggers(engine, derived), Starter(engine, Submitter(parts)))
        routers = (webhooks_router(webhooks, Deliveries(engine)), triggers)
        parts = replace(parts, routers=routers, beside=(sender.run,))
        app = create_app(parts)
        server = uvicorn.Server(uvicorn.Config(Callers(app), port=0, log_config=None, timeout_graceful_shutdown=5))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        port = until(lambda: server.servers[0].sockets[0].getsockname()[1] if server.started else None, 30)
        try:
            yield Whole(f"http://127.0.0.1:{port}", parts, app, [])
        finally:
            parts.stopping.set()
            server.should_exit = True
            thread.join(30)
            assert not thread.is_alive()
