"""WebSockets: who may open one, and what is noted of it."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from benchmarks.servers import until
from gateway_house import House

from facefusion.errors import AuditError
from facefusion.service.gateway.gateway import Gateway
from facefusion.service.gateway.sessions.store import PURPOSE, Holder, SessionStore
from facefusion.trust.audit import NewEntry

PORT = 7870
OWN = f"http://localhost:{PORT}"


@dataclass
class Socket:
    """The other end of a WebSocket: says one word once it is accepted, and keeps what came."""

    gateway: Gateway
    headers: dict[str, str] = field(default_factory=dict)
    key: str | None = None
    answers_http: bool = True
    before_word: Any = None
    path: str = "/v1/live"
    scheme: str = "ws"
    came: list[dict[str, Any]] = field(default_factory=list)

    async def open(self) -> Socket:
        """Open it and wait until it is closed."""
        given = {"Host": f"localhost:{PORT}", **self.headers}
        if self.key is not None:
            given["authorization"] = f"Bearer {self.key}"
        scope = {
            "type": "websocket",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "scheme": self.scheme,
            "server": ("127.0.0.1", PORT),
            "client": ("127.0.0.1", 50_000),
            "root_path": "",
            "path": self.path,
            "raw_path": self.path.encode(),
            "query_string": b"",
            "headers": [(name.lower().encode(), value.encode()) for name, value in given.items()],
            "subprotocols": [],
            "state": {},
            "extensions": {"websocket.http.response": {}} if self.answers_http else {},
        }
        await self.gateway(scope, self._said, self._heard)
        return self

    async def _said(self) -> dict[str, Any]:
        if not self.came:
            return {"type": "websocket.connect"}
        if self.before_word is not None:
            await self.before_word()
        return {"type": "websocket.receive", "text": "word"}

    async def _heard(self, message: Any) -> None:
        self.came.append(dict(message))

    @property
    def status(self) -> int:
        """As which it was answered: 101 where it was accepted."""
        first = self.came[0]
        return {"websocket.accept": 101, "websocket.close": 403}.get(first["type"]) or int(first["status"])

    @property
    def told(self) -> Any:
        """The first thing that it was told."""
        second = self.came[1]
        return json.loads(second.get("text") or second["body"])


def opened(house: House, *, options: dict[str, Any] | None = None, **values: Any) -> Socket:
    """Open a WebSocket through a gateway, as options say."""

    async def go() -> Socket:
        gateway = house.gateway(port=PORT, **(options or {}))
        try:
            return await Socket(gateway, **values).open()
        finally:
            await gateway.close()

    return asyncio.run(go())


def test_a_key_opens_one_and_the_service_knows_whose(house: House) -> None:
    socket = opened(house, key=house.key(tenant="studio"))
    assert socket.status == 101
    assert socket.told["tenant"] == "studio"
    assert [message["type"] for message in socket.came] == ["websocket.accept", "websocket.send", "websocket.close"]
    [entry] = house.entries("called")
    assert (entry["operation"], entry["status"], entry["actor"]) == ("shown", 101, socket.told["actor"])


def test_nobody_opens_one_unnamed(house: House) -> None:
    socket = opened(house)
    assert socket.status == 401
    assert socket.told["type"] == "urn:facefusion:error:AuthenticationError"
    headers = dict(socket.came[0]["headers"])
    assert headers[b"www-authenticate"] == b'Bearer realm="facefusion"'
    assert headers[b"cache-control"] == b"no-store"
    assert {message["type"] for message in socket.came} == {
        "websocket.http.response.start",
        "websocket.http.response.body",
    }
    [entry] = house.entries("denied")
    assert (entry["reason"], entry["status"]) == ("unauthenticated", 401)


def test_a_server_that_cannot_answer_closes_it(house: House) -> None:
    socket = opened(house, answers_http=False)
    assert socket.came == [{"type": "websocket.close", "code": 1008}]
    assert [entry["status"] for entry in house.entries("denied")] == [401]


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"Origin": "https://evil.example"}, "origin"),
        ({"Origin": "null"}, "origin"),
        ({"Origin": f"https://localhost:{PORT}"}, "origin"),
        ({"Origin": "http://localhost:1"}, "origin"),
        ({"Origin": OWN, "Sec-Fetch-Site": "cross-site"}, "origin"),
        ({"Host": "evil.example"}, "host"),
    ],
)
def test_pages_of_others_open_none_whatever_they_bear(house: House, headers: dict[str, str], reason: str) -> None:
    socket = opened(house, key=house.key(), headers=headers, options={"cors_origins": "https://evil.example"})
    assert socket.status == (421 if reason == "host" else 403)
    assert [entry["reason"] for entry in house.entries("denied")] == [reason]


@pytest.mark.parametrize("headers", [{}, {"Origin": OWN}, {"Origin": OWN, "Sec-Fetch-Site": "same-origin"}])
def test_own_pages_and_programs_open_one(house: House, headers: dict[str, str]) -> None:
    assert opened(house, key=house.key(), headers=headers).status == 101


def test_pages_of_the_public_address_do_too(house: House) -> None:
    options = {"public_url": "https://faces.example.com", "trusted_proxies": "127.0.0.1"}
    headers = {"Host": "faces.example.com", "Origin": "https://faces.example.com"}
    headers |= {"X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.7"}
    socket = opened(house, key=house.key(), headers=headers, options=options)
    assert socket.status == 101
    assert socket.told["scheme"] == "wss"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": OWN}, 101), ({}, 403), ({"Origin": "https://evil.example"}, 403),
        ({"Origin": OWN, "Sec-Fetch-Site": "same-site"}, 403), ({"Origin": OWN, "Cookie": "facefusion_session=x"}, 401),
    ],
)  # fmt: skip
def test_who_is_signed_in_opens_one_from_a_page_of_the_service_alone(
    house: House, headers: dict[str, str], status: int
) -> None:
    hour = timedelta(hours=1)
    sessions = SessionStore(house.engine, house.ring.derived(PURPOSE), idle=hour, lives=hour)
    session = sessions.begin(Holder("key", key=house.key()[3:15]))
    socket = opened(house, headers={"Cookie": f"facefusion_session={session}", **headers})
    assert socket.status == status
    assert (status == 101) == (socket.told.get("tenant") == "studio")


def test_who_is_the_user_of_this_machine_needs_no_key_but_their_pages_an_origin(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("facefusion.service.gateway.local.peer_user", lambda _client, _server: os.getuid())
    options = {"local_access": "same-user"}
    assert opened(house, options=options, headers={"Origin": OWN}).told["actor"] == "ada"
    assert opened(house, options=options, headers={"Origin": "https://evil.example"}).status == 403


def test_what_the_service_refuses_is_told_as_it_says(house: House) -> None:
    socket = opened(house, key=house.key("viewer"))
    assert socket.status == 403
    assert "jobs:write" in json.dumps(socket.told)
    assert opened(house, key=house.key(), path="/v1/nothing").status in {403, 404}
    assert not house.entries("called")


def test_one_counts_among_the_requests_at_one_time_as_long_as_it_is_open(house: House) -> None:
    key = house.key()

    async def go() -> list[int]:
        gateway, found = house.gateway(max_concurrent_key=1), []

        async def another() -> None:
            found.append((await Socket(gateway, key=key).open()).status)

        first = await Socket(gateway, key=key, before_word=another).open()
        after = await Socket(gateway, key=key).open()
        await gateway.close()
        return [first.status, *found, after.status]

    assert asyncio.run(go()) == [101, 429, 101]


def test_rates_hold_for_them(house: House) -> None:
    key = house.key()

    async def go() -> list[int]:
        gateway = house.gateway(rate_key=1, rate_burst=120)
        found = [(await Socket(gateway, key=key).open()).status for _ in range(3)]
        await gateway.close()
        return found

    assert asyncio.run(go()) == [101, 101, 429]


class BrokenLog:
    """Cannot be written."""

    def append_all(self, entries: Sequence[NewEntry]) -> object:
        raise AuditError("the disk is gone")


def test_while_nothing_can_be_recorded_none_is_opened(house: House) -> None:
    async def go() -> list[int]:
        gateway = house.gateway(log=BrokenLog())
        decisions = gateway._parts.decisions
        assert decisions is not None
        first = await Socket(gateway).open()
        await asyncio.to_thread(until, lambda: decisions.is_stuck)
        second = await Socket(gateway, key=house.key()).open()
        await gateway.close()
        return [first.status, second.status]

    assert asyncio.run(go()) == [401, 503]
