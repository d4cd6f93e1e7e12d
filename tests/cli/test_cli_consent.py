"""`consent`, `blocklist` and `policy`, as people type them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

PORTRAITS = Path(__file__).parents[2] / "examples" / "portraits"
CAPTAIN, ASTRONAUT = str(PORTRAITS / "grace_hopper.jpg"), str(PORTRAITS / "astronaut.png")


@pytest.fixture
def run(facefusion, capsys):
    """Type a command line; return exit status, stdout and stderr."""

    def typed(*argv: str) -> tuple[int, str, str]:
        return (facefusion(*argv, "--trust-dir", "trust"), *capsys.readouterr())

    return typed


@pytest.fixture
def consent(run) -> str:
    """The id of a consent on record, with evidence."""
    Path("deal.pdf").write_bytes(b"we agree")
    status, out, _ = run(
        *("consent", "add", CAPTAIN, "--granted-by", "Grace", "--name", "Grace", "--project", "film"),
        *("--processors", "face_swapper,face_enhancer", "--territories", "DE", "FR", "--until", "2099-12-31"),
        *("--evidence", "agreement=deal.pdf"),
    )
    assert status == 0
    return out.strip()


def test_a_consent_is_recorded_listed_and_shown(run, consent):
    status, out, _ = run("consent", "list")
    assert (status, out.count("\n")) == (0, 1)
    assert out.startswith(
        f"{consent}  holds: Grace; by Grace; project film; face_swapper, face_enhancer; DE, FR; until"
    )
    _, out, _ = run("consent", "show", consent, "--json")
    facts = json.loads(out)
    assert facts["scope"]["until"] == "2100-01-01T00:00:00Z"
    assert facts["evidence"][0]["kind"] == "agreement"
    assert facts["pictures"] == 1


def test_a_revoked_consent_is_shown_as_such(run, consent):
    assert run("consent", "revoke", consent, "--reason", "changed her mind")[0] == 0
    status, out, err = run("consent", "list")
    assert (status, out) == (0, "")
    assert "--all" in err
    assert "revoked" in run("consent", "list", "--all")[1]
    assert "changed her mind" in run("consent", "show", consent)[1]


def test_evidence_is_written_back_but_never_over_something(run, consent):
    Path("evidence").mkdir()
    status, out, _ = run("consent", "evidence", consent, "-o", "evidence")
    assert status == 0
    assert Path(out.strip()).read_bytes() == b"we agree"
    assert run("consent", "evidence", consent, "-o", "evidence")[0] == 33
    assert run("consent", "evidence", consent, "-o", "nowhere")[0] == 2


def test_an_erased_consent_is_gone(run, consent):
    assert run("consent", "erase", consent)[0] == 0
    status, _, err = run("consent", "show", consent)
    assert status == 65
    assert f"There is no consent {consent}" in err


def test_a_file_is_verified_with_the_public_key_alone_and_taken_over(run, consent, facefusion, capsys):
    assert run("consent", "export", consent, "-o", "grace.consent", "--with-face", "--with-evidence")[0] == 0
    Path("place.pem").write_text(run("consent", "key")[1])
    assert run("consent", "verify", "grace.consent")[0] == 0
    elsewhere = ("--trust-dir", "elsewhere")
    assert facefusion("consent", "verify", "grace.consent", *elsewhere) == 65
    assert facefusion("consent", "verify", "grace.consent", "--key", "place.pem", *elsewhere) == 0
    assert facefusion("consent", "import", "grace.consent", "--key", "place.pem", *elsewhere) == 0
    capsys.readouterr()
    assert facefusion("consent", "list", *elsewhere) == 0
    assert capsys.readouterr().out.startswith(consent)


def test_a_later_file_brings_a_revocation_along(run, consent, facefusion, capsys):
    Path("place.pem").write_text(run("consent", "key")[1])
    into = ("--key", "place.pem", "--trust-dir", "elsewhere")
    run("consent", "export", consent, "-o", "first.consent", "--with-face")
    assert facefusion("consent", "import", "first.consent", *into) == 0
    run("consent", "revoke", consent)
    run("consent", "export", consent, "-o", "second.consent")
    assert facefusion("consent", "import", "second.consent", *into) == 0
    assert f"{consent}: revoked" in capsys.readouterr().out
    assert facefusion("consent", "import", "first.consent", *into) == 0
    assert f"{consent}: revoked" in capsys.readouterr().out, "an old file does not bring it back"


def test_a_file_without_the_face_cannot_be_taken_over(run, consent, facefusion, capsys):
    run("consent", "export", consent, "-o", "grace.consent")
    Path("place.pem").write_text(run("consent", "key")[1])
    assert facefusion("consent", "import", "grace.consent", "--key", "place.pem", "--trust-dir", "elsewhere") == 65
    assert "--with-face" in capsys.readouterr().err


def test_a_file_that_was_changed_is_not_believed(run, consent):
    run("consent", "export", consent, "-o", "grace.consent")
    path = Path("grace.consent")
    path.write_text(path.read_text().replace('"DE"', '"US"'))
    status, _, err = run("consent", "verify", "grace.consent")
    assert status == 65
    assert "it was changed" in err


@pytest.mark.parametrize(
    ("arguments", "status", "what"),
    [
        ((CAPTAIN,), 2, "--granted-by"),
        ((CAPTAIN, "--granted-by", " "), 2, "--granted-by is empty"),
        ((CAPTAIN, "--granted-by", "x", "--until", "2001-01-01"), 2, "is over before it begins"),
        ((CAPTAIN, "--granted-by", "x", "--until", "soon"), 2, "is no day and no moment"),
        ((CAPTAIN, "--granted-by", "x", "--until", "9999-12-31"), 2, "is no day and no moment"),
        ((CAPTAIN, "--granted-by", "x", "--territories", "Germany"), 2, "--territories 'Germany' is not understood"),
        ((CAPTAIN, "--granted-by", "x", "--evidence", "none.pdf"), 2, "The evidence none.pdf cannot be read"),
        (("none.jpg", "--granted-by", "x"), 10, "none.jpg"),
        ((CAPTAIN, ASTRONAUT, "--granted-by", "x"), 26, "shows another person"),
    ],
)
def test_what_cannot_be_recorded_is_told(run, arguments, status, what):
    found, out, err = run("consent", "add", *arguments)
    assert (found, out) == (status, "")
    assert what in err
    assert run("consent", "list")[1] == ""


def test_a_picture_without_a_face_and_one_with_two_are_told(run, assets):
    pictures = assets / "pictures"
    assert run("consent", "add", str(pictures / "noface" / "noface_cat.png"), "--granted-by", "x")[0] == 20
    both = str(pictures / "usgov" / "two_people_obama_biden.jpg")
    status, _, err = run("consent", "add", both, "--granted-by", "x")
    assert status == 21
    assert "--source-face-position" in err
    assert run("consent", "add", both, "--granted-by", "x", "--source-face-position", "0")[0] == 0


def test_each_tenant_sees_its_own(run, consent):
    assert run("consent", "list", "--tenant", "other")[1] == ""
    assert run("consent", "show", consent, "--tenant", "other")[0] == 65


def test_faces_are_put_onto_the_list_and_taken_off(run):
    status, out, _ = run("blocklist", "add", CAPTAIN, "--basis", "request of the person", "--until", "2099-12-31")
    assert status == 0
    block = out.strip()
    run("blocklist", "add", CAPTAIN, "--basis", "her own consent", "--allow")
    _, out, _ = run("blocklist", "list", "--json")
    assert [entry["kind"] for entry in json.loads(out)["entries"]] == ["block", "allow"]
    assert run("blocklist", "remove", block)[0] == 0
    assert "  allow: " in run("blocklist", "list")[1]
    assert run("blocklist", "remove", block)[0] == 65


def test_a_face_is_listed_on_a_legal_ground_only(run):
    assert run("blocklist", "add", CAPTAIN)[0] == 2
    assert run("blocklist", "add", CAPTAIN, "--basis", "")[0] == 2


def test_a_policy_is_shown_with_its_reasons(run, monkeypatch):
    monkeypatch.delenv("FACEFUSION_POLICY", raising=False)
    _, out, _ = run("policy", "show", "cn")
    assert 'disclosure.label_language = "zh"\n    The label\'s words are Chinese' in out
    _, out, _ = run("policy", "show", "cn", "--json")
    assert json.loads(out)["schema"] == 1
    _, out, err = run("policy", "show", "--policy", "studio")
    assert "in force: studio" in err
    assert out.startswith("studio: ")


def test_a_policy_of_ones_own_begins_from_a_profile_and_is_signed(run):
    Path("own.toml").write_text(run("policy", "show", "hosted", "--toml")[1])
    assert run("policy", "check", "own.toml")[0] == 61
    assert run("policy", "sign", "own.toml")[0] == 0
    assert run("policy", "check", "own.toml")[0] == 61
    assert run("policy", "trust-key")[0] == 0
    status, out, _ = run("policy", "check", "own.toml")
    assert status == 0
    assert "signed by a key that is trusted here" in out
    Path("own.toml").write_text(Path("own.toml").read_text().replace("value = 168", "value = 1680"))
    status, _, err = run("policy", "check", "own.toml")
    assert status == 61
    assert "is not what was signed" in err


def test_a_policy_with_a_misspelt_rule_is_told(run):
    Path("own.toml").write_text(
        'schema = 1\nname = "own"\ndescription = "x"\nextends = "eu"\n[disclosure]\nlable = 1\n'
    )
    status, _, err = run("policy", "check", "own.toml")
    assert status == 61
    assert "there is no disclosure.lable. Perhaps you meant label" in err


def test_the_terms_are_shown_and_accepted_by_scripts_that_say_so(run):
    status, out, err = run("trust", "acknowledge", "--language", "en")
    assert status == 60
    assert "Never make anything sexual" in out
    assert "--acknowledge" in err
    assert "不得制作色情内容" in run("trust", "acknowledge", "--acknowledge", "--language", "zh")[1]
    assert run("trust", "acknowledge")[0] == 0


def test_the_audit_log_tells_of_every_change(run, consent):
    run("consent", "export", consent, "-o", "grace.consent")
    run("consent", "revoke", consent)
    run("consent", "erase", consent)
    entry = run("blocklist", "add", CAPTAIN, "--basis", "request of the person")[1].strip()
    run("blocklist", "remove", entry)
    run("policy", "sign", "hosted")
    _, out, _ = run("audit", "list", "--json")
    told = [(each["record"], each["action"]) for each in json.loads(out)["entries"]]
    assert told == [
        *(("consent", action) for action in ("added", "exported", "revoked", "removed")),
        *(("block list", action) for action in ("added", "removed")),
        ("policy", "replaced"),
    ]


@pytest.mark.parametrize("command", ["consent", "blocklist", "policy"])
def test_a_verb_that_is_none_is_told_with_the_nearest(run, command):
    status, _, err = run(command, "shwo" if command != "blocklist" else "lsit")
    assert status == 2
    assert f"There is no command '{command}" in err
    assert "Perhaps you meant" in err


def test_what_leaves_the_records_is_for_its_owner_alone(run, consent):
    Path("evidence").mkdir()
    assert run("consent", "evidence", consent, "-o", "evidence")[0] == 0
    assert run("consent", "export", consent, "-o", "consent.json", "--with-face", "--with-evidence")[0] == 0
    [evidence] = Path("evidence").iterdir()
    assert {path.stat().st_mode & 0o777 for path in (evidence, Path("consent.json"))} == {0o600}


def test_one_tenant_knows_nothing_of_another(run, consent):
    other = ("--tenant", "other")
    entry = run("blocklist", "add", CAPTAIN, "--basis", "her wish")[1].strip()
    assert run("consent", "list", "--all", *other)[1] == run("blocklist", "list", *other)[1] == ""
    for verb in (("show",), ("revoke",), ("erase",), ("export", "-o", "x.json"), ("evidence", "-o", ".")):
        assert run("consent", verb[0], consent, *verb[1:], *other)[0] == 65
    assert run("blocklist", "remove", entry, *other)[0] == 65
    assert run("consent", "show", consent)[0] == 0
