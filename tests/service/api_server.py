"""A service that really listens, with a worker that really works, for tests."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx
import uvicorn
from fastapi import APIRouter
from sqlalchemy import Engine

from facefusion.jobs.board import JobBoard
from facefusion.jobs.migrations import upgrade
from facefusion.jobs.migrations.registered import registered
from facefusion.jobs.storage import Storage, open_storage
from facefusion.jobs.work.bench import Bench
from facefusion.jobs.worker import Worker
from facefusion.options import Options, ServingOptions, load_options
from facefusion.service.app import create_app
from facefusion.service.gateway.caller import SCOPES, Caller
from facefusion.service.gateway.quotas import Quotas
from facefusion.service.gateway.review import ReviewRules
from facefusion.service.parts import ServiceParts, make_parts
from facefusion.service.settings import ServiceSettings
from facefusion.trust.database import open_database
from job_databases import sqlite_with_tables

WHO = "x-test-caller"
ADA = Caller("acme", "user:ada", SCOPES)
BOB = Caller("acme", "user:bob", SCOPES)
EVE = Caller("other", "user:eve", SCOPES)
Value = TypeVar("Value")


def until(look: Callable[[], Value | None], seconds: float = 60.0) -> Value:
    """Return what is looked for as soon as it is there."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = look()
        if found is not None:
            return found
        time.sleep(0.02)
    raise AssertionError("it did not come in time")


class Callers:
    """Stands in place of the gateway: a header says who calls; nobody does where it is missing."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] in {"http", "websocket"}:
            said = dict(scope["headers"]).get(WHO.encode())
            if said is not None:
                tenant, actor, scopes = json.loads(said)
                scope.setdefault("state", {})["caller"] = Caller(tenant, actor, frozenset(scopes))
        await self._app(scope, receive, send)


@dataclass(frozen=True)
class Served:
    """A service that listens."""

    url: str
    parts: ServiceParts
    app: Any
    clients: list[httpx.Client] = field(default_factory=list)

    def client(self, caller: Caller | None = ADA, scopes: frozenset[str] | None = None) -> httpx.Client:
        """Return a client of somebody."""
        headers = {}
        if caller is not None:
            who = [caller.tenant, caller.actor, sorted(caller.scopes if scopes is None else scopes)]
            headers[WHO] = json.dumps(who)
        made = httpx.Client(base_url=self.url, headers=headers, timeout=240, trust_env=False)
        self.clients.append(made)
        return made


@contextmanager
def served(
    folder: Path,
    *,
    settings: ServiceSettings | None = None,
    database: str | None = None,
    opened: Storage | None = None,
    reviews: ReviewRules | None = None,
    checks: tuple[tuple[str, Callable[[], Any]], ...] = (),
    routers: tuple[APIRouter, ...] = (),
    more: Callable[[ServiceParts], ServiceParts] = lambda parts: parts,
    **options: Any,
) -> Iterator[Served]:
    """Serve for as long as a block lasts; `more` puts further things on the service."""
    with ExitStack() as ending:
        engine = open_jobs_of(database or sqlite_with_tables(folder / "jobs.db"))
        ending.callback(engine.dispose)
        parts = make_parts(
            engine,
            opened or open_storage(str(folder / "storage")),
            settings or ServiceSettings(poll_seconds=0.05, heartbeat_seconds=0.2),
            place(folder, **options),
            quotas=Quotas(engine),
            reviews=reviews,
            checks=checks,
            routers=routers,
            scratch=scratch_of(folder),
        )
        parts = more(parts)
        app = create_app(parts)
        config = uvicorn.Config(
            Callers(app), port=0, log_config=None, lifespan="on", timeout_graceful_shutdown=5, ws="websockets-sansio"
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        port = until(lambda: server.servers[0].sockets[0].getsockname()[1] if server.started else None, 30)
        here = Served(f"http://127.0.0.1:{port}", parts, app)
        try:
            yield here
        finally:
            for client in here.clients:
                client.close()
            parts.stopping.set()
            server.should_exit = True
            thread.join(30)
            assert not thread.is_alive()


@contextmanager
def working(served: Served, folder: Path) -> Iterator[Worker]:
    """Have a worker do the jobs of a service for as long as a block lasts."""
    serving = ServingOptions.parse({"scratch_dir": folder / "scratch", "scratch_free": 0, "quality_share": 0})
    bench = Bench.of(served.parts.options, serving, storage=served.parts.storage, board=JobBoard(served.parts.engine))
    worker = Worker(served.parts.engine, bench, most_wait=0.1)
    thread = threading.Thread(target=worker.run, daemon=True)
    thread.start()
    try:
        yield worker
    finally:
        worker.drain()
        thread.join(60)
        assert not thread.is_alive()


def open_jobs_of(database: str) -> Engine:
    """Return a database with all tables."""
    registered()
    engine = open_database(database)
    upgrade(engine)
    return engine


def place(folder: Path, **options: Any) -> Options:
    """Return the options of a place of its own."""
    return load_options({"trust_dir": folder / "trust", "acknowledge": True, **options})


def scratch_of(folder: Path) -> Path:
    """Return the folder for files on their way of a service in a folder."""
    made = folder / "on their way"
    made.mkdir(exist_ok=True)
    return made
