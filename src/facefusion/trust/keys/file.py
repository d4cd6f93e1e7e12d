"""The file of the root secret: made once, read with care.

Three lines: what it is, the secret in hexadecimal digits, and some digits of its SHA-256, by which a damaged
file is known. A second file, which is no secret, names the fingerprint of the first: if only that one is there, the
secret was lost, and a new one would leave consents, lists and records that nobody can read.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
from pathlib import Path
from typing import Final, NoReturn

from filelock import FileLock, Timeout

from facefusion.errors import SecretError

SECRET_FILE: Final = "root.key"
FINGERPRINT_FILE: Final = "root.fingerprint"
_LOCK_FILE: Final = "root.lock"
_HEAD: Final = "facefusion root secret 1"
_LENGTH: Final = 32
_CHECK_DIGITS: Final = 16
_LARGEST: Final = 4096
_PATIENCE: Final = 30.0
_OTHERS: Final = 0o077
_GROUP_READS: Final = 0o040


def opened_secret(home: Path) -> bytes:
    """Return the 32 bytes of a folder, made on first use.

    Raises:
        SecretError: missing although there was one, damaged, open to others, or it cannot be written.
    """
    try:
        secret = _read(home / SECRET_FILE) or _made(home)
        _checked(home, secret)
    except (OSError, Timeout) as error:
        reason = getattr(error, "strerror", None) or error
        raise SecretError(
            f"The key {home / SECRET_FILE} cannot be used: {reason}", "Choose another folder with --trust-dir"
        ) from error
    return secret


def adopt_secret(home: Path, source: Path) -> None:
    """Let a folder have the secret of another machine, as all that share a database need it.

    Nothing changes where it has that one already.

    Args:
        home: as `trust_home` returns it.
        source: the file `root.key` of the other machine. Others may read it, as platforms mount secrets for a
            container in which nobody else is; the copy is for its owner alone.

    Raises:
        SecretError: the file is missing or damaged, or the folder has another secret.
    """
    try:
        given = _parsed(source, source.read_bytes())
        with FileLock(home / _LOCK_FILE, timeout=_PATIENCE, mode=0o600):
            own = _read(home / SECRET_FILE)
            if own not in (None, given):
                raise SecretError(f"The folder {home} has another key", "Choose an empty folder with --trust-dir")
            _checked(home, given)
            if own is None:
                _write(home, given)
    except (OSError, Timeout) as error:
        reason = getattr(error, "strerror", None) or error
        raise SecretError(
            f"The key {source} cannot be taken over into {home}: {reason}", "Look at the rights of both"
        ) from error


def _made(home: Path) -> bytes:
    """Make the secret unless another process has done so meanwhile."""
    with FileLock(home / _LOCK_FILE, timeout=_PATIENCE, mode=0o600):
        found = _read(home / SECRET_FILE)
        if found is not None:
            return found
        if (home / FINGERPRINT_FILE).exists():
            raise SecretError(
                f"The key {home / SECRET_FILE} is missing, although there was one",
                f"Put it back from a backup; to begin anew without what was kept under it, move {home} away",
            )
        secret = secrets.token_bytes(_LENGTH)
        _write(home, secret)
        return secret


def _write(home: Path, secret: bytes) -> None:
    write_private(home / SECRET_FILE, f"{_HEAD}\n{secret.hex()}\n{_check(secret)}\n".encode())


def _read(path: Path) -> bytes | None:
    try:
        return _parsed(path, read_private(path))
    except FileNotFoundError:
        return None


def _parsed(path: Path, content: bytes) -> bytes:
    try:
        text = content.decode("ascii")
        head, digits, check, rest = text.split("\n")
        secret = bytes.fromhex(digits)
    except ValueError:
        _damaged(path)
    if (head, len(secret), check, rest) != (_HEAD, _LENGTH, _check(secret), ""):
        _damaged(path)
    return secret


def _checked(home: Path, secret: bytes) -> None:
    """Keep which secret this place has, or hold it against what was kept."""
    path, fingerprint = home / FINGERPRINT_FILE, _fingerprint(secret)
    if not path.exists():
        write_private(path, f"{fingerprint}\n".encode())
    elif path.read_text(errors="replace").strip() != fingerprint:
        raise SecretError(
            f"The key {home / SECRET_FILE} is not the one that this place was begun with",
            "Put the first one back from a backup",
        )


def read_private(path: Path) -> bytes:
    """Return what is in a file that nobody but its owner may read, or that root hands to our group to read.

    Raises:
        SecretError: it is open to others, or is no file.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise SecretError(f"{path} is not a file", "Move it away")
        if os.name == "posix" and _is_open(status):
            raise SecretError(f"The key {path} is open to others", f"Run chmod 600 {path}")
        return file.read(_LARGEST)


def _is_open(status: os.stat_result) -> bool:
    """Whether others than its owner can use a file.

    Kubernetes mounts secrets as files of root that the group of the pod may read: a container's user is nobody's
    owner there.
    """
    others = status.st_mode & _OTHERS
    is_handed = others == _GROUP_READS and status.st_uid == 0 and status.st_gid in {os.getegid(), *os.getgroups()}
    return bool(others) and not (is_handed and os.geteuid() != 0)


def write_private(path: Path, data: bytes) -> None:
    """Write a file that only its owner may read; it is there whole, or not at all.

    Raises:
        OSError: it cannot be written.
    """
    temporary = path.with_name(f"{path.name}.{secrets.token_hex(8)}.part")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _check(secret: bytes) -> str:
    return hashlib.sha256(b"facefusion check\0" + secret).hexdigest()[:_CHECK_DIGITS]


def _fingerprint(secret: bytes) -> str:
    return hashlib.sha256(b"facefusion fingerprint\0" + secret).hexdigest()


def _damaged(path: Path) -> NoReturn:
    raise SecretError(f"The key {path} is damaged", "Put it back from a backup")
