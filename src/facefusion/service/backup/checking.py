"""Whether a backup is whole, can be read, and what it needs is in storage."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from facefusion.errors import InputDamagedError
from facefusion.jobs.storage import Storage
from facefusion.service.backup.creating import SUFFIXES
from facefusion.service.backup.home import HEAD
from facefusion.service.backup.manifest import NAME, Manifest, Part
from facefusion.service.backup.needed import Needed
from facefusion.trust.audit import AuditKeys, AuditLog
from facefusion.trust.keys import KeyRing
from facefusion.trust.keys.file import SECRET_FILE
from facefusion.trust.privacy.envelope import decrypted
from facefusion.trust.privacy.work import work_folder

_AGAIN: Final = "Take another copy of it"
Fault = tuple[Needed, str]
"""A file of the storage, and what is wrong with it: missing, or other."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found of a backup that is whole.

    Attributes:
        manifest: what it says of itself.
        is_opened: whether its content was looked at, and not its files alone.
        entries: of the audit log that hold; None where they could not be looked at.
        in_storage: files that are needed and were looked for.
        faults: those that are missing, or others.
    """

    manifest: Manifest
    is_opened: bool = False
    entries: int | None = None
    in_storage: int = 0
    faults: tuple[Fault, ...] = ()


def verify_backup(
    folder: Path, key: bytes | None, *, storage: Callable[[], Storage] | None = None, work_dir: Path | None = None,
    deep: bool = False,
) -> Checked:  # fmt: skip
    """Check a backup.

    Without the key it is known whether files are as they were written. With it everything is opened: the databases, the
    audit log where it is in a file, the root secret; and the storage is asked for what is needed of it.

    Args:
        folder: of the backup.
        key: with which it was made.
        storage: opens that of the service; it is not looked into when None.
        work_dir: for what is opened.
        deep: whether files in storage are read and held against their digests, not asked for their size alone.

    Raises:
        InputDamagedError: it is not whole, or was changed.
        SecretError: the key is another one.
        AuditBrokenError: the audit log in it was changed.
        StorageError: the storage cannot be asked.
    """
    manifest = Manifest.read(folder, key)
    for part in manifest.parts:
        check_part(folder, part)
    if key is None:
        return Checked(manifest)
    with opened_backup(folder, manifest, key, work_dir=work_dir) as opened:
        for name in ("jobs", "trust"):
            _check_file(opened / f"{name}.{SUFFIXES['sqlite']}")
        entries = _entries(opened, manifest)
        needed = read_needed(opened)
        faults = () if storage is None else tuple(storage_faults(storage(), needed, deep=deep))
    return Checked(manifest, True, entries, 0 if storage is None else len(needed), faults)


@contextmanager
def opened_backup(folder: Path, manifest: Manifest, key: bytes, *, work_dir: Path | None = None) -> Iterator[Path]:
    """Decrypt a backup into a folder that is wiped when the block ends.

    Raises:
        InputDamagedError, SecretError: a file cannot be opened.
        OutputError: there is no room.
    """
    with work_folder(work_dir, room=2 * sum(part.size for part in manifest.parts)) as opened:
        for part in manifest.parts:
            target = opened / part.name
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            decrypted(folder / part.name, target, key)
            target.chmod(0o600)
        yield opened


def check_part(folder: Path, part: Part) -> None:
    """Make sure that a file of a backup is as it was written.

    Raises:
        InputDamagedError: it is not, is missing, or would lie elsewhere.
    """
    path = folder / part.name
    if not path.resolve().is_relative_to(folder.resolve()) or part.name == NAME:
        raise InputDamagedError(f"The backup {folder} names a file outside of it", _AGAIN)
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            size = path.stat().st_size
    except OSError as error:
        raise InputDamagedError(f"{part.name} of the backup {folder} is missing: {error.strerror}", _AGAIN) from error
    if (size, digest) != (part.size, part.sha256):
        raise InputDamagedError(f"{part.name} of the backup {folder} is not what was written", _AGAIN)


def read_needed(opened: Path) -> Sequence[Needed]:
    """Return which files of the storage are needed.

    Args:
        opened: of `opened_backup`.

    Raises:
        InputDamagedError: it cannot be read.
    """
    try:
        return [Needed.of_line(line) for line in (opened / "storage.jsonl").read_text("utf-8").splitlines()]
    except (OSError, ValueError, TypeError) as error:
        raise InputDamagedError("The list of files in storage cannot be read", _AGAIN) from error


def storage_faults(storage: Storage, needed: Sequence[Needed], *, deep: bool = False) -> Iterator[Fault]:
    """Yield the files that are missing in storage, or are others.

    Raises:
        StorageError: it cannot be asked.
    """
    for each in needed:
        size = storage.size(each.key)
        if size is None:
            yield each, "missing"
        elif (each.size is not None and size != each.size) or (deep and not _is_same(storage, each)):
            yield each, "other"


def _is_same(storage: Storage, needed: Needed) -> bool:
    if needed.sha256 is None:
        return True
    digest = hashlib.sha256()
    for piece in storage.read(needed.key):
        digest.update(piece)
    return digest.hexdigest() == needed.sha256


def _check_file(path: Path) -> None:
    """Let SQLite look through a copy.

    Raises:
        InputDamagedError: it is damaged.
    """
    if not path.exists():
        return
    try:
        with closing(sqlite3.connect(path)) as connection:
            found = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
    except sqlite3.Error as error:
        raise InputDamagedError(f"{path.name} of the backup cannot be opened: {error}", _AGAIN) from error
    if found != "ok":
        raise InputDamagedError(f"{path.name} of the backup is damaged: {found}", _AGAIN)


def _entries(opened: Path, manifest: Manifest) -> int | None:
    """Return how many entries of the audit log hold; None where it is in no file.

    Raises:
        AuditBrokenError: it was changed.
        InputDamagedError: it ends elsewhere than the backup says.
    """
    home = opened / "home"
    database = opened / f"trust.{SUFFIXES['sqlite']}"
    if manifest.audit is None or not database.exists() or not (opened / "home" / HEAD).exists():
        return None
    if not (home / SECRET_FILE).exists():
        raise InputDamagedError("The root secret is not in the backup", "Take one that was made later")
    home.chmod(0o700)
    log = AuditLog.open(home, AuditKeys.of(KeyRing.open(home)), database=database)
    try:
        report = log.verify()
    finally:
        log.close()
    check_head((report.head.sequence, report.head.digest), manifest)
    return report.entries


def check_head(found: tuple[int, str], manifest: Manifest) -> None:
    """Make sure that an audit log ends where a backup says.

    Raises:
        InputDamagedError: it does not.
    """
    if manifest.audit is not None and found != manifest.audit:
        raise InputDamagedError(
            f"The audit log ends with entry {found[0]}, and the backup says {manifest.audit[0]}", _AGAIN
        )
