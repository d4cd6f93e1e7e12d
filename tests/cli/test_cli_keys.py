"""`keys` and `tenants`, as people type them."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(facefusion: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> Run:
    """Type a command line; return exit status, stdout and stderr."""

    def typed(*argv: str) -> tuple[int, str, str]:
        place = "--trust-dir", "trust", "--jobs-database", "jobs.db", "--actor", "ada"
        return (facefusion(*argv, *place), *capsys.readouterr())

    return typed


def facts(run: Run, *argv: str) -> dict:
    status, out, err = run(*argv, "--json")
    assert status == 0, err
    return json.loads(out)


def test_a_key_is_shown_once_and_never_again(run: Run) -> None:
    status, out, err = run("keys", "create", "--name", "render-farm", "--role", "operator", "--tenant", "film")
    key = out.strip()
    assert (status, key[:3], len(key)) == (0, "ff_", 65)
    assert key[3:15] in err
    assert "once" in err
    shown = [run("keys", "list"), run("keys", "list", "--json"), run("keys", "show", key[3:15])]
    everything = "".join(out + err for _, out, err in shown)
    assert key[3:15] in everything
    assert key[16:] not in everything


def test_keys_are_listed_by_tenant_and_shown(run: Run) -> None:
    film = facts(run, "keys", "create", "--name", "a", "--role", "viewer", "--tenant", "film", "--days", "7")
    facts(run, "keys", "create", "--name", "b", "--scopes", "jobs:read,jobs:write", "audit:read", "--tenant", "news")
    assert {key["name"] for key in facts(run, "keys", "list")["keys"]} == {"a", "b"}
    [found] = facts(run, "keys", "list", "--tenant", "film")["keys"]
    assert found == {name: value for name, value in film.items() if name != "key"}
    assert (found["role"], found["state"], found["created_by"], found["used"]) == ("viewer", "active", "ada", None)
    [other] = facts(run, "keys", "list", "--tenant", "news")["keys"]
    assert (other["role"], other["scopes"]) == (None, ["audit:read", "jobs:read", "jobs:write"])
    assert "film  a: viewer; until" in run("keys", "list")[1]


def test_a_key_without_a_name_is_called_by_what_it_may_do(run: Run) -> None:
    assert facts(run, "keys", "create", "--role", "viewer")["name"] == "viewer"
    assert facts(run, "keys", "create", "--scopes", "jobs:read")["name"] == "scopes"
    assert run("keys", "create", "--role", "viewer", "--name", "")[0] == 2


def test_a_key_is_replaced_and_revoked(run: Run) -> None:
    old = facts(run, "keys", "create", "--name", "farm", "--role", "viewer")
    new = facts(run, "keys", "rotate", old["id"], "--overlap", "1")
    assert new["key"] != old["key"]
    assert facts(run, "keys", "show", old["id"])["state"] == "replaced"
    assert facts(run, "keys", "revoke", new["id"])["state"] == "revoked"
    assert [key["id"] for key in facts(run, "keys", "list")["keys"]] == [old["id"]]
    assert len(facts(run, "keys", "list", "--all")["keys"]) == 2


def test_what_was_done_with_keys_and_tenants_is_in_the_audit_log(
    run: Run, facefusion: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    key = facts(run, "keys", "create", "--name", "farm", "--role", "viewer")
    run("keys", "rotate", key["id"])
    run("keys", "revoke", key["id"])
    run("tenants", "set", "default", "--weight", "2")
    capsys.readouterr()
    assert facefusion("audit", "list", "--json", "--trust-dir", "trust") == 0
    entries = json.loads(capsys.readouterr().out)["entries"]
    assert [(entry["record"], entry["action"]) for entry in entries] == [
        ("key", "added"), ("key", "replaced"), ("key", "revoked"), ("tenant", "replaced"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("argv", "code", "says"),
    [
        (("keys", "show", "000000000000"), 107, "no key"),
        (("keys", "revoke", "nothing"), 107, "no key"),
        (("keys", "create", "--name", "a"), 2, "--role"),
        (("keys", "create", "--name", "a", "--role", "king"), 2, "king"),
        (("keys", "create", "--name", "a", "--scopes", "jobs:dance"), 2, "jobs:dance"),
        (("keys", "create", "--name", "a", "--role", "viewer", "--days", "0"), 2, "days"),
        (("keys", "create", "--name", "a", "--role", "viewer", "--tenant", "../a"), 2, "tenant"),
        (("tenants", "set", "film"), 2, "Nothing is to be set"),
        (("tenants", "set", "film", "--weight", "0"), 2, "weight"),
        (("tenants", "set", "../film", "--weight", "1"), 2, "tenant"),
        (("tenants", "set", "film", "--max-bytes", "much"), 2, "max-bytes"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(run: Run, argv: tuple[str, ...], code: int, says: str) -> None:
    status, out, err = run(*argv)
    assert (status, out) == (code, "")
    assert says in err
    assert err.count("\n") == 1


def test_a_tenant_has_what_was_set_and_the_rest_stays(run: Run) -> None:
    facts(run, "tenants", "set", "film", "--max-queued", "5", "--max-bytes", "1.5GiB", "--reviewed", "--paused")
    found = facts(run, "tenants", "set", "film", "--requests-a-day", "1000", "--no-paused")
    assert found == facts(run, "tenants", "show", "film")
    assert found | {} == {
        "tenant": "film", "running": 0, "unfinished": 0, "stored_bytes": 0, "weight": 1, "max_running": None,
        "max_queued": 5, "max_priority": 9, "max_bytes": 3 << 29, "requests_a_day": 1000, "paused": False,
        "reviewed": True,
    }  # fmt: skip
    assert facts(run, "tenants", "set", "film", "--max-queued", "none")["max_queued"] is None
    assert [each["tenant"] for each in facts(run, "tenants", "list")["tenants"]] == ["film"]
    assert "reviewed" in run("tenants", "list")[1]
    assert "yes" in run("tenants", "show", "film")[1]
