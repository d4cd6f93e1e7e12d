"""What people acknowledge once."""

from __future__ import annotations

import io
import json
import os
import stat
from datetime import UTC, datetime

import pytest

from facefusion.cli.asking import ask_once
from facefusion.cli.records import opened_log
from facefusion.cli.terminal import Terminal
from facefusion.errors import AcknowledgementError
from facefusion.options.trust import TrustOptions
from facefusion.trust.acknowledgement import TEXTS, acknowledge, ensure_acknowledged, is_acknowledged
from facefusion.trust.home import trust_home


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.delenv("FACEFUSION_POLICY", raising=False)
    return trust_home(tmp_path / "trust")


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def asked(home, answer: str, **given) -> str:
    screen, answers = Screen(), Screen(answer)
    ask_once(TrustOptions(trust_dir=home, actor="ann", **given), Terminal(None, screen), answers=answers)
    return screen.getvalue()


def test_nothing_is_known_at_first_and_the_error_says_exactly_what_to_do(home):
    assert not is_acknowledged(home)
    with pytest.raises(AcknowledgementError) as caught:
        ensure_acknowledged(home, "ann", given=False)
    assert caught.value.exit_code == 60
    for way in ("--acknowledge", "acknowledge = true", "FACEFUSION_ACKNOWLEDGE=1", "facefusion trust acknowledge"):
        assert way in caught.value.hint


def test_once_is_enough(home):
    ensure_acknowledged(home, "ann", given=True)
    assert is_acknowledged(home)
    ensure_acknowledged(home, "ann", given=False)


def test_who_and_when_is_kept_where_nobody_else_reads_it(home):
    acknowledge(home, "ann", clock=lambda: datetime(2026, 11, 21, 12, tzinfo=UTC))
    [path] = [path for path in home.iterdir() if path.suffix == ".json"]
    assert json.loads(path.read_text())["actor"] == "ann"
    assert json.loads(path.read_text())["at"] == "2026-11-21T12:00:00+00:00"
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_new_text_is_asked_for_anew(home, monkeypatch):
    acknowledge(home, "ann")
    monkeypatch.setattr("facefusion.trust.acknowledgement.VERSION", "another")
    assert not is_acknowledged(home)


@pytest.mark.parametrize("content", ["", "[]", "{", '{"version": 1}', "\xff"])
def test_a_note_that_cannot_be_read_is_none(home, content):
    acknowledge(home, "ann")
    (home / "acknowledged.json").write_text(content)
    assert not is_acknowledged(home)


def test_a_person_at_a_terminal_is_asked_once(home):
    assert "Never make anything sexual" in asked(home, "yes\n")
    assert is_acknowledged(home)
    assert asked(home, "") == ""


def test_a_machine_that_speaks_chinese_asks_in_chinese(home, monkeypatch):
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert "不得制作色情内容" in asked(home, "是\n")
    assert is_acknowledged(home)


@pytest.mark.parametrize("answer", ["no\n", "\n", "", "maybe\n"])
def test_anything_but_yes_is_no(home, answer):
    asked(home, answer)
    assert not is_acknowledged(home)


def test_scripts_are_not_asked(home):
    stderr = io.StringIO()
    ask_once(TrustOptions(trust_dir=home), Terminal(None, stderr), answers=io.StringIO("yes\n"))
    assert stderr.getvalue() == ""
    assert not is_acknowledged(home)


def test_who_gave_the_option_is_not_asked(home):
    assert asked(home, "", acknowledge=True) == ""


def test_the_audit_log_knows_that_the_terms_were_accepted(home):
    asked(home, "yes\n")
    with opened_log(TrustOptions(trust_dir=home)) as log:
        [entry] = log.entries()
    assert (entry.kind, entry.facts["record"]) == ("changed", "acknowledgement")


def test_both_texts_are_short_enough_to_be_read():
    assert all(len(text.splitlines()) < 12 for text in TEXTS.values())
