"""What the gateway of the service costs a request: without it, with a key, with a token, and with rates in Redis."""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from jwt.algorithms import ECAlgorithm

from benchmarks.common import finish, parser, table
from benchmarks.servers import MissingServerError, redis_server
from facefusion.jobs.migrations import upgrade
from facefusion.options import ServingOptions
from facefusion.options.trust import TrustOptions
from facefusion.service.gateway.asgi import App, Message, Receive, Scope, Send
from facefusion.service.gateway.keys import KeyStore, make_key
from facefusion.service.gateway.keys.store import PURPOSE
from facefusion.service.gateway.opening import gateway
from facefusion.trust.audit import AuditKeys, AuditLog
from facefusion.trust.database import open_database
from facefusion.trust.keys import KeyRing

_ISSUER = {"oidc_issuer": "https://id.example.com", "oidc_audience": "facefusion"}
Credentials = str | Callable[[], str] | None
_BODY = json.dumps({"options": {"processors": ["face_swapper"], "blend_ratio": 0.7}, "text": "x" * 2000}).encode()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    made = parser("gateway", __doc__)
    made.add_argument("--requests", type=int, default=5000, help="of each kind (default: %(default)s)")
    options = made.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        figures = asyncio.run(_measured(Path(folder), options.requests))
    print(table(("request", "microseconds of the gateway"), list(figures.items())))
    return finish(figures, options.json)


async def _measured(folder: Path, count: int) -> dict[str, float]:
    engine, ring = open_database(folder / "jobs.db"), KeyRing(bytes(32))
    upgrade(engine)
    log = AuditLog.open(folder, AuditKeys.of(ring))
    store = KeyStore(engine, ring.derived(PURPOSE))
    _, key = store.create(tenant="film", name="one", by="ada", lives=timedelta(days=1), role="admin")
    signing = generate_private_key(SECP256R1())
    public = ECAlgorithm.to_jwk(signing.public_key(), as_dict=True) | {"kid": "one"}
    (folder / "keys.json").write_text(json.dumps({"keys": [public]}))
    rates = {"rate_address": 1e7, "rate_key": 1e7, "rate_tenant": 1e7, "local_access": "none"}

    async def taken(credentials: Credentials = None, body: bytes = b"", **values: Any) -> float:
        """Return what a gateway with these options costs a request."""
        serving = ServingOptions.parse(rates | values)
        place: dict[str, Any] = {"engine": engine, "home": folder, "ring": ring, "log": log, "port": 1}
        behind = gateway(_app, serving=serving, trust=TrustOptions(actor="ada"), **place)
        try:
            return await _microseconds(behind, count, credentials, body) - plain
        finally:
            await behind.close()

    plain = await _microseconds(_app, count, None)
    with_keys = _ISSUER | {"oidc_keys_file": folder / "keys.json"}
    figures = {
        "without a key": await taken(),
        "read with a key": await taken(key.text),
        "body of 2 KB of JSON with a key": await taken(key.text, _BODY),
        "read with a token (ES256)": await taken(_token(signing), **with_keys),
        "key with a typo": await taken(key.text[:-1] + "_"),
        "unknown key, the same each time": await taken(make_key().text),
        "unknown key, another each time": await taken(lambda: make_key().text),
    }
    with ExitStack() as stack:
        try:
            url = stack.enter_context(redis_server()).url()
            figures["read with a key, rates in Redis"] = await taken(key.text, redis=url)
        except MissingServerError as error:
            print(error)
    log.close()
    engine.dispose()
    return {name: round(value, 1) for name, value in figures.items()}


async def _microseconds(app: App, count: int, credentials: Credentials, body: bytes = b"") -> float:
    """Return the median time of a request, one after the other."""
    times = []
    for number in range(count + 100):
        scope = _scope(credentials() if callable(credentials) else credentials, body)
        began = time.perf_counter()
        await app(scope, _receiving(body), _sent)
        if number >= 100:
            times.append(time.perf_counter() - began)
    return sorted(times)[len(times) // 2] * 1e6


def _scope(credentials: str | None, body: bytes) -> Scope:
    headers = [(b"host", b"localhost:5000"), (b"user-agent", b"benchmark"), (b"accept", b"*/*")]
    headers += [(b"authorization", f"Bearer {credentials}".encode())] if credentials else []
    # A change would wait for the disk, which is no time of the gateway; a search with a body is none.
    headers += [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())] if body else []
    return {
        "type": "http", "method": "QUERY" if body else "GET", "path": "/v1/jobs/1", "raw_path": b"/v1/jobs/1",
        "query_string": b"", "headers": headers, "client": ("192.0.2.1", 40000), "server": ("127.0.0.1", 5000),
        "scheme": "http", "state": {},
    }  # fmt: skip


def _receiving(body: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


async def _sent(_message: Message) -> None:
    """Take an answer."""


async def _app(_scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with next to nothing."""
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": b"{}", "more_body": False})


def _token(signing: Any) -> str:
    now = int(time.time())
    claims = {"iss": _ISSUER["oidc_issuer"], "aud": _ISSUER["oidc_audience"], "iat": now, "exp": now + 3600}
    claims |= {"sub": "ada", "tenant": "film", "roles": ["admin"]}
    return jwt.encode(claims, signing, algorithm="ES256", headers={"kid": "one"})


if __name__ == "__main__":
    raise SystemExit(main())
