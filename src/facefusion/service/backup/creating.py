"""Making a backup while the service runs."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, inspect

from facefusion.engine.versions import version
from facefusion.errors import JobsUnavailableError, OutputExistsError
from facefusion.jobs.migrations import state_of
from facefusion.jobs.opening import jobs_place
from facefusion.media.faults import writing
from facefusion.options import Options, ServingOptions
from facefusion.service.backup.home import home_files, policy_files, unpruned
from facefusion.service.backup.manifest import NAME, Kind, Manifest, Part
from facefusion.service.backup.needed import Needed, counted_rows, needed_files
from facefusion.service.backup.snapshot import Snapshot, kind_of, snapshot_of
from facefusion.trust.audit.chain import last_entry
from facefusion.trust.audit.tables import ENTRIES
from facefusion.trust.home import trust_home
from facefusion.trust.keys.file import FINGERPRINT_FILE
from facefusion.trust.policy import InForce, policy_in_force
from facefusion.trust.privacy.envelope import encrypted
from facefusion.trust.privacy.work import work_folder

_OWN: Final = 0o700
SUFFIXES: Final = {"sqlite": "db", "postgresql": "dump"}
"""Endings of copies of databases, by their kinds."""


def create_backup(options: Options, serving: ServingOptions, folder: Path, key: bytes) -> Manifest:
    """Write a backup of jobs, records and keys; it is there whole, or not at all.

    Databases are copied as they are at one moment, while others write; that of jobs before that of records, so that no
    result lacks its entry in the audit log. Everything but the manifest is encrypted.

    Args:
        options: of this place.
        serving: of the service.
        folder: to write; it must not be there, or be empty.
        key: 32 bytes, of `facefusion storage key`; without them nobody can read the backup.

    Returns:
        what the backup says of itself.

    Raises:
        OutputExistsError: something is there already.
        JobsUnavailableError: a database cannot be read.
        TrustError: records cannot be read.
        OutputError: it cannot be written.
    """
    folder = folder.absolute()
    with writing(folder):
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise OutputExistsError(f"{folder} is there already, and is not empty", "Choose another name")
        part = folder.with_name(f".{folder.name}.{secrets.token_hex(6)}.part")
        part.mkdir(mode=_OWN, parents=True)
        try:
            with work_folder(options.trust.work_dir, room=_room(options, serving)) as work:
                manifest = _Making(options, serving, part, work, key).made()
            (part / NAME).write_text(manifest.text(key), "utf-8")
            if folder.exists():
                folder.rmdir()
            part.rename(folder)
        finally:
            shutil.rmtree(part, ignore_errors=True)
    return manifest


class _Making:
    """What one backup is made with: where it goes, and where what is not encrypted yet lies for a moment."""

    def __init__(self, options: Options, serving: ServingOptions, part: Path, work: Path, key: bytes) -> None:
        self._options, self._serving = options, serving
        self._part, self._work, self._key = part, work, key
        self._home = trust_home(options.trust.trust_dir)
        self._parts: list[Part] = []

    def made(self) -> Manifest:
        """Write all files but the manifest, and return it."""
        created = datetime.now(UTC).isoformat(timespec="seconds")
        force = policy_in_force(self._options.trust.policy, home=self._home)
        place = jobs_place(self._serving)
        with unpruned(self._home):
            self._keep_home(force)
            with snapshot_of(place, self._work) as jobs:
                schema = state_of(jobs.connection).version
                if schema is None:
                    raise JobsUnavailableError(
                        "The database of jobs has no tables yet", "Name the one of the service with --jobs-database"
                    )
                counts, needed = counted_rows(jobs.connection), list(needed_files(jobs.connection))
                kind, audit = self._keep_records(place, jobs.connection)
                self._keep_database("jobs", kind_of(place), jobs)
        self._keep_needed(needed)
        return Manifest(
            created=created,
            version=version(),
            schema=schema,
            jobs=kind_of(place),
            records=kind,
            fingerprint=_fingerprint(self._home),
            audit=audit,
            policy=force.policy.digest,
            counts=counts,
            storage={"files": len(needed), "bytes": sum(each.size or 0 for each in needed)},
            parts=tuple(self._parts),
        )

    def _keep_home(self, force: InForce) -> None:
        for name in home_files(self._home):
            copy = self._work / "file"
            shutil.copyfile(self._home / name, copy)  # lines of the audit log grow while they are read
            self._keep(copy, f"home/{name}")
        if force.origin != "place":
            for path in policy_files(force.source):
                self._keep(path, f"policy/{path.name}")

    def _keep_records(self, jobs_at: Path | str, jobs: Connection) -> tuple[Kind | None, tuple[int, str] | None]:
        """Keep the database of records, and return its kind and how far the audit log in it goes."""
        place = records_place(self._options, self._home)
        if place == jobs_at:
            return None, _head(jobs)
        if kind_of(place) == "sqlite" and not Path(place).exists():
            return None, None
        with snapshot_of(place, self._work) as records:
            self._keep_database("trust", kind_of(place), records)
            return kind_of(place), _head(records.connection)

    def _keep_database(self, name: str, kind: Kind, snapshot: Snapshot) -> None:
        copy = self._work / f"{name}.copy"
        snapshot.write(copy)
        self._keep(copy, f"{name}.{SUFFIXES[kind]}")
        copy.unlink()

    def _keep_needed(self, needed: Sequence[Needed]) -> None:
        copy = self._work / "storage"
        copy.write_text("".join(f"{each.line()}\n" for each in needed), "utf-8")
        self._keep(copy, "storage.jsonl")

    def _keep(self, path: Path, name: str) -> None:
        """Encrypt a file into the backup."""
        target = self._part / name
        target.parent.mkdir(mode=_OWN, parents=True, exist_ok=True)
        encrypted(path, target, self._key)
        with target.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            os.fsync(file.fileno())
        self._parts.append(Part(name, target.stat().st_size, digest))


def records_place(options: Options, home: Path) -> Path | str:
    """Return where the database of records is: a URL, or a file.

    Args:
        options: of the place.
        home: its folder.
    """
    return options.trust.trust_database or home / "trust.db"


def _head(connection: Connection) -> tuple[int, str] | None:
    """Return number and digest of the last entry of the audit log; None where there is none."""
    if not inspect(connection).has_table(ENTRIES.name):
        return None
    last = last_entry(connection)
    return None if last is None else (last.sequence, last.digest)


def _fingerprint(home: Path) -> str:
    path = home / FINGERPRINT_FILE
    return path.read_text("ascii").strip() if path.exists() else ""


def _room(options: Options, serving: ServingOptions) -> int:
    """Return bytes for copies of the databases that are files; those of others have to find the room themselves."""
    places = (jobs_place(serving), records_place(options, trust_home(options.trust.trust_dir)))
    files = (Path(each) for each in places if kind_of(each) == "sqlite")
    return 2 * sum(path.stat().st_size for path in files if path.exists())
