"""`facefusion audit` and `facefusion storage`, as somebody types them."""

from __future__ import annotations

import json
import os
import shutil
import stat
from datetime import UTC, datetime, timedelta

import pytest
from audit_material import Clock, job_facts, line_files, open_log, publish, sha256

from facefusion.cli.main import main
from facefusion.trust.audit import AuditKeys
from facefusion.trust.keys import KeyRing

WITHOUT_RECORDS = [("storage", "key"), ("storage", "decrypt")]


@pytest.fixture
def home(quiet_place):
    """The folder of a place where two jobs were done."""
    home = quiet_place / "trust"
    home.mkdir(mode=0o700)
    log = open_log(home, AuditKeys.of(KeyRing.open(home)))
    (quiet_place / "result.mp4").write_bytes(b"a film")
    log.append("admitted", tenant="default", actor="ada", facts=job_facts())
    log.append("published", tenant="default", actor="ada", facts=job_facts(outputs=[sha256("a film")], watermark=7))
    refused = {"job": "fedcba9876543210", "error": "ConsentMissingError", "exit_code": 62}
    log.append("refused", tenant="default", actor="grace", facts=refused)
    log.close()
    return home


@pytest.fixture
def run(home, capsys):
    def run(*words, status=0):
        place = () if words[:2] in WITHOUT_RECORDS else ("--trust-dir", home)
        assert main([*map(str, (*words, *place))]) == status
        return capsys.readouterr()

    return run


class TestAudit:
    def test_list_shows_who_did_what_and_what_came_of_it(self, run):
        out, err = run("audit", "list")
        rows = [line.split() for line in out.splitlines()]
        assert [row[3] for row in rows] == ["admitted", "published", "refused"]
        assert [row[5] for row in rows] == ["ada", "ada", "grace"]
        assert rows[1][6:] == ["sha256", sha256("a film")[:12]]
        assert rows[2][6:] == ["ConsentMissingError"]
        assert err == "3 entries\n"

    def test_list_finds_by_file_person_consent_and_result(self, run, quiet_place):
        assert run("audit", "list", "--output", quiet_place / "result.mp4").err == "1 entry\n"
        assert run("audit", "list", "--actor", "ada", "--consent", "consent of Ada").err == "2 entries\n"
        assert run("audit", "list", "--result", "refused").err == "1 entry\n"
        assert run("audit", "list", "--since", "2099-01-01").err == "0 entries\n"
        (quiet_place / "portrait.png").write_bytes(b"portrait")
        found = json.loads(run("audit", "list", "--input", quiet_place / "portrait.png", "--json").out)
        assert [entry["kind"] for entry in found["entries"]] == ["admitted", "published"]

    def test_list_says_what_kinds_and_results_there_are(self, run):
        assert "There are admitted, refused" in run("audit", "list", "--kind", "nothing", status=2).err
        assert "There are done, refused" in run("audit", "list", "--result", "nothing", status=2).err

    def test_show_tells_all_of_an_entry_and_who_the_people_are(self, run):
        out = run("audit", "show", "2").out
        assert "watermark    0000000000000007" in out
        assert f"models       {sha256('mesh')} mesh" in out
        assert "  ada\n" in out and "  Ada Lovelace\n" in out and "  consent of Ada\n" in out
        assert json.loads(run("audit", "show", "2", "--json").out)["watermark"] == "0000000000000007"

    def test_verify_holds_or_says_where_not(self, run, home):
        assert run("audit", "verify").out.startswith("The chain of 3 entries holds")
        [path] = line_files(home)
        path.write_text(path.read_text().replace("ConsentMissingError", "FaceBlockedError"))
        assert "Entry 3 in the lines of JSON: it was altered" in run("audit", "verify", status=72).err

    def test_export_gives_signed_lines_that_verify_again(self, run, quiet_place):
        run("audit", "export", quiet_place / "entries.jsonl", "--job", job_facts()["job"])
        assert len((quiet_place / "entries.jsonl").read_text().splitlines()) == 2
        assert "2 entries of the copy agree" in run("audit", "verify", "--copy", quiet_place / "entries.jsonl").out
        assert "is there already" in run("audit", "export", quiet_place / "entries.jsonl", status=33).err
        (quiet_place / "entries.jsonl").write_text("{}\n")
        said = run("audit", "verify", "--copy", quiet_place / "entries.jsonl", status=72).err
        assert "line 1 of entries.jsonl is not an entry" in said

    def test_erase_gives_a_proof(self, run, quiet_place):
        path = run("audit", "erase", "--subject", "Ada Lovelace", "--proof", quiet_place / "proof.json").out.strip()
        assert stat.S_IMODE((quiet_place / "proof.json").stat().st_mode) == 0o600
        assert "The proof holds" in run("audit", "verify", "--proof", path).out
        assert "(erased or not kept)" in run("audit", "show", "1").out
        assert "knows no such subject" in run("audit", "erase", "--subject", "Ada Lovelace", status=71).err

    def test_erase_is_for_one_person(self, run):
        run("audit", "erase", status=2)
        run("audit", "erase", "--subject", "a", "--actor", "b", status=2)

    def test_prune_removes_what_is_old_enough(self, run):
        assert run("audit", "prune").out == "0 entries removed\n"
        assert run("audit", "prune", "--keep", "30d").out == "0 entries removed\n"
        assert run("audit", "prune", "--keep", "0h", "--actor", "cron").out == "3 entries removed\n"
        assert "The first 3 entries were pruned" in run("audit", "verify").out

    def test_prune_keeps_for_as_long_as_the_policy_says(self, run, home, monkeypatch):
        monkeypatch.delenv("FACEFUSION_POLICY")
        shutil.rmtree(home / "audit")
        (home / "trust.db").unlink()
        clock = Clock(datetime.now(UTC) - timedelta(days=40))
        log = open_log(home, AuditKeys.of(KeyRing.open(home)), clock=clock)
        publish(log, 1)
        log.close()
        assert run("audit", "prune", "--policy", "eu").out == "0 entries removed\n"
        assert run("audit", "prune", "--policy", "personal").out == "1 entry removed\n"

    def test_a_word_that_is_no_command_is_told(self, run):
        assert "Perhaps you meant verify" in run("audit", "verfy", status=2).err
        assert "There are storage list" in run("storage", "nothing", status=2).err


class TestStorage:
    def test_what_is_kept_goes_when_its_time_is_over_and_the_log_says_how_many(self, run, quiet_place):
        film = quiet_place / "result.mp4"
        run("storage", "keep", film, "--for", "0h")
        assert str(film) in run("storage", "list").out
        assert run("storage", "sweep", "--work-dir", quiet_place).out == f"{film}: removed\n"
        assert not film.exists()
        out = run("audit", "list", "--kind", "swept").out
        assert out.endswith("files: 1\n")
        assert str(film) not in out
        assert json.loads(run("storage", "list", "--json").out) == {"items": []}

    def test_a_file_is_encrypted_in_its_place_and_decrypted_elsewhere(self, run, quiet_place):
        film, key, again = (quiet_place / name for name in ("result.mp4", "key", "again.mp4"))
        run("storage", "key", key)
        run("storage", "encrypt", film, "--key-file", key)
        assert b"a film" not in film.read_bytes()
        run("storage", "decrypt", film, "--key-file", key, "--to", again)
        assert again.read_bytes() == b"a film"
        assert "is there already" in run("storage", "decrypt", film, "--key-file", key, "--to", again, status=33).err
        run("storage", "key", quiet_place / "other")
        said = run("storage", "decrypt", film, "--key-file", quiet_place / "other", "--to", "x", status=75).err
        assert "was encrypted with another key" in said
        film.write_bytes(film.read_bytes()[:-1])
        run("storage", "decrypt", film, "--key-file", key, "--to", "x", status=12)

    def test_a_file_that_was_encrypted_in_its_place_goes_when_its_time_is_over(self, run, quiet_place):
        film, key = quiet_place / "result.mp4", quiet_place / "key"
        run("storage", "key", key)
        run("storage", "keep", film, "--for", "0h")
        run("storage", "encrypt", film, "--key-file", key)
        run("storage", "encrypt", film, "--key-file", key, status=11)
        assert run("storage", "sweep", "--work-dir", quiet_place).out == f"{film}: removed\n"
        assert not film.exists()

    def test_who_only_encrypts_needs_no_place(self, capsys, quiet_place):
        film, key, nowhere = quiet_place / "film.mp4", quiet_place / "key", quiet_place / "nowhere"
        film.write_bytes(b"a film")
        assert main(["storage", "key", str(key)]) == 0
        assert main(["storage", "encrypt", str(film), "--key-file", str(key), "--trust-dir", str(nowhere)]) == 0
        assert not nowhere.exists()
        capsys.readouterr()


def test_one_tenant_sees_no_entry_and_no_file_of_another(run, home, quiet_place):
    number = json.loads(run("audit", "list", "--json").out)["entries"][0]["id"]
    assert "no audit entry" in run("audit", "show", number, "--tenant", "other", status=71).err
    assert "no audit entry" in run("audit", "show", "1", "--tenant", "other", status=71).err
    (quiet_place / "old.mp4").write_bytes(b"old")
    run("storage", "keep", "old.mp4", "--for", "0h")
    for json_too in ((), ("--json",)):
        assert "old.mp4" not in run("storage", "list", "--tenant", "other", *json_too).out
        assert "old.mp4" not in run("storage", "sweep", "--tenant", "other", *json_too).out
    assert not (quiet_place / "old.mp4").exists()


def test_a_proof_that_cannot_be_written_is_told_instead(run, quiet_place):
    told = run("audit", "erase", "--actor", "grace", "--proof", "nowhere/proof.json", status=31)
    (quiet_place / "proof.json").write_text(told.out)
    assert "was erased" in run("audit", "verify", "--proof", "proof.json").out


def test_all_that_is_kept_is_for_its_owner_alone_whatever_the_mask(run, home, quiet_place):
    before = os.umask(0)
    try:
        run("trust", "init")
        run("audit", "prune")
        run("audit", "export", "entries.jsonl")
        run("storage", "key", "my.key")
        run("policy", "trust-key")
    finally:
        os.umask(before)
    kept = [*home.rglob("*"), quiet_place / "entries.jsonl", quiet_place / "my.key"]
    assert {path.name: oct(path.stat().st_mode & 0o077) for path in kept if path.stat().st_mode & 0o077} == {}


def test_a_key_is_never_replaced_not_even_where_a_link_leads_nowhere(run, quiet_place):
    (quiet_place / "my.key").symlink_to("elsewhere.key")
    assert "never replaced" in run("storage", "key", "my.key", status=33).err
    assert not (quiet_place / "elsewhere.key").exists()


def test_times_beyond_all_calendars_are_told(run, home):
    assert "is too long" in run("storage", "keep", "result.mp4", "--for", "999999y", status=2).err
    assert "is too long" in run("audit", "prune", "--keep", "999999y", status=2).err
    for time in ("0001-01-01T00:00+23:00", "tomorrow"):
        assert "is no time such as" in run("audit", "list", "--since", time, status=2).err
