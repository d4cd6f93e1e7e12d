"""Machines of one cluster have the same key: what `trust init --key` takes over, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from facefusion.cli.main import main
from facefusion.errors import SecretError
from facefusion.trust.home import trust_home
from facefusion.trust.keys import KeyRing
from facefusion.trust.keys.file import adopt_secret

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
        assert main(["trust", "init", "--key", str(first / "root.key"), "--trust-dir", str(second)]) == 0
    assert KeyRing.open(second).derived("watermark") == KeyRing.open(first).derived("watermark")
    assert (second / "root.key").stat().st_mode & 0o077 == 0
    assert str(second) in capsys.readouterr().out


def test_a_place_that_has_a_key_keeps_it(quiet_place: Path, first: Path, capsys: pytest.CaptureFixture[str]) -> None:
    second = trust_home(quiet_place / "second")
    before = KeyRing.open(second).derived("watermark")
    assert main(["trust", "init", "--key", str(first / "root.key"), "--trust-dir", str(second)]) == EXIT_CODE
    assert "has another key" in capsys.readouterr().err
    assert KeyRing.open(second).derived("watermark") == before


def test_a_place_that_lost_its_key_takes_no_other(tmp_path: Path, first: Path) -> None:
    second = trust_home(tmp_path / "second")
    KeyRing.open(second)
    (second / "root.key").unlink()
    with pytest.raises(SecretError, match="not the one that this place was begun with"):
        adopt_secret(second, first / "root.key")
    assert not (second / "root.key").exists()


@pytest.mark.parametrize(("content", "problem"), [(None, "There is no key"), (b"what is this", "damaged")])
def test_what_is_no_key_is_refused(tmp_path: Path, content: bytes | None, problem: str) -> None:
    given, home = tmp_path / "given.key", trust_home(tmp_path / "home")
    if content is not None:
        given.write_bytes(content)
        given.chmod(0o600)
    with pytest.raises(SecretError, match=problem):
        adopt_secret(home, given)
    assert not (home / "root.key").exists()


def test_a_key_that_others_can_read_is_refused(tmp_path: Path, first: Path) -> None:
    (first / "root.key").chmod(0o644)
    with pytest.raises(SecretError, match="open to others"):
        adopt_secret(trust_home(tmp_path / "home"), first / "root.key")
