"""Putting back what a backup keeps, into a place that is empty."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import inspect, make_url

from facefusion.errors import (
    InputTypeError,
    JobsUnavailableError,
    OutputExistsError,
    OutputUnwritableError,
)
from facefusion.jobs.database import reading
from facefusion.jobs.migrations import head
from facefusion.jobs.opening import jobs_place
from facefusion.options import Options, ServingOptions
from facefusion.service.backup.checking import check_head, check_part, opened_backup
from facefusion.service.backup.creating import SUFFIXES, records_place
from facefusion.service.backup.manifest import Kind, Manifest
from facefusion.service.backup.snapshot import kind_of, run_tool
from facefusion.trust.audit import AuditKeys, AuditLog
from facefusion.trust.database import open_database
from facefusion.trust.home import usual_home
from facefusion.trust.keys import KeyRing

_OWN_FOLDER: Final = 0o700
_OWN_FILE: Final = 0o600
POLICY: Final = "policy_from_backup"
"""Folder of keys and records in which the policy is put that was in force by name."""
_ELSEWHERE: Final = "A restore replaces nothing: name an empty place"


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put back.

    Attributes:
        manifest: of the backup.
        entries: of the audit log, all of which hold.
        policy: files of a policy that has to be named again; none where it lies with the keys, or is a profile.
    """

    manifest: Manifest
    entries: int
    policy: tuple[Path, ...] = ()


def restore_backup(options: Options, serving: ServingOptions, folder: Path, key: bytes) -> Restored:
    """Put a backup back into the empty place that the options name, and check that it is complete.

    Args:
        options: of the new place.
        serving: of the new service.
        folder: of the backup.
        key: with which it was made.

    Raises:
        InputDamagedError: it is not whole, or was changed.
        SecretError: the key is another one.
        JobsUnavailableError: it is of a schema that is too new, or a database cannot be used.
        InputTypeError: it is of another kind of database.
        OutputExistsError: the place is not empty.
        AuditBrokenError: the audit log in it was changed.
    """
    manifest = Manifest.read(folder, key)
    for part in manifest.parts:
        check_part(folder, part)
    home = options.trust.trust_dir or usual_home()
    jobs, records = jobs_place(serving), records_place(options, home)
    _check_fits(manifest, jobs, records)
    _check_empty(home, jobs, records, manifest)
    with opened_backup(folder, manifest, key, work_dir=options.trust.work_dir) as opened, ExitStack() as undoing:
        _put_home(opened / "home", home, undoing)
        policy = _put_policy(opened / "policy", home)
        if manifest.records is not None:
            _put_database(opened / f"trust.{SUFFIXES[manifest.records]}", records, undoing)
        _put_database(opened / f"jobs.{SUFFIXES[manifest.jobs]}", jobs, undoing)
        entries = _verified(home, records, manifest)
        undoing.pop_all()
    return Restored(manifest, entries, policy)


def _check_fits(manifest: Manifest, jobs: Path | str, records: Path | str) -> None:
    if manifest.schema > head():
        raise JobsUnavailableError(
            f"The backup has version {manifest.schema} of the schema, and this program knows {head()} at most",
            f"Install FaceFusion {manifest.version}, which made it",
        )
    _check_kind(manifest.jobs, jobs, "jobs", "--jobs-database")
    if manifest.records is not None:
        _check_kind(manifest.records, records, "records", "--trust-database")
    elif manifest.audit is not None and records != jobs:
        raise InputTypeError(
            "The records of this backup are in its database of jobs", "Name the same with --trust-database"
        )


def _check_kind(kind: Kind, place: Path | str, what: str, flag: str) -> None:
    if kind != kind_of(place):
        raise InputTypeError(
            f"The {what} of this backup are of {kind}, and the place for them is of {kind_of(place)}",
            f"Name {'a file' if kind == 'sqlite' else 'the URL of an empty database'} with {flag}",
        )


def _check_empty(home: Path, jobs: Path | str, records: Path | str, manifest: Manifest) -> None:
    """Make sure that nothing is there that would be lost or mixed.

    Raises:
        OutputExistsError: something is.
    """
    if home.exists() and (not home.is_dir() or any(home.iterdir())):
        raise OutputExistsError(f"{home} is not empty", f"{_ELSEWHERE} with --trust-dir")
    for place, flag in {jobs: "--jobs-database", records: "--trust-database"}.items():
        if kind_of(place) == "sqlite":
            if Path(place).exists():
                raise OutputExistsError(f"{place} is there already", f"{_ELSEWHERE} with {flag}")
        elif (place == jobs or manifest.records is not None) and _has_tables(str(place)):
            raise OutputExistsError("The database has tables already", f"{_ELSEWHERE} with {flag}")


def _has_tables(place: str) -> bool:
    engine = open_database(place)
    try:
        with reading(engine) as connection:
            return bool(inspect(connection).get_table_names())
    finally:
        engine.dispose()


def _put_home(source: Path, home: Path, undoing: ExitStack) -> None:
    """Put keys and records back, for their owner alone."""
    try:
        was_there = home.exists()
        home.mkdir(mode=_OWN_FOLDER, parents=True, exist_ok=True)
        home.chmod(_OWN_FOLDER)
        undoing.callback(_emptied, home, was_there)
        for path in sorted(source.rglob("*")):
            target = home / path.relative_to(source)
            if path.is_dir():
                target.mkdir(mode=_OWN_FOLDER, exist_ok=True)
            else:
                _put_file(path, target)
    except OSError as error:
        raise OutputUnwritableError(f"{home} cannot be written: {error.strerror}", _ELSEWHERE) from error


def _emptied(home: Path, was_there: bool) -> None:
    shutil.rmtree(home, ignore_errors=True)
    if was_there:
        home.mkdir(mode=_OWN_FOLDER, exist_ok=True)


def _put_policy(source: Path, home: Path) -> tuple[Path, ...]:
    """Put the files of a policy that lay elsewhere beside the keys, where none of them is in force."""
    files = sorted(source.iterdir()) if source.is_dir() else []
    if files:
        (home / POLICY).mkdir(mode=_OWN_FOLDER)
    for path in files:
        _put_file(path, home / POLICY / path.name)
    return tuple(home / POLICY / path.name for path in files)


def _put_database(copy: Path, place: Path | str, undoing: ExitStack) -> None:
    if kind_of(place) == "postgresql":
        flags = ["--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error", str(copy)]
        run_tool("pg_restore", flags, make_url(str(place)))
        return
    path = Path(place)
    undo: Callable[[], None] = lambda: path.unlink(missing_ok=True)  # noqa: E731 - one line says it
    try:
        path.parent.mkdir(mode=_OWN_FOLDER, parents=True, exist_ok=True)
        undoing.callback(undo)
        _put_file(copy, path)
    except OSError as error:
        raise OutputUnwritableError(f"{path} cannot be written: {error.strerror}", _ELSEWHERE) from error


def _put_file(source: Path, target: Path) -> None:
    with (
        source.open("rb") as given,
        os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWN_FILE), "wb") as file,
    ):
        shutil.copyfileobj(given, file)
        file.flush()
        os.fsync(file.fileno())


def _verified(home: Path, records: Path | str, manifest: Manifest) -> int:
    """Hold the whole audit log against itself and against what the backup says; return how many entries it has.

    Raises:
        AuditBrokenError: it was changed.
        InputDamagedError: it ends elsewhere than the backup says.
    """
    if manifest.audit is None:
        return 0
    log = AuditLog.open(home, AuditKeys.of(KeyRing.open(home)), database=records)
    try:
        report = log.verify()
    finally:
        log.close()
    check_head((report.head.sequence, report.head.digest), manifest)
    return report.entries
