"""The policy over HTTP: what it says, and another one for this place where that may be."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from api_server import ADA, Served, served
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from facefusion.service.gateway.caller import ROLES, Caller
from facefusion.service.policy_shown import MEANINGS
from facefusion.trust.home import trust_home
from facefusion.trust.policy.loading import read_policy
from facefusion.trust.policy.signing import sign_policy, signature_of, trust_key
from material import ASTRONAUT, CAPTAIN

VIEWER = Caller("acme", "user:vic", ROLES["viewer"])
ADMIN = Caller("acme", "user:ada", ROLES["admin"])
ORDER: dict[str, Any] = {"extends": "personal", "name": "house", "description": "Our house"}
LABEL = {"disclosure.label": {"value": "throughout", "why": "Our customers want it"}}


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    monkeypatch.delenv("FACEFUSION_POLICY", raising=False)
    with served(tmp_path) as here:
        yield here


def refused(answer: httpx.Response, status: int, kind: str) -> str:
    assert answer.status_code == status, answer.text
    assert answer.json()["type"] == f"urn:facefusion:error:{kind}"
    return str(answer.json()["detail"])


def rule(shown: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in shown["rules"] if each["name"] == name)
    return found


def test_every_rule_is_shown_with_what_it_means_and_may_be(service: Served) -> None:
    shown = service.client(VIEWER).get("/v1/policy").json()
    assert (shown["name"], shown["origin"], shown["is_signed"], shown["signed_by"]) == (
        "personal",
        "option",
        False,
        None,
    )
    assert {each["name"] for each in shown["rules"]} == MEANINGS.keys()
    assert not shown["can_change"] and service.client(ADA).get("/v1/policy").json()["can_change"]
    label = rule(shown, "disclosure.label")
    assert (label["value"], label["is_fixed"]) == ("none", False)
    assert label["values"]["enum"] == ["none", "start", "ends", "throughout"]
    assert rule(shown, "content.source")["is_fixed"] and rule(shown, "content.source")["values"]["const"] is True
    assert rule(shown, "content.youngest")["values"]["minimum"] == 18
    assert rule(shown, "content.sampling_seconds")["values"] == {"type": "number", "minimum": 0.04, "maximum": 2.0}
    assert rule(shown, "disclosure.label_height")["values"]["maximum"] == 0.15
    assert all(each["why"] and each["meaning"] for each in shown["rules"])


def test_a_policy_that_is_set_holds_for_the_next_job(service: Served, tmp_path: Path) -> None:
    boss = service.client(ADA)
    before = boss.get("/v1/policy")
    later = {"privacy.work_folder": {"value": "memory", "why": "No disk"}}
    answer = boss.put("/v1/policy", json=ORDER | {"rules": LABEL}, headers={"If-Match": before.headers["etag"]})
    assert answer.status_code == 200, answer.text
    assert (answer.json()["holds_from"], answer.json()["at_next_start"]) == ("next-job", [])
    shown = boss.get("/v1/policy").json()
    assert answer.json()["policy"] == shown
    assert (shown["name"], shown["origin"], shown["extends"]) == ("house", "place", "personal")
    assert [each["name"] for each in shown["rules"] if each["is_changed"]] == ["disclosure.label"]
    assert rule(shown, "disclosure.label")["why"] == "Our customers want it"
    uploads = [
        boss.post(f"/v1/uploads?name={each.name}", content=each.read_bytes()).json()["id"]
        for each in (ASTRONAUT, CAPTAIN)
    ]
    preview = {"sources": [f"upload:{uploads[0]}"], "target": f"upload:{uploads[1]}", "max_side": 128}
    weaker = boss.post("/v1/previews", json=preview | {"options": {"label": "start"}})
    assert weaker.status_code == 403
    assert "Our customers want it" in weaker.json()["hint"], "a job that wants less is refused, and told why"
    again = boss.put("/v1/policy", json=ORDER | {"rules": later})
    assert again.json()["at_next_start"] == ["privacy.work_folder"]
    assert rule(again.json()["policy"], "disclosure.label")["value"] == "none", "what is not given is as in the profile"
    refused(boss.put("/v1/policy", json=ORDER, headers={"If-Match": before.headers["etag"]}), 412, "PreconditionError")
    noted = [each.facts for each in service.parts.records.audit.entries() if each.kind == "changed"]
    assert noted[-1]["record"] == "policy" and noted[-1]["policy"]["name"] == "house"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"extends": "nothing"}, "no profile"),
        ({"extends": "./eu"}, "no profile"),
        ({"extends": "hosted"}, "signature"),
        ({"name": "A B"}, "name"),
        ({"rules": {"disclosure.lable": {"value": "none", "why": "x"}}}, "no rule"),
        ({"rules": {"disclosure": {"value": "none", "why": "x"}}}, "no rule"),
        ({"rules": {"content.youngest": {"value": 12, "why": "x"}}}, "no policy may have less"),
        ({"rules": {"content.source": {"value": False, "why": "x"}}}, "no policy may have less"),
        ({"rules": {"disclosure.label": {"value": "sometimes", "why": "x"}}}, "disclosure.label"),
        ({"rules": {"disclosure.label": {"value": 3, "why": "x"}}}, "disclosure.label"),
        ({"rules": {"disclosure.label": {"value": "none", "why": " "}}}, "why"),
        ({"rules": {"disclosure.label": {"value": "none"}}}, "why"),
    ],
)
def test_what_is_no_policy_is_refused_and_changes_nothing(service: Served, change: dict[str, Any], says: str) -> None:
    boss = service.client(ADA)
    before = boss.get("/v1/policy").json()
    said = refused(boss.put("/v1/policy", json=ORDER | change), 422, "RequestInvalidError")
    assert says in said and "policy.toml" not in said
    assert boss.get("/v1/policy").json() == before


def test_who_does_not_run_the_service_sets_no_policy(service: Served) -> None:
    refused(service.client(ADMIN).put("/v1/policy", json=ORDER), 403, "NotAllowedError")


def test_a_signed_policy_says_by_whom_and_is_not_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
    home = trust_home(tmp_path / "trust")
    trust_key(key.public_key(), home)
    signer = sign_policy(read_policy("hosted"), key, signature_of("hosted", home))
    monkeypatch.delenv("FACEFUSION_POLICY")
    with served(tmp_path, policy="hosted") as here:
        boss = here.client(ADA)
        shown = boss.get("/v1/policy").json()
        assert (shown["is_signed"], shown["signed_by"], shown["can_change"]) == (True, signer, False)
        assert "signed" in refused(boss.put("/v1/policy", json=ORDER), 409, "PolicyFixedError")
        assert boss.get("/v1/policy").json() == shown


def test_a_policy_that_was_chosen_elsewhere_is_not_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FACEFUSION_POLICY")
    with served(tmp_path, policy="eu") as here:
        boss = here.client(ADA)
        refused(boss.put("/v1/policy", json=ORDER), 409, "PolicyFixedError")
        monkeypatch.setenv("FACEFUSION_POLICY", "cn")
        assert boss.get("/v1/policy").json()["origin"] == "environment"
        assert "FACEFUSION_POLICY" in refused(boss.put("/v1/policy", json=ORDER), 409, "PolicyFixedError")
