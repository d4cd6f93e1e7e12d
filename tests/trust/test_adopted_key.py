"""Machines of one cluster have the same key: what a place takes over (`--trust-key-file`), and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from facefusion.cli.main import main
from facefusion.errors import SecretError
from facefusion.trust.home import trust_home
from facefusion.trust.keys import KeyRing

EXIT_CODE = SecretError.exit_code


@pytest.fixture
def first(tmp_path: Path) -> Path:
    home = trust_home(tmp_path / "first")
    KeyRing.open(home)
    return home


def test_a_second_machine_works_with_the_keys_of_the_first(
    quiet_place: Path, first: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    second = quiet_place / "second"
    for _ in range(2):  # a container that is begun again finds what it made
        assert main(["trust", "init", "--trust-key-file", str(first / "root.key"), "--trust-dir", str(second)]) == 0
    assert KeyRing.open(second).derived("watermark") == KeyRing.open(first).derived("watermark")
    assert (second / "root.key").stat().st_mode & 0o077 == 0
    assert str(second) in capsys.readouterr().out


def test_a_place_that_has_a_key_keeps_it(quiet_place: Path, first: Path, capsys: pytest.CaptureFixture[str]) -> None:
    second = trust_home(quiet_place / "second")
    before = KeyRing.open(second).derived("watermark")
    assert main(["trust", "init", "--trust-key-file", str(first / "root.key"), "--trust-dir", str(second)]) == EXIT_CODE
    assert "has another key" in capsys.readouterr().err
    assert KeyRing.open(second).derived("watermark") == before


def test_a_place_that_lost_its_key_takes_no_other(tmp_path: Path, first: Path) -> None:
    second = trust_home(tmp_path / "second")
    KeyRing.open(second)
    (second / "root.key").unlink()
    with pytest.raises(SecretError, match="not the one that this place was begun with"):
        trust_home(second, first / "root.key")
    assert not (second / "root.key").exists()


@pytest.mark.parametrize(("content", "problem"), [(None, "No such file"), (b"what is this", "damaged")])
def test_what_is_no_key_is_refused(tmp_path: Path, content: bytes | None, problem: str) -> None:
    given = tmp_path / "given.key"
    if content is not None:
        given.write_bytes(content)
    with pytest.raises(SecretError, match=problem):
        trust_home(tmp_path / "home", given)
    assert not (tmp_path / "home" / "root.key").exists()


def test_a_key_may_be_mounted_for_others_to_read_and_its_copy_is_for_its_owner(tmp_path: Path, first: Path) -> None:
    mounted = tmp_path / "mounted.key"
    mounted.write_bytes((first / "root.key").read_bytes())
    mounted.chmod(0o444)
    home = trust_home(tmp_path / "home", mounted)
    assert (home / "root.key").read_bytes() == mounted.read_bytes()
    assert (home / "root.key").stat().st_mode & 0o777 == 0o600


def test_every_command_of_a_place_takes_the_key_over(
    quiet_place: Path, first: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FACEFUSION_TRUST_KEY_FILE", str(first / "root.key"))
    for number, command in enumerate((["audit", "list"], ["consent", "list"], ["storage", "list"], ["policy", "show"])):
        home = quiet_place / str(number)
        assert main([*command, "--trust-dir", str(home)]) == 0, capsys.readouterr().err
        assert (home / "root.key").read_bytes() == (first / "root.key").read_bytes()
