"""The audit of locked packages: nothing counts as looked at that was not."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest
from release_material import ROOT

from release import audit

PINS = {("idna", "3.20"), ("pillow", "13.0.0")}
CLEAN = {
    "dependencies": [
        {"name": "idna", "version": "3.20", "vulns": []},
        {"name": "Pillow", "version": "13.0.0", "vulns": []},
    ],
    "fixes": [],
}
# As pip-audit 2.10 answers, with status 0, where it cannot reach what it asks
SKIPPED = {
    "dependencies": [
        {"name": "idna", "skip_reason": "Dependency not found on PyPI and could not be audited: idna (3.20)"},
        {"name": "pillow", "skip_reason": "Dependency not found on PyPI and could not be audited: pillow (13.0.0)"},
    ],
    "fixes": [],
}
WEAK = {
    "dependencies": [
        {"name": "idna", "version": "3.20", "vulns": []},
        {
            "name": "pillow",
            "version": "13.0.0",
            "vulns": [{"id": "PYSEC-2030-1", "aliases": ["CVE-2030-1"], "fix_versions": ["13.0.1"], "description": ""}],
        },
    ]
}


def test_packages_without_a_known_weakness_are_no_problem():
    assert audit.judge(CLEAN, PINS, {}) == []


def test_what_was_skipped_is_a_failure_though_the_tool_reports_success(tmp_path, monkeypatch, capsys):
    lock = tmp_path / "lock.txt"
    lock.write_text(
        "idna==3.20 \\\n    --hash=sha256:00\npillow==13.0.0 ; sys_platform == 'win32' \\\n    --hash=sha256:00\n"
    )
    monkeypatch.setattr(audit.sys, "executable", str(_tool(tmp_path, SKIPPED)))
    assert audit.main([str(lock)]) == 1
    told = capsys.readouterr()
    assert told.err.splitlines() == [
        "idna was skipped: Dependency not found on PyPI and could not be audited: idna (3.20)",
        "pillow was skipped: Dependency not found on PyPI and could not be audited: pillow (13.0.0)",
    ]
    assert told.out == ""


def test_what_the_answer_does_not_name_is_a_failure():
    assert audit.judge({"dependencies": CLEAN["dependencies"][:1]}, PINS, {}) == ["pillow 13.0.0 was not looked at"]
    assert len(audit.judge({}, PINS, {})) == 2


def test_a_weakness_is_told_with_what_mends_it():
    assert audit.judge(WEAK, PINS, {}) == ["pillow 13.0.0: PYSEC-2030-1, mended in 13.0.1"]


@pytest.mark.parametrize("name", ["PYSEC-2030-1", "CVE-2030-1"])
def test_a_weakness_that_was_looked_at_and_does_not_touch_us_is_accepted_with_a_reason(name):
    assert audit.judge(WEAK, PINS, audit.read_accepted(f"# why\n{name} we never open such files\n")) == []
    with pytest.raises(audit.AuditError, match="for no reason"):
        audit.read_accepted(f"{name}\n")


def test_an_answer_that_is_none_is_a_failure(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(audit.sys, "executable", str(_tool(tmp_path, None)))
    lock = tmp_path / "lock.txt"
    lock.write_text("idna==3.20\n")
    assert audit.main([str(lock)]) == 1
    assert "pip-audit gave no answer: no such module" in capsys.readouterr().err


def test_packages_are_asked_for_whatever_their_markers_say_and_each_version_of_them(tmp_path, monkeypatch):
    monkeypatch.setattr(audit.sys, "executable", str(_tool(tmp_path, CLEAN)))
    answer = audit.ask({("idna", "3.20"), ("idna", "3.19"), ("pillow", "13.0.0")})
    assert len(answer["dependencies"]) == 4
    assert (tmp_path / "asked").read_text().split() == ["idna==3.19", "pillow==13.0.0", "idna==3.20"]


def test_all_locks_are_read_in_full():
    for lock in sorted((ROOT / "requirements").glob("*.txt")):
        text = lock.read_text()
        assert len(audit.read_pins(text)) == sum(not line.startswith(" ") for line in text.splitlines() if line)


def test_the_accepted_advisories_have_reasons():
    audit.read_accepted(audit.ACCEPTED.read_text())


def _tool(place: Path, answer: object) -> Path:
    """A program in the place of Python and pip-audit that notes what it was asked, and answers so."""
    tool = place / "tool"
    say = f"echo '{json.dumps(answer)}'" if answer is not None else "echo no such module >&2; exit 1"
    tool.write_text(f'#!/bin/sh\nfor last; do :; done\ncat "$last" >> {place}/asked\n{say}\n')
    os.chmod(tool, tool.stat().st_mode | stat.S_IXUSR)  # noqa: PTH101
    return tool
