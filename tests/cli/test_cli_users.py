"""`users`, as people type it."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable

import pytest

Run = Callable[..., tuple[int, str, str]]
PASSWORD = "rain on a tin roof"


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


def test_a_user_is_made_with_a_password_that_is_shown_once(run: Run) -> None:
    status, out, err = run("users", "create", "grace@example.com", "--role", "operator", "--tenant", "film")
    password = out.strip()
    assert status == 0
    assert re.fullmatch(r"([a-z2-9]{4}-){4}[a-z2-9]{4}", password)
    assert "once" in err
    shown = [run("users", "list"), run("users", "list", "--json")]
    assert password not in "".join(out + err for _, out, err in shown)
    assert "film  grace@example.com: operator; seen never" in shown[0][1]


def test_a_password_may_come_from_the_standard_input_and_is_not_repeated(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
    status, out, err = run("users", "create", "grace", "--role", "viewer", "--password-stdin")
    assert (status, out) == (0, "")
    assert PASSWORD not in err
    monkeypatch.setattr("sys.stdin", io.StringIO("\n"))
    assert run("users", "password", "grace", "--password-stdin")[0] == 2


def test_a_user_is_changed_shut_out_let_in_and_removed(
    run: Run, facefusion: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    made = facts(run, "users", "create", "Grace", "--role", "operator")
    assert facts(run, "users", "role", "grace", "reviewer")["role"] == "reviewer"
    assert facts(run, "users", "disable", "GRACE")["active"] is False
    assert facts(run, "users", "enable", "grace")["active"] is True
    assert facts(run, "users", "password", "grace")["password"] != made["password"]
    assert facts(run, "users", "remove", "grace")["id"] == made["id"]
    assert facts(run, "users", "list")["users"] == []
    assert facefusion("audit", "list", "--json", "--trust-dir", "trust") == 0
    entries = json.loads(capsys.readouterr().out)["entries"]
    assert [(entry["record"], entry["action"]) for entry in entries] == [
        ("user", "added"), ("user", "replaced"), ("user", "revoked"), ("user", "replaced"), ("user", "replaced"),
        ("user", "removed"),
    ]  # fmt: skip
    assert "grace" not in json.dumps(entries).lower()


def test_the_last_admin_goes_only_by_force(run: Run) -> None:
    facts(run, "users", "create", "root", "--role", "admin")
    for argv in (("disable", "root"), ("remove", "root"), ("role", "root", "viewer")):
        status, out, err = run("users", *argv)
        assert (status, out) == (121, "")
        assert "last active admin" in err
    assert facts(run, "users", "role", "root", "viewer", "--force")["role"] == "viewer"


@pytest.mark.parametrize(
    ("argv", "code", "says"),
    [
        (("users", "disable", "nobody"), 111, "no user"),
        (("users", "create", "x"), 2, "--role"),
        (("users", "create", "x", "--role", "king"), 2, "king"),
        (("users", "create", " x", "--role", "viewer"), 2, "name"),
        (("users", "create", "x", "--role", "viewer", "--tenant", "../a"), 2, "tenant"),
        (("users", "dance"), 2, "dance"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(run: Run, argv: tuple[str, ...], code: int, says: str) -> None:
    status, out, err = run(*argv)
    assert (status, out) == (code, "")
    assert says in err
    assert err.count("\n") == 1
