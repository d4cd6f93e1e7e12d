"""Who is let in, by which key, and what everybody else hears."""

from __future__ import annotations

import logging
from datetime import timedelta

import httpx
import pytest
from gateway_house import JOB, House

from facefusion.errors import JobsUnavailableError
from facefusion.service.gateway.keys import KeyFound, KeyStore, make_key
from facefusion.service.gateway.keys.form import _check

WRONG = "ff_000000000000_0000000000000000000000000000000000000000000"


def test_a_key_lets_its_tenant_in_with_its_scopes(house: House) -> None:
    key = house.key("viewer", tenant="studio")
    with house.serving() as service:
        answer = service.get(f"/v1/jobs/{JOB}", key)
    assert answer.status_code == 200
    found = answer.json()
    assert (found["tenant"], found["scopes"]) == ("studio", ["faces:read", "jobs:read", "models:read"])
    assert found["actor"] == f"key:{key[3:15]}"


def test_without_a_key_only_what_is_open_is_open(house: House) -> None:
    with house.serving() as service:
        refused = service.get(f"/v1/jobs/{JOB}")
        assert service.get("/v1/open").json()["caller"] is None
        assert service.get("/v1/health/live").status_code == 200
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"] == 'Bearer realm="facefusion"'


def test_a_scope_that_is_missing_is_named(house: House) -> None:
    with house.serving() as service, service.client(house.key("viewer")) as client:
        refused = client.post("/v1/jobs", json={})
    assert refused.status_code == 403
    assert refused.headers["www-authenticate"].endswith('error="insufficient_scope", scope="jobs:write"')


@pytest.mark.parametrize(
    "header",
    ["Basic YTpi", "Bearer", "Bearer a b", f"Bearer {WRONG}aaaaaa", "Bearer ff_x", "Digest x"],
)
def test_what_is_no_key_is_refused_everywhere(house: House, header: str) -> None:
    with house.serving() as service:
        refused = service.get("/v1/open", Authorization=header)
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"].endswith('error="invalid_token"')
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["type"] == "urn:facefusion:error:AuthenticationError"
    assert refused.json()["status"] == 401


def test_a_key_that_was_never_made_here_is_refused(house: House) -> None:
    with house.serving() as service:
        assert service.get("/v1/open", make_key().text).status_code == 401


def test_the_right_identifier_with_another_secret_is_refused(house: House) -> None:
    key = house.key()
    body = key[:16] + key[17:-6] + "0"
    with house.serving() as service:
        assert service.get("/v1/open", body + _check(body)).status_code == 401
        assert service.get("/v1/open", key).status_code == 200


def test_a_revoked_key_lets_nobody_in(house: House) -> None:
    key = house.key()
    house.keys.revoke(key[3:15])
    with house.serving() as service:
        refused = service.get("/v1/open", key)
    assert refused.status_code == 401
    assert "revoked" in refused.json()["detail"]
    entry = house.entries("denied")[0]
    assert (entry["tenant"], entry["actor"], entry["reason"]) == ("studio", f"key:{key[3:15]}", "key-revoked")


def test_an_expired_key_lets_nobody_in(house: House) -> None:
    key = house.key(days=1e-9)
    with house.serving() as service:
        refused = service.get("/v1/open", key)
    assert refused.status_code == 401
    assert "expired" in refused.json()["detail"]


def test_after_a_rotation_both_keys_hold_for_a_while_and_are_one_caller(house: House) -> None:
    old = house.key("viewer")
    _, new = house.keys.rotate(old[3:15], by="ada", lives=timedelta(days=1), overlap=timedelta(hours=1))
    with house.serving() as service:
        answers = [service.get(f"/v1/jobs/{JOB}", key) for key in (old, new.text)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert len({answer.json()["actor"] for answer in answers}) == 1


def test_a_rotation_without_overlap_ends_the_old_key(house: House) -> None:
    old = house.key()
    _, new = house.keys.rotate(old[3:15], by="ada", lives=timedelta(days=1), overlap=timedelta())
    with house.serving() as service:
        assert service.get("/v1/open", old).status_code == 401
        assert service.get("/v1/open", new.text).status_code == 200


def test_that_a_key_was_used_is_noted_to_the_hour(house: House) -> None:
    key = house.key()
    with house.serving() as service:
        service.get("/v1/open", key)
    used = house.keys.key(key[3:15]).used
    assert used is not None
    assert (used.minute, used.second, used.microsecond) == (0, 0, 0)


def test_a_key_in_the_address_is_refused_before_it_is_looked_at(house: House) -> None:
    with house.serving() as service:
        refused = service.get(f"/v1/open?key={house.key()}")
    assert refused.status_code == 400
    assert "rotate" in refused.json()["hint"]


def test_while_the_database_is_away_nobody_is_let_in_unchecked(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    key, is_away, find = house.key(), [True], KeyStore.find

    def maybe(self: KeyStore, key_id: str) -> KeyFound | None:
        if is_away[0]:
            raise JobsUnavailableError("connection to 10.0.0.5 refused")
        return find(self, key_id)

    monkeypatch.setattr(KeyStore, "find", maybe)
    with house.serving() as service:
        refused = service.get("/v1/open", key)
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
        assert "10.0.0.5" not in refused.text
        is_away[0] = False
        assert service.get("/v1/open", key).status_code == 200


def test_no_secret_is_ever_logged_or_answered(house: House, caplog: pytest.LogCaptureFixture) -> None:
    key = house.key()
    planted = [
        key,
        key[:-1] + ("a" if key[-1] != "a" else "b"),
        "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.",
        "hunter2secret",
    ]
    said = []
    with caplog.at_level(logging.DEBUG), house.serving() as service:
        for text in planted:
            for path in ("/v1/open", "/v1/bug", f"/v1/jobs/{JOB}", "/nowhere"):
                try:
                    answer = service.get(path, text)
                except httpx.HTTPError:
                    continue
                said.append(answer.text + str(answer.headers))
    everything = caplog.text + "".join(said) + "".join(entry.line() for entry in house.log.entries())
    for text in planted:
        assert text not in everything
        assert text[16:] not in everything or len(text) < 30
