"""Verifying without a key, where that is open to anybody: small files, few a minute, and nothing that is a tenant's."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from api_server import ADA, Served, served
from gateway_house import House
from PIL import Image

from facefusion.service.settings import ServiceSettings
from material import ASTRONAUT, CAPTAIN

MOST = 300_000


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("public"), settings=ServiceSettings(public_verify=MOST)) as here:
        yield here


def small(path: Path) -> bytes:
    made = io.BytesIO()
    Image.open(path).convert("RGB").resize((160, 160)).save(made, "PNG")
    return made.getvalue()


def test_anybody_learns_that_it_left_here_and_nothing_of_whom(service: Served) -> None:
    client = service.client(ADA)
    upload = client.post("/v1/uploads?name=me.png", content=ASTRONAUT.read_bytes()).json()["id"]
    target = client.post("/v1/uploads?name=her.png", content=CAPTAIN.read_bytes()).json()["id"]
    order = {"sources": [f"upload:{upload}"], "target": f"upload:{target}", "max_side": 256}
    made = client.post("/v1/previews", json=order).content
    assert service.parts.scratch is not None
    answer = service.client(None).post("/v1/verify?name=found.png", content=made)
    assert answer.status_code == 200, answer.text
    audit = next(each for each in answer.json()["layers"] if each["layer"] == "audit")
    assert audit["state"] == "holds" and audit["what"] == "it left here"
    assert not {"entry", "sequence", "time", "job", "policy", "models", "version"} & audit["facts"].keys()
    assert list(service.parts.scratch.iterdir()) == [], "nothing of the file is kept"


def test_what_is_no_picture_or_is_damaged(service: Served) -> None:
    stranger = service.client(None)
    refused = stranger.post("/v1/verify?name=page.html", content=b"<html><script>alert(1)</script></html>")
    assert refused.status_code == 422 and refused.json()["type"].endswith("InputTypeError")
    damaged = stranger.post("/v1/verify", content=small(CAPTAIN)[:2000])
    assert damaged.json()["verdict"] == "InputDamagedError"


def test_files_of_strangers_are_smaller(service: Served) -> None:
    content = bytes(MOST + 1)
    assert service.client(None).post("/v1/verify", content=content).status_code == 413
    assert service.client(ADA).post("/v1/verify", content=content).status_code == 422, "it is nothing, but was taken"
    assert service.parts.scratch is not None and list(service.parts.scratch.iterdir()) == []


def test_nothing_else_is_open(service: Served) -> None:
    stranger = service.client(None)
    upload = service.client(ADA).post("/v1/uploads?name=a.png", content=small(CAPTAIN)).json()["id"]
    assert stranger.post(f"/v1/uploads/{upload}/verify").status_code == 401
    assert stranger.get("/v1/jobs").status_code == 401
    assert service.client(ADA, scopes=frozenset({"audit:read"})).post("/v1/verify", content=b"x").status_code == 403


def test_it_needs_a_key_unless_it_is_opened(tmp_path: Path) -> None:
    with served(tmp_path) as closed:
        assert closed.client(None).post("/v1/verify", content=small(CAPTAIN)).status_code == 401


def test_few_a_minute_come_from_one_address_and_those_with_a_key_are_not_counted_so(house: House) -> None:
    with house.serving(rate_public_verify=3) as service:
        url = f"http://localhost:{service.port}/v1/verify"
        with httpx.Client(trust_env=False) as client:
            statuses = [client.post(url, content=b"x").status_code for _ in range(4)]
            assert statuses[:3] == [404] * 3 and statuses[3] == 429, "the small service has no such address"
            limited = client.post(url, content=b"x")
            assert limited.json()["detail"].startswith("Too many requests (verify)")
            assert int(limited.headers["retry-after"]) > 1
            assert client.get(f"http://localhost:{service.port}/v1/open").status_code != 429
            key = {"Authorization": f"Bearer {house.key()}"}
            assert client.post(url, content=b"x", headers=key).status_code == 404
