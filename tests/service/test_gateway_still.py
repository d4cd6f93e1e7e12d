"""What lasts ends with what let it begin: live sessions and streams of events."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from session_house import PASSWORD, Browser, Street, Town, town_in
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from facefusion.errors import AuthenticationError, JobsUnavailableError
from facefusion.jobs.values import NewJob
from facefusion.service.gateway import still
from facefusion.service.gateway.authentication import Authentication
from facefusion.service.gateway.caller import Caller
from facefusion.service.gateway.visitor import Visitor


@pytest.fixture
def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Town]:
    monkeypatch.setattr(still, "_SECONDS", 0.0)
    with town_in(tmp_path) as made:
        yield made


def ended(socket: ClientConnection) -> int:
    """Wait for the end; return its code."""
    try:
        while True:
            socket.recv(timeout=15)
    except ConnectionClosed as error:
        assert error.rcvd is not None
        return error.rcvd.code


def opened(street: Street, browser: Browser) -> contextlib.AbstractContextManager[ClientConnection]:
    headers = {"Cookie": f"facefusion_session={browser.cookie}", "Origin": street.served.url}
    address = f"{street.served.url.replace('http', 'ws', 1)}/v1/live"
    return connect(address, additional_headers=headers, open_timeout=30, proxy=None)


def test_what_lasts_ends_when_its_browser_signs_out(town: Town) -> None:
    town.user("ada")
    job = town.parts.board.submit(NewJob(town.tenant, "ada", {"target": "s3://a/b.png", "output": "b.png"}))
    with town.open() as street:
        browser = street.browser(name="ada", password=PASSWORD, tenant=town.tenant)
        asked = {"Accept": "text/event-stream"}
        with (
            opened(street, browser) as socket,
            browser.http.stream("GET", f"/v1/jobs/{job.id}/events", headers=asked) as answer,
        ):
            lines = answer.iter_lines()
            assert next(line for line in lines if line.startswith("event: progress"))
            assert browser.send("DELETE", "/v1/session").status_code == 204
            assert ended(socket) == 1008
            town.parts.board.cancel(job.id, tenant=town.tenant)
            told = [line for line in lines if line.startswith("event: ")]
        assert told == ["event: error"]


@pytest.mark.parametrize("what", ["revoked", "lesser", "stays", "unknown"])
def test_it_is_looked_at_now_and_then(what: str) -> None:
    ada, now, asked = Caller("studio", "key:1", frozenset({"jobs:read", "jobs:write"})), [0.0], [0]

    class Known:
        async def visitor(self, _scope: Any, _headers: Any) -> Visitor:
            asked[0] += 1
            if what == "unknown":
                raise JobsUnavailableError("The database is away", "Ask again")
            if what == "revoked":
                return Visitor(fault="key-revoked")
            return Visitor(ada if what == "stays" else replace(ada, scopes=frozenset({"jobs:read"})))

    made = still.Still(cast("Authentication", Known()), {}, {}, ada, clock=lambda: now[0])
    state: dict[str, Any] = {}
    made.put(state)
    assert still.Still.of({"state": state}) is made
    assert still.Still.of({}) is None
    asyncio.run(made.check())
    assert asked == [0]  # they were let in just now
    now[0] = 6.0
    if what in {"stays", "unknown"}:
        for _ in range(3):
            asyncio.run(made.check())
        assert asked == [1]
    else:
        with pytest.raises(AuthenticationError):
            asyncio.run(made.check())
