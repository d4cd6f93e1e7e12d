"""A small service behind a real gateway, on a real server, for tests."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import httpx
import uvicorn
from benchmarks.servers import until
from fastapi import APIRouter, Body, Depends, FastAPI, Request, WebSocket
from fastapi.responses import JSONResponse, StreamingResponse
from sqlalchemy import Engine

from facefusion.errors import AccessError, FaceFusionError
from facefusion.options import ServingOptions
from facefusion.options.trust import TrustOptions
from facefusion.service.gateway.access import allowed, require
from facefusion.service.gateway.caller import Caller
from facefusion.service.gateway.gateway import Gateway
from facefusion.service.gateway.keys import KeyStore
from facefusion.service.gateway.keys.store import PURPOSE
from facefusion.service.gateway.opening import gateway
from facefusion.service.gateway.users import Passwords
from facefusion.trust.audit import AuditKeys, AuditLog
from facefusion.trust.home import trust_home
from facefusion.trust.keys import KeyRing

JOB = "3f9c2a71d0b45566"


def small_app() -> FastAPI:
    """An application with a route of each kind."""
    app = FastAPI()
    jobs, uploads = APIRouter(prefix="/v1/jobs", tags=["jobs"]), APIRouter(prefix="/v1/uploads", tags=["uploads"])

    @app.exception_handler(FaceFusionError)
    async def told(_request: Request, error: FaceFusionError) -> JSONResponse:
        status = error.status if isinstance(error, AccessError) else 500
        headers = dict(error.headers) if isinstance(error, AccessError) else {}
        return JSONResponse({"detail": str(error)}, status, headers)

    @app.get("/v1/health/live")
    async def live() -> str:
        return "live"

    @app.get("/v1/open")
    async def anybody(request: Request) -> dict[str, Any]:
        caller = request.state.caller
        client = request.client
        return {"caller": caller and caller.actor, "scheme": request.url.scheme, "client": client and client.host}

    @jobs.get("/{job_id}")
    async def show(job_id: str, caller: Annotated[Caller, Depends(require("jobs:read"))]) -> dict[str, Any]:
        return {"id": job_id, "tenant": caller.tenant, "actor": caller.actor, "scopes": sorted(caller.scopes)}

    @jobs.post("", status_code=202)
    async def submit(
        what: Annotated[Any, Body()], caller: Annotated[Caller, Depends(require("jobs:write"))]
    ) -> dict[str, Any]:
        return {"tenant": caller.tenant, "size": len(json.dumps(what))}

    @jobs.delete("/{job_id}")
    async def remove(job_id: str, caller: Annotated[Caller, Depends(require("admin"))]) -> str:
        return f"{job_id} of {caller.tenant}"

    @uploads.patch("/{upload_id}")
    async def part(
        upload_id: str, request: Request, _caller: Annotated[Caller, Depends(require("uploads:write"))]
    ) -> dict[str, int]:
        size = 0
        async for chunk in request.stream():
            size += len(chunk)
        return {"size": size}

    @app.get("/v1/events")
    async def events(_caller: Annotated[Caller, Depends(require("jobs:read"))]) -> StreamingResponse:
        async def lines() -> AsyncIterator[bytes]:
            for number in range(3):
                yield f"data: {number}\n\n".encode()
                await asyncio.sleep(0.05)

        return StreamingResponse(lines(), media_type="text/event-stream", headers={"Cache-Control": "no-cache"})

    @app.get("/v1/wait")
    async def wait(request: Request, _caller: Annotated[Caller, Depends(require("jobs:read"))]) -> str:
        app.state.waiting += 1
        await asyncio.to_thread(app.state.go.wait, 20)
        app.state.waiting -= 1
        return "done"

    @app.post("/v1/signed", tags=["signed"])
    async def signed(request: Request, tenant: str | None = None) -> str:
        if tenant is not None:
            request.state.caller = Caller(tenant, "trigger:7", frozenset())
        return "taken"

    @app.websocket("/v1/live")
    async def shown(socket: WebSocket) -> None:
        caller = allowed(socket.state.caller, "jobs:write")
        await socket.accept()
        await socket.send_json({"tenant": caller.tenant, "actor": caller.actor, "scheme": socket.url.scheme})
        await socket.receive_text()
        await socket.close()

    @app.get("/v1/shared/{token}", tags=["shared"])
    async def show_shared(token: str, request: Request) -> str:
        request.state.followed = Caller("film", f"link:{token}", frozenset()), JOB
        return "a result"

    @app.get("/v1/bug")
    async def bug() -> None:
        raise RuntimeError("a bug")

    app.state.go, app.state.waiting = threading.Event(), 0
    app.include_router(jobs)
    app.include_router(uploads)
    return app


@dataclass
class House:
    """A place with a database of jobs, keys and an audit log.

    Attributes:
        engine: the database.
        folder: of its records.
        app: the application behind the gateway.
        passwords: checks those of users; in the usual way when None.
    """

    engine: Engine
    folder: Path
    app: FastAPI = field(default_factory=small_app)
    passwords: Passwords | None = None

    def __post_init__(self) -> None:
        self.home = trust_home(self.folder / "trust")
        self.ring = KeyRing.open(self.home)
        self.log = AuditLog.open(self.home, AuditKeys.of(self.ring))
        self.keys = KeyStore(self.engine, self.ring.derived(PURPOSE))

    def key(self, role: str | None = "operator", *, tenant: str = "studio", days: float = 1, **more: Any) -> str:
        """Make a key and return its text."""
        return self.keys.create(tenant=tenant, name="test", by="test", lives=timedelta(days=days), role=role, **more)[
            1
        ].text

    def gateway(self, *, port: int = 1, log: Any = None, trust: TrustOptions | None = None, **values: Any) -> Gateway:
        """Return a gateway in front of the application, as options say."""
        given = {"local_access": "none", **values}
        return gateway(
            self.app,
            serving=ServingOptions.parse(given),
            trust=trust or TrustOptions(actor="ada", tenant="default"),
            engine=self.engine,
            home=self.home,
            ring=self.ring,
            log=self.log if log is None else log,
            port=port,
            passwords=self.passwords,
        )

    @contextmanager
    def serving(self, *, host: str = "127.0.0.1", **values: Any) -> Iterator[Served]:
        """Serve with a gateway as options say."""
        listening = socket.create_server((host, 0))
        port = listening.getsockname()[1]
        made = self.gateway(port=port, **values)
        with served(made, listening):
            yield Served(self, port)

    def entries(self, kind: str) -> list[dict[str, Any]]:
        """Return what entries of a kind say, with the name of who did it."""
        found = (entry.facts for entry in self.log.entries() if entry.kind == kind)
        return [facts | {"actor": self.log.name(facts["actor"])} for facts in found]


@dataclass
class Served:
    """A service that listens.

    Attributes:
        house: to which it belongs.
        port: on 127.0.0.1.
    """

    house: House
    port: int

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def client(self, key: str | None = None, **headers: str) -> httpx.Client:
        """Return a client with a key."""
        given = {"Authorization": f"Bearer {key}"} if key else {}
        # Nothing here speaks TLS: reading the certificates of the world would take most of the time of many a test.
        return httpx.Client(base_url=self.url, headers=given | headers, trust_env=False, timeout=20, verify=False)

    def get(self, path: str, key: str | None = None, **headers: str) -> httpx.Response:
        """Ask once."""
        with self.client(key, **headers) as client:
            return client.get(path)

    def raw(self, request: bytes, *, seconds: float = 10.0) -> bytes:
        """Send bytes as they are; return what comes until the other end closes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=seconds) as made:
            made.sendall(request)
            return received(made)


def received(made: socket.socket) -> bytes:
    """Return all that comes until the other end closes."""
    found = b""
    try:
        while part := made.recv(65536):
            found += part
    except (TimeoutError, ConnectionResetError):
        pass
    return found


@contextmanager
def served(app: Any, listening: socket.socket) -> Iterator[None]:
    """Serve an application in a thread."""
    config = uvicorn.Config(
        app, log_level="warning", proxy_headers=False, server_header=False, lifespan="on", timeout_graceful_shutdown=5
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        until(lambda: server.started)
        yield
    finally:
        server.should_exit = True
        thread.join(20)
        listening.close()
