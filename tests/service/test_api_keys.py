"""Keys, and what tenants may have, over HTTP: nobody gives away more than they have, and nobody sees another's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from api_server import ADA, EVE, Served, served
from sqlalchemy import select

from facefusion.service.gateway.caller import ROLES, Caller
from facefusion.service.gateway.keys import KeyStore, read_key
from facefusion.service.gateway.keys.store import PURPOSE
from facefusion.service.settings import ServiceSettings
from facefusion.service.tables import IDEMPOTENCY

ADMIN = Caller("acme", "user:ada", ROLES["admin"])
OTHERS = Caller("other", "user:eve", ROLES["admin"])


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("keys"), settings=ServiceSettings(key_days=7)) as here:
        yield here


@pytest.fixture
def client(service: Served) -> httpx.Client:
    return service.client(ADMIN)


@pytest.fixture(scope="module")
def store(service: Served) -> KeyStore:
    return KeyStore(service.parts.engine, service.parts.records.ring.derived(PURPOSE))


def made(client: httpx.Client, **order: Any) -> dict[str, Any]:
    answer = client.post("/v1/keys", json={"name": "farm", "role": "operator"} | order)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def refused(answer: httpx.Response, status: int, kind: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    said: dict[str, Any] = answer.json()
    assert said["type"] == f"urn:facefusion:error:{kind}"
    return said


def test_a_key_is_made_shown_once_and_lets_its_holder_in(client: httpx.Client, store: KeyStore) -> None:
    answer = client.post("/v1/keys", json={"name": "farm", "role": "operator"})
    assert answer.headers["cache-control"] == "no-store"
    key, secret = answer.json()["key"], answer.json()["secret"]
    assert answer.headers["location"] == f"/v1/keys/{key['id']}"
    read = read_key(secret)
    found = store.find(key["id"])
    assert read is not None and found is not None
    assert found.digest == store.digest(secret)
    assert found.caller == Caller("acme", f"key:{key['id']}", ROLES["operator"])
    assert 6.9 * 86400 < found.seconds <= 7 * 86400
    shown = client.get(f"/v1/keys/{key['id']}")
    assert shown.json() == key and (key["state"], key["created_by"], key["is_own"]) == ("active", "user:ada", False)
    assert secret[16:] not in client.get("/v1/keys?all=true").text + shown.text


def test_a_key_has_scopes_of_its_own_or_a_role(client: httpx.Client) -> None:
    key = made(client, role=None, scopes=["jobs:read", "audit:read"], days=30)["key"]
    assert (key["role"], key["scopes"]) == (None, ["audit:read", "jobs:read"])
    for order in (
        {"name": "x"},
        {"name": "x", "role": "viewer", "scopes": ["jobs:read"]},
        {"name": "x", "role": "king"},
        {"name": "x", "scopes": ["jobs:dance"]},
        {"name": "", "role": "viewer"},
        {"name": "x", "role": "viewer", "days": 0},
        {"name": "x", "role": "viewer", "tenant": "other"},
    ):
        refused(client.post("/v1/keys", json=order), 422, "RequestInvalidError")
    refused(client.post("/v1/keys", json={"name": "a\nb", "role": "viewer"}), 422, "OptionsError")


def test_a_request_that_is_sent_twice_makes_one_key_and_its_secret_is_kept_sealed(
    service: Served, client: httpx.Client
) -> None:
    key, order = {"Idempotency-Key": "one key"}, {"name": "once", "role": "viewer"}
    first, again = (client.post("/v1/keys", json=order, headers=key) for _ in range(2))
    assert first.json() == again.json() and again.headers["idempotency-replayed"] == "true"
    assert [each["name"] for each in client.get("/v1/keys").json()["keys"]].count("once") == 1
    with service.parts.engine.connect() as connection:
        kept = "".join(str(each) for each in connection.execute(select(IDEMPOTENCY.c.body)).scalars())
    assert first.json()["secret"][16:] not in kept


def test_nobody_gives_away_what_they_may_not_do_themselves(service: Served, client: httpx.Client) -> None:
    few = service.client(ADMIN, frozenset({"admin", "jobs:read"}))
    refused(few.post("/v1/keys", json={"name": "x", "role": "operator"}), 403, "NotAllowedError")
    refused(few.post("/v1/keys", json={"name": "x", "scopes": ["jobs:write"]}), 403, "NotAllowedError")
    assert few.post("/v1/keys", json={"name": "x", "scopes": ["jobs:read"]}).status_code == 201
    larger = made(client)["key"]["id"]
    refused(few.post(f"/v1/keys/{larger}/rotate", json={}), 403, "NotAllowedError")
    refused(few.delete(f"/v1/keys/{larger}"), 403, "NotAllowedError")
    refused(service.client(ADMIN, ROLES["operator"]).get("/v1/keys"), 403, "NotAllowedError")


def test_keys_above_tenants_are_made_by_the_command_line_alone(
    service: Served, client: httpx.Client, store: KeyStore
) -> None:
    for caller in (client, service.client(ADA)):
        for order in ({"role": "platform"}, {"scopes": ["platform"]}):
            refused(caller.post("/v1/keys", json={"name": "x"} | order), 403, "NotAllowedError")
    key, _ = store.create(tenant="acme", name="boss", by="test", lives=timedelta(days=1), role="platform")
    for caller in (client, service.client(ADA)):
        refused(caller.post(f"/v1/keys/{key.id}/rotate", json={}), 403, "NotAllowedError")
    refused(client.delete(f"/v1/keys/{key.id}"), 403, "NotAllowedError")
    assert service.client(ADA).delete(f"/v1/keys/{key.id}").json()["state"] == "revoked"


def test_a_key_is_replaced_and_taken_back(client: httpx.Client, store: KeyStore) -> None:
    old = made(client, name="line")["key"]["id"]
    new = client.post(f"/v1/keys/{old}/rotate", json={"overlap_hours": 1, "days": 3})
    assert new.status_code == 201 and new.json()["key"]["name"] == "line"
    shown = client.get(f"/v1/keys/{old}").json()
    assert (shown["state"], shown["replaced_by"]) == ("replaced", new.json()["key"]["id"])
    before, after = store.find(old), store.find(new.json()["key"]["id"])
    assert before is not None and after is not None and before.caller == after.caller
    assert before.seconds <= 3600
    refused(client.post(f"/v1/keys/{old}/rotate", json={}), 422, "OptionsError")
    for _ in range(2):
        assert client.delete(f"/v1/keys/{shown['replaced_by']}").json()["state"] == "revoked"
    found = store.find(shown["replaced_by"])
    assert found is not None and found.is_revoked
    listed = {each["id"] for each in client.get("/v1/keys").json()["keys"]}
    assert old in listed and shown["replaced_by"] not in listed


def test_keys_are_those_of_the_tenant_alone(service: Served, client: httpx.Client) -> None:
    mine = made(client)["key"]["id"]
    theirs = service.client(OTHERS)
    assert mine not in theirs.get("/v1/keys?all=true").text
    for answer in (
        theirs.get(f"/v1/keys/{mine}"),
        theirs.delete(f"/v1/keys/{mine}"),
        theirs.post(f"/v1/keys/{mine}/rotate", json={}),
    ):
        refused(answer, 404, "KeyUnknownError")
    assert client.get(f"/v1/keys/{mine}").json()["state"] == "active"


def test_what_is_done_with_keys_and_limits_is_in_the_audit_log(service: Served, client: httpx.Client) -> None:
    key = made(client)["key"]["id"]
    client.delete(f"/v1/keys/{key}")
    service.client(ADA).put("/v1/tenants/noted", json={})
    log = service.parts.records.audit
    said = [each.facts for each in log.entries() if each.kind == "changed"]
    assert [(each["record"], each["action"]) for each in said[-3:]] == [
        ("key", "added"),
        ("key", "revoked"),
        ("tenant", "replaced"),
    ]


def test_a_tenant_sees_what_it_may_have_and_has(service: Served) -> None:
    boss = service.client(ADA)
    limits = {"max_queued": 2, "max_bytes": 100, "weight": 3, "reviewed": True, "requests_a_day": 9}
    changed = boss.put("/v1/tenants/other", json=limits)
    assert changed.status_code == 200 and changed.json()["limits"] == {
        "weight": 3,
        "max_running": None,
        "max_queued": 2,
        "max_priority": 9,
        "max_bytes": 100,
        "requests_a_day": 9,
        "paused": False,
        "reviewed": True,
    }
    theirs = service.client(EVE, ROLES["viewer"])
    assert theirs.get("/v1/usage").json() == changed.json() | {"requests": []}
    service.client(EVE).post("/v1/uploads?name=a.txt", content=b"x" * 60)
    assert theirs.get("/v1/usage").json()["used"] == {"running": 0, "unfinished": 0, "stored": 60}
    refused(service.client(EVE).post("/v1/uploads?name=a.txt", content=b"x" * 60), 429, "JobQuotaError")
    assert boss.put("/v1/tenants/other", json={}).json()["limits"]["max_bytes"] is None, "what is not given is as usual"
    nobody = service.client(Caller("nobody-yet", "user:x", ROLES["viewer"])).get("/v1/usage").json()
    assert nobody["used"]["stored"] == 0 and nobody["limits"]["weight"] == 1


def test_tenants_are_listed_and_set_by_whoever_runs_the_service_alone(service: Served, client: httpx.Client) -> None:
    boss = service.client(ADA)
    for name in ("a-1", "a-2", "a-3"):
        boss.put(f"/v1/tenants/{name}", json={"max_running": 1})
    page = boss.get("/v1/tenants?limit=2&after=a").json()
    assert [each["id"] for each in page["tenants"]] == ["a-1", "a-2"] and page["next"] == "a-2"
    assert boss.get("/v1/tenants?limit=1&after=a-2").json()["tenants"][0]["limits"]["max_running"] == 1
    assert boss.get("/v1/tenants?after=zzzz").json() == {"tenants": [], "next": None}
    refused(client.get("/v1/tenants"), 403, "NotAllowedError")
    refused(client.put("/v1/tenants/acme", json={}), 403, "NotAllowedError")
    for order in ({"weight": 0}, {"max_priority": 10}, {"max_bytes": -1}, {"paused": "no"}, {"requests_a_day": 0}):
        refused(boss.put("/v1/tenants/acme", json=order), 422, "RequestInvalidError")
    refused(boss.put("/v1/tenants/..%2Fx", json={}), 404, "NotFoundError")
    refused(boss.put("/v1/tenants/-x", json={}), 422, "RequestInvalidError")
