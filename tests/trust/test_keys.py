"""The one secret of a place, and the keys made of it."""

import logging
import multiprocessing
import os
import pickle
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from facefusion.errors import SecretError
from facefusion.trust.home import trust_home
from facefusion.trust.keys import KeyRing

on_posix = pytest.mark.skipif(os.name != "posix", reason="permissions of this kind are of POSIX systems")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return trust_home(tmp_path / "trust")


def test_a_purpose_always_has_the_same_key_and_no_two_purposes_share_one(home: Path) -> None:
    first, again = KeyRing.open(home), KeyRing.open(home)
    assert first.derived("watermark") == again.derived("watermark")
    assert len({first.derived(purpose) for purpose in ("watermark", "audit", "templates/1", "templates/2")}) == 4
    assert len(first.derived("watermark")) == 32
    assert first.signing_key("audit").private_bytes_raw() != first.derived("audit")


def test_what_one_opening_signs_another_checks(home: Path) -> None:
    signature = KeyRing.open(home).signing_key("audit").sign(b"entry")
    KeyRing.open(home).public_key("audit").verify(signature, b"entry")


def test_two_places_have_nothing_in_common(tmp_path: Path) -> None:
    one, other = (KeyRing.open(trust_home(tmp_path / name)) for name in ("one", "other"))
    assert one.derived("watermark") != other.derived("watermark")


def test_a_key_without_purpose_is_refused(home: Path) -> None:
    with pytest.raises(ValueError, match="purpose"):
        KeyRing.open(home).derived("")


@on_posix
def test_only_the_owner_may_read_what_was_made(home: Path) -> None:
    KeyRing.open(home)
    assert {stat.S_IMODE(path.stat().st_mode) for path in home.glob("root.[kf]*")} == {0o600}
    assert not list(home.glob("*.part"))


@on_posix
def test_a_key_that_others_may_read_is_refused_with_what_to_run(home: Path) -> None:
    KeyRing.open(home)
    (home / "root.key").chmod(0o640)
    with pytest.raises(SecretError, match=r"open to others.*chmod 600"):
        KeyRing.open(home)


@pytest.mark.parametrize("damage", [b"", b"\0" * 200, b"facefusion root secret 1\n"])
def test_a_damaged_key_is_refused(home: Path, damage: bytes) -> None:
    KeyRing.open(home)
    (home / "root.key").write_bytes(damage)
    with pytest.raises(SecretError, match=r"damaged.*backup"):
        KeyRing.open(home)


def test_a_single_changed_digit_is_damage(home: Path) -> None:
    KeyRing.open(home)
    path = home / "root.key"
    text = path.read_text()
    for position in range(len(text)):
        changed = "1" if text[position] == "0" else "0"
        path.write_text(text[:position] + changed + text[position + 1 :])
        with pytest.raises(SecretError, match="damaged"):
            KeyRing.open(home)


def test_a_lost_key_is_never_replaced_in_silence(home: Path) -> None:
    KeyRing.open(home)
    (home / "root.key").unlink()
    with pytest.raises(SecretError, match=r"missing.*backup"):
        KeyRing.open(home)


def test_the_key_of_another_place_is_refused(home: Path, tmp_path: Path) -> None:
    KeyRing.open(home)
    other = trust_home(tmp_path / "other")
    KeyRing.open(other)
    (other / "root.key").replace(home / "root.key")
    with pytest.raises(SecretError, match="not the one"):
        KeyRing.open(home)


def test_a_folder_in_place_of_the_key_is_refused(home: Path) -> None:
    (home / "root.key").mkdir()
    with pytest.raises(SecretError, match=r"root\.key"):
        KeyRing.open(home)


def test_processes_that_start_at_once_get_the_same_key(home: Path) -> None:
    context = multiprocessing.get_context("spawn")
    with context.Pool(4) as pool:
        keys = pool.map(_watermark_key, [home] * 8)
    assert len(set(keys)) == 1


def _watermark_key(home: Path) -> bytes:
    return KeyRing.open(home).derived("watermark")


def test_no_secret_is_shown_logged_or_sent(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        ring = KeyRing.open(home)
    secret = (home / "root.key").read_text().split("\n")[1]
    assert secret not in caplog.text + repr(ring) + str(ring) + repr(ring.signing_key("audit"))
    assert not hasattr(ring, "__dict__")
    with pytest.raises(TypeError, match="pickled"):
        pickle.dumps(ring)


@on_posix
@pytest.mark.skipif(os.name == "posix" and os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_folder_that_cannot_be_written_says_so(home: Path) -> None:
    home.chmod(0o500)
    with pytest.raises(SecretError, match="--trust-dir"):
        KeyRing.open(home)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="root alone can hand a file to a group")
@pytest.mark.parametrize(
    ("mode", "group", "is_read"), [(0o440, 10001, True), (0o440, 10002, False), (0o444, 10001, False)]
)
def test_a_key_that_root_hands_to_our_group_is_read(mode: int, group: int, is_read: bool) -> None:
    # As Kubernetes mounts a secret: the file is root's, and the group of the pod may read it.
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "own.key").write_bytes(b"secret")
        os.chown(folder / "own.key", 0, group)
        (folder / "own.key").chmod(mode)
        script = (
            "import os, sys\nfrom pathlib import Path\nfrom facefusion.trust.keys.file import read_private\n"
            "os.setgroups([10001]); os.setgid(10001); os.setuid(10001)\nprint(read_private(Path(sys.argv[1])))\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", script, str(folder / "own.key")], capture_output=True, text=True, check=False
        )
    assert (done.stdout.strip() == "b'secret'") is is_read, done.stderr
