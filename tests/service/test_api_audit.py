"""The audit log over HTTP: searched by all that entries say, exported, checked beside requests."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from api_server import ADA, BOB, EVE, Served, served, until
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import update

from facefusion.service.gateway.caller import Caller
from facefusion.trust.audit.tables import ENTRIES

DAN = Caller("third", "user:dan", frozenset({"audit:read"}))


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("audit")) as here:
        for number in range(5):
            here.parts.records.note(BOB, "consent", "added", consents=(f"c-{number:016x}",), subjects=("Ada",))
        here.parts.records.note(ADA, "key", "revoked")
        here.parts.records.note(EVE, "key", "added")
        yield here


@pytest.fixture
def client(service: Served) -> httpx.Client:
    return service.client()


def found(client: httpx.Client, **wanted: Any) -> list[dict[str, Any]]:
    answer = client.get("/v1/audit", params=wanted)
    assert answer.status_code == 200, answer.text
    entries: list[dict[str, Any]] = answer.json()["entries"]
    return entries


@pytest.mark.parametrize("order", ["oldest", "newest"])
def test_the_log_is_searched_page_by_page(service: Served, client: httpx.Client, order: str) -> None:
    wanted = {"actor": "user:bob", "limit": 2, "order": order}
    page = client.get("/v1/audit", params=wanted).json()
    seen = [each["time"] for each in page["entries"]]
    identifiers = {each["id"] for each in page["entries"]}
    while page["next"]:
        page = client.get("/v1/audit", params={**wanted, "cursor": page["next"]}).json()
        seen += [each["time"] for each in page["entries"]]
        identifiers |= {each["id"] for each in page["entries"]}
    assert len(seen) == len(identifiers) == 5
    assert seen == sorted(seen, reverse=order == "newest")
    assert found(service.client(EVE), actor="user:bob") == []


def test_entries_are_found_by_time_kind_and_what_they_call_somebody(client: httpx.Client) -> None:
    everything = found(client, kind=["changed", "published"])
    assert len(everything) == 6
    middle = everything[3]["time"]
    assert len(found(client, since=middle)) + len(found(client, until=middle)) == 6
    assert found(client, kind="published") == []
    [bob] = {each["facts"]["actor"] for each in everything[:5]}
    assert len(found(client, pseudonym=bob)) == 5
    [subject] = everything[0]["facts"]["subjects"]
    assert [each["people"][subject] for each in found(client, pseudonym=subject)] == ["Ada"] * 5
    assert found(client, pseudonym="0" * 32) == []


@pytest.mark.parametrize("wrong", ["cursor=zzzz", "pseudonym=Ada", "order=random", "since=yesterday", "nothing=1"])
def test_what_cannot_be_asked_is_refused(client: httpx.Client, wrong: str) -> None:
    assert client.get(f"/v1/audit?{wrong}").status_code == 422


def test_an_entry_that_is_not_there_or_is_anothers(service: Served, client: httpx.Client) -> None:
    assert client.get("/v1/audit/" + "0" * 32).status_code == 404
    [hers] = found(service.client(EVE))
    assert client.get(f"/v1/audit/{hers['id']}").status_code == 404


def test_exported_lines_are_checked_with_the_public_key_alone(client: httpx.Client) -> None:
    answer = client.get("/v1/audit/export", params={"kind": "changed", "order": "newest"})
    assert answer.headers["content-type"].startswith("application/jsonl")
    assert "attachment" in answer.headers["content-disposition"]
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert len(lines) == 6
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(client.get("/v1/audit/chain").json()["public_key"]))
    for each in lines:
        key.verify(bytes.fromhex(each["signature"]), f"facefusion audit entry 1\0{each['digest']}".encode())


def checked(client: httpx.Client) -> dict[str, Any]:
    begun = client.post("/v1/audit/chain")
    assert begun.status_code == 202, begun.text

    def look() -> dict[str, Any] | None:
        told: dict[str, Any] = client.get("/v1/audit/chain").json()
        return None if told["state"] == "checking" else told

    return until(look)


def test_the_log_is_checked_and_each_tenant_is_told_of_its_own(service: Served, client: httpx.Client) -> None:
    dan = service.client(DAN)
    before = dan.get("/v1/audit/chain").json()
    assert (before["state"], before["checked"], before["entries"]) == ("unchecked", None, None)
    told = checked(client)
    assert (told["state"], told["entries"], told["problem"]) == ("holds", 6, None)
    assert dan.get("/v1/audit/chain").json()["state"] == "unchecked"
    assert checked(dan)["entries"] == 0


def test_a_log_that_was_changed_is_told_of(tmp_path_factory: pytest.TempPathFactory) -> None:
    with served(tmp_path_factory.mktemp("changed")) as here:
        for _ in range(3):
            here.parts.records.note(ADA, "key", "added")
        with here.parts.records.engine.begin() as connection:
            altered = update(ENTRIES).where(ENTRIES.c.sequence == 2).values(body="{}")
            connection.execute(altered)
        client = here.client()
        told = checked(client)
        assert told["state"] == "broken"
        assert told["problem"]["type"] == "AuditBrokenError"
        assert "ntry 2" in told["problem"]["what"]
        assert client.get("/v1/audit").json()["type"] == "urn:facefusion:error:AuditBrokenError"


@pytest.mark.parametrize("path", ["", "/export", "/chain"])
def test_the_log_is_for_those_with_the_scope(service: Served, path: str) -> None:
    without = service.client(ADA, frozenset({"jobs:read", "admin"}))
    assert without.get(f"/v1/audit{path}").status_code == 403
    assert without.post("/v1/audit/chain").status_code == 403
