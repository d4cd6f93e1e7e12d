"""Backups: made while the service runs, checked, and put back elsewhere."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from benchmarks.servers import Postgres
from sqlalchemy import text

from facefusion.cli.main import main
from facefusion.client import Client
from facefusion.errors import (
    FaceFusionError,
    InputDamagedError,
    InputMissingError,
    InputTypeError,
    JobsUnavailableError,
    OptionsError,
    OutputExistsError,
    SecretError,
)
from facefusion.jobs.board import JobBoard
from facefusion.jobs.migrations import VERSION_TABLE, upgrade
from facefusion.jobs.opening import open_files
from facefusion.jobs.queue import JobQueue
from facefusion.jobs.values import NewJob
from facefusion.options import Options, ServingOptions
from facefusion.service.backup import create_backup, restore_backup, verify_backup
from facefusion.service.backup.manifest import NAME, Manifest
from facefusion.trust.audit import AuditKeys, AuditLog
from facefusion.trust.database import open_database
from facefusion.trust.home import trust_home
from facefusion.trust.keys import KeyRing
from facefusion.trust.privacy.envelope import read_key, write_key
from material import CAPTAIN
from whole_service import serving

PLAIN = {"processors": []}


@dataclass(frozen=True)
class Site:
    """A place with jobs, records and keys."""

    folder: Path
    jobs: str
    records: str | None

    @property
    def options(self) -> Options:
        return Options.parse({"trust_dir": self.folder / "trust", "trust_database": self.records})

    @property
    def serving(self) -> ServingOptions:
        return ServingOptions.parse({"jobs_database": self.jobs, "storage": str(self.folder / "storage")})

    def log(self) -> AuditLog:
        home = trust_home(self.folder / "trust")
        return AuditLog.open(home, AuditKeys.of(KeyRing.open(home)), database=self.records)

    def begin(self, *, jobs: int = 3, entries: int = 3) -> None:
        engine = open_database(self.jobs)
        upgrade(engine)
        storage, board, queue = open_files(self.serving), JobBoard(engine), JobQueue(engine)
        for number in range(jobs):
            board.submit(NewJob("t", "ada", {"target": f"upload:in{number}"}))
            storage.put_bytes(b"input", f"t/uploads/in{number}")
        lease = queue.claim("w", seconds=30)
        assert lease is not None
        stored = storage.put_bytes(b"result", f"t/jobs/{lease.job.id}/result-1/film.mp4")
        queue.finished(lease, {"outputs": [stored.to_json()]})
        log = self.log()
        for number in range(entries):
            publish(log, number)
        log.close()
        engine.dispose()

    def states(self) -> dict[str, int]:
        engine = open_database(self.jobs)
        with engine.connect() as connection:
            found = connection.execute(text("SELECT state, count(*) FROM jobs GROUP BY state")).all()
        engine.dispose()
        return {str(state): int(count) for state, count in found}


@pytest.fixture(autouse=True)
def usual_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    """No other policy than what options name."""
    monkeypatch.delenv("FACEFUSION_POLICY", raising=False)


@pytest.fixture(params=["sqlite", "postgresql"])
def sites(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Site, Site]]:
    """A place with jobs, and an empty one; with PostgreSQL both kinds of records are in one database."""
    folders = [tmp_path / "here", tmp_path / "there"]
    for folder in folders:
        folder.mkdir()
    if request.param == "sqlite":
        here, there = (Site(folder, str(folder / "jobs.db"), None) for folder in folders)
        here.begin()
        yield here, there
        return
    server: Postgres = request.getfixturevalue("postgres")
    if not (shutil.which("pg_dump") and shutil.which("pg_restore")):
        pytest.skip("pg_dump is not installed")
    names = [server.create_database() for _ in folders]
    here, there = (Site(f, server.url(n), server.url(n)) for f, n in zip(folders, names, strict=True))
    here.begin()
    yield here, there
    for name in names:
        server.drop_database(name)


@pytest.fixture
def here(tmp_path: Path) -> Site:
    """A place with jobs, all in files."""
    (tmp_path / "here").mkdir()
    site = Site(tmp_path / "here", str(tmp_path / "here" / "jobs.db"), None)
    site.begin()
    return site


@pytest.fixture
def there(tmp_path: Path) -> Site:
    """An empty place."""
    return Site(tmp_path / "there", str(tmp_path / "there" / "jobs.db"), None)


@pytest.fixture
def key(tmp_path: Path) -> bytes:
    write_key(tmp_path / "backup.key")
    return read_key(tmp_path / "backup.key")


@pytest.fixture
def backup(here: Site, key: bytes, tmp_path: Path) -> Path:
    """A backup of `here`."""
    create_backup(here.options, here.serving, tmp_path / "backup", key)
    return tmp_path / "backup"


def test_what_is_put_back_is_what_was_there(sites: tuple[Site, Site], key: bytes, tmp_path: Path) -> None:
    here, there = sites
    made = create_backup(here.options, here.serving, tmp_path / "backup", key)
    assert (made.audit or (0,))[0] == 3
    assert made.counts["jobs queued"] == 2 and made.counts["jobs succeeded"] == 1
    storage = open_files(here.serving)
    checked = verify_backup(tmp_path / "backup", key, storage=lambda: storage, deep=True)
    assert (checked.in_storage, checked.faults) == (3, ())
    restored = restore_backup(there.options, there.serving, tmp_path / "backup", key)
    assert (restored.entries, restored.policy) == (3, ())
    assert there.states() == here.states() == {"queued": 2, "succeeded": 1}
    old, log = here.log(), there.log()
    assert log.verify().head == old.verify().head
    old.close()
    publish(log, 7)  # it goes on
    assert log.verify().entries == 4
    log.close()
    engine = open_database(there.jobs)
    upgrade(engine)
    assert JobQueue(engine).claim("w", seconds=30) is not None
    engine.dispose()


def test_nothing_in_it_can_be_read_without_the_key(backup: Path, here: Site) -> None:
    secret = (here.folder / "trust" / "root.key").read_text().splitlines()[1]
    files = [path for path in backup.rglob("*") if path.is_file()]
    assert {path.relative_to(backup).parts[0] for path in files} == {
        NAME,
        "jobs.db",
        "trust.db",
        "home",
        "storage.jsonl",
    }
    for path in files:
        content = path.read_bytes()
        assert path.name == NAME or content.startswith(b"FACEFUSION SEALED 1\n")
        assert secret.encode() not in content and bytes.fromhex(secret) not in content and b"upload:in" not in content
        assert not stat.S_IMODE(path.stat().st_mode) & 0o007 or path.name == NAME
    assert not list(backup.parent.glob(".backup*"))  # nothing is left beside it


def test_tokens_locks_and_journals_stay_where_they_are(here: Site, key: bytes, tmp_path: Path) -> None:
    (here.folder / "trust" / "service-5000.token").write_text("t")
    made = create_backup(here.options, here.serving, tmp_path / "backup", key)
    names = {part.name for part in made.parts}
    assert {"home/root.key", "home/root.fingerprint", "home/audit/head.json"} <= names
    assert not [name for name in names if "token" in name or "lock" in name or "-wal" in name]


def test_entries_that_are_written_meanwhile_are_in_it_or_not_and_it_holds(
    here: Site, key: bytes, tmp_path: Path
) -> None:
    log, over = here.log(), threading.Event()

    def write() -> None:
        number = 100
        while not over.is_set():
            publish(log, number := number + 1)

    writing = threading.Thread(target=write)
    writing.start()
    try:
        ends = []
        for number in range(5):
            made = create_backup(here.options, here.serving, tmp_path / f"backup{number}", key)
            assert made.audit is not None
            ends.append(made.audit[0])
            verify_backup(tmp_path / f"backup{number}", key)
    finally:
        over.set()
        writing.join()
        log.close()
    assert ends == sorted(ends) and ends[-1] > ends[0] >= 3


def test_a_policy_that_lies_elsewhere_comes_along(here: Site, there: Site, key: bytes, tmp_path: Path) -> None:
    (tmp_path / "base.toml").write_text('extends = "personal"\n')
    (tmp_path / "ours.toml").write_text('extends = "base.toml"\n')
    options = here.options.changed({"policy": str(tmp_path / "ours.toml")})
    create_backup(options, here.serving, tmp_path / "backup", key)
    restored = restore_backup(there.options, there.serving, tmp_path / "backup", key)
    assert [path.name for path in restored.policy] == ["base.toml", "ours.toml"]
    assert all(path.is_file() for path in restored.policy)


def test_without_the_key_it_is_known_whether_files_are_as_they_were(backup: Path) -> None:
    checked = verify_backup(backup, None)
    assert (checked.is_opened, checked.entries) == (False, None)
    with (backup / "jobs.db").open("r+b") as file:
        file.seek(200)
        file.write(b"?")
    with pytest.raises(InputDamagedError, match=r"jobs.db of the backup .* is not what was written"):
        verify_backup(backup, None)


def test_a_part_that_is_missing(backup: Path, key: bytes) -> None:
    (backup / "home" / "root.key").unlink()
    with pytest.raises(InputDamagedError, match=r"root.key of the backup .* is missing"):
        verify_backup(backup, key)


@pytest.mark.parametrize(
    "change",
    [
        lambda found: found["parts"].pop(),
        lambda found: found.update(schema="0000"),
        lambda found: found.update(audit=[2, found["audit"][1]]),
        lambda found: found["parts"][0].update(name="../outside"),
    ],
)
def test_a_manifest_that_somebody_changed(backup: Path, key: bytes, change: Callable[[Any], object]) -> None:
    found = json.loads((backup / NAME).read_text())
    change(found)
    (backup / NAME).write_text(json.dumps(found))
    with pytest.raises(InputDamagedError, match="its manifest was changed"):
        verify_backup(backup, key)


def test_a_manifest_names_nothing_outside(backup: Path) -> None:
    found = json.loads((backup / NAME).read_text())
    found["parts"][0]["name"] = "../outside"
    (backup / NAME).write_text(json.dumps(found))
    with pytest.raises(InputDamagedError, match="names a file outside"):
        verify_backup(backup, None)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"format": 1}'])
def test_what_is_no_manifest(tmp_path: Path, content: str) -> None:
    (tmp_path / NAME).write_text(content)
    with pytest.raises(InputDamagedError):
        verify_backup(tmp_path, None)


def test_a_backup_of_a_newer_program_and_none_at_all(backup: Path, tmp_path: Path) -> None:
    found = json.loads((backup / NAME).read_text()) | {"format": 2}
    (backup / NAME).write_text(json.dumps(found))
    with pytest.raises(InputTypeError, match="newer program"):
        verify_backup(backup, None)
    with pytest.raises(InputMissingError, match="holds no backup"):
        verify_backup(tmp_path / "none", None)


def test_another_key_opens_nothing(backup: Path, there: Site) -> None:
    with pytest.raises((InputDamagedError, SecretError)):
        restore_backup(there.options, there.serving, backup, b"k" * 32)
    assert not there.folder.exists()


def test_an_audit_log_that_was_cut_off_before_is_found(here: Site, key: bytes, tmp_path: Path) -> None:
    with closing(sqlite3.connect(here.folder / "trust" / "trust.db")) as connection:
        connection.execute("DELETE FROM audit_entry WHERE sequence = 2")
        connection.commit()
    create_backup(here.options, here.serving, tmp_path / "backup", key)
    with pytest.raises(FaceFusionError, match="audit log was changed"):
        verify_backup(tmp_path / "backup", key)


def test_what_the_storage_lacks_is_told(backup: Path, here: Site, key: bytes) -> None:
    storage = open_files(here.serving)
    storage.delete("t/uploads/in1")
    [result] = storage.keys("t/jobs")
    storage.put_bytes(b"resulT", result)
    found = verify_backup(backup, key, storage=lambda: storage)
    assert [(needed.key, fault) for needed, fault in found.faults] == [("t/uploads/in1", "missing")]
    deep = verify_backup(backup, key, storage=lambda: storage, deep=True)
    assert {(needed.what, fault) for needed, fault in deep.faults} == {("input", "missing"), ("result", "other")}


def test_a_place_that_is_not_empty_is_left_alone(backup: Path, key: bytes, there: Site) -> None:
    (there.folder / "trust").mkdir(parents=True)
    (there.folder / "trust" / "kept").write_text("kept")
    with pytest.raises(OutputExistsError, match="is not empty"):
        restore_backup(there.options, there.serving, backup, key)
    (there.folder / "trust" / "kept").unlink()
    Path(there.jobs).touch()
    with pytest.raises(OutputExistsError, match="is there already"):
        restore_backup(there.options, there.serving, backup, key)
    assert not list((there.folder / "trust").iterdir())


def test_a_database_with_tables_is_left_alone(postgres_jobs_place: str, key: bytes, tmp_path: Path) -> None:
    if not shutil.which("pg_dump"):
        pytest.skip("pg_dump is not installed")
    site = Site(tmp_path, postgres_jobs_place, postgres_jobs_place)
    create_backup(site.options, site.serving, tmp_path / "backup", key)
    elsewhere = Site(tmp_path / "elsewhere", postgres_jobs_place, postgres_jobs_place)
    with pytest.raises(OutputExistsError, match="has tables already"):
        restore_backup(elsewhere.options, elsewhere.serving, tmp_path / "backup", key)


def test_a_newer_schema_is_refused(here: Site, there: Site, key: bytes, tmp_path: Path) -> None:
    engine = open_database(here.jobs)
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'"))
    engine.dispose()
    create_backup(here.options, here.serving, tmp_path / "backup", key)
    with pytest.raises(JobsUnavailableError, match="has version 9999 of the schema"):
        restore_backup(there.options, there.serving, tmp_path / "backup", key)
    assert not there.folder.exists()


def test_another_kind_of_database_is_refused(backup: Path, key: bytes, postgres_database: str, tmp_path: Path) -> None:
    site = Site(tmp_path / "there", postgres_database, None)
    with pytest.raises(InputTypeError, match="of sqlite, and the place for them is of postgresql"):
        restore_backup(site.options, site.serving, backup, key)


def test_what_fails_leaves_nothing(backup: Path, key: bytes, there: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> int:
        raise InputDamagedError("it ends elsewhere")

    monkeypatch.setattr("facefusion.service.backup.restoring._verified", fail)
    with pytest.raises(InputDamagedError):
        restore_backup(there.options, there.serving, backup, key)
    assert not (there.folder / "trust").exists() and not Path(there.jobs).exists()


def test_a_backup_replaces_nothing(backup: Path, here: Site, key: bytes) -> None:
    with pytest.raises(OutputExistsError, match="is not empty"):
        create_backup(here.options, here.serving, backup, key)
    assert Manifest.read(backup, key)


def test_without_tables_or_tools_it_says_so(
    tmp_path: Path, key: bytes, postgres_database: str, postgres_jobs_place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = Site(tmp_path, postgres_database, postgres_database)
    with pytest.raises(JobsUnavailableError, match="has no tables yet"):
        create_backup(empty.options, empty.serving, tmp_path / "backup", key)
    monkeypatch.setenv("PATH", str(tmp_path))
    site = Site(tmp_path, postgres_jobs_place, postgres_jobs_place)
    with pytest.raises(OptionsError, match="pg_dump is not installed"):
        create_backup(site.options, site.serving, tmp_path / "backup", key)
    assert not (tmp_path / "backup").exists()


def test_the_command(here: Site, quiet_place: Path, capsys: pytest.CaptureFixture[str], key: bytes) -> None:
    key_file = str(quiet_place.parent / "command.key")
    write_key(Path(key_file))
    folder = str(quiet_place / "made")
    place = ["--jobs-database", here.jobs, "--storage", str(here.folder / "storage")]
    assert (
        main(["backup", "create", folder, "--key-file", key_file, *place, "--trust-dir", f"{here.folder}/trust"]) == 0
    )
    assert main(["backup", "verify", folder, "--key-file", key_file, *place, "--json"]) == 0
    out = capsys.readouterr().out
    assert json.loads(out[out.index("{") :])["audit_entries"] == 3
    open_files(here.serving).delete("t/uploads/in1")
    assert main(["backup", "verify", folder, "--key-file", key_file, *place]) == 93
    assert "missing: t/uploads/in1 (input)" in capsys.readouterr().out
    assert main(["backup", "verify", folder, "--no-storage"]) == 0
    new = ["--jobs-database", str(quiet_place / "new.db"), "--trust-dir", str(quiet_place / "new")]
    assert main(["backup", "restore", folder, "--key-file", key_file, *new]) == 0
    assert main(["backup", "restore", folder, "--key-file", key_file, *new]) == 33


@pytest.mark.slow
def test_a_restored_service_goes_on_with_its_jobs(tmp_path: Path, key: bytes) -> None:
    """Jobs are at work while the backup is made; the service is killed, and another goes on elsewhere."""
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    with serving(old, "--local-access", "token", "--workers", "1") as (process, address):
        with Client(address, key=token_of(old)) as client:
            upload = client.uploads.send(CAPTAIN)
            first = client.jobs.submit(f"upload:{upload.id}", "first.png", options=PLAIN)
            client.jobs.check(client.jobs.wait(first.id, timeout=120))
            jobs = [client.jobs.submit(f"upload:{upload.id}", f"{n}.png", options=PLAIN) for n in range(12)]
        site = Site(old, str(old / "jobs.db"), None)
        made = create_backup(site.options, site.serving, tmp_path / "backup", key)
        os.kill(process.pid, signal.SIGKILL)
    assert made.counts.get("jobs succeeded", 0) < 13  # some were not done
    shutil.copytree(old / "storage", new / "storage")  # as its own backup brings it back
    there = Site(new, str(new / "jobs.db"), None)
    assert verify_backup(tmp_path / "backup", key, storage=lambda: open_files(there.serving)).faults == ()
    restore_backup(there.options, there.serving, tmp_path / "backup", key)
    flags = ["--local-access", "token", "--lease-seconds", "2"]
    with serving(new, *flags) as (_, address), Client(address, key=token_of(new)) as client:
        for job in (first, *jobs):
            client.jobs.check(client.jobs.wait(job.id, timeout=120))
    log = there.log()
    published = [entry for entry in log.entries() if entry.kind == "published"]
    assert len({entry.facts["job"] for entry in published}) == 13
    assert made.audit is not None and log.verify().entries >= made.audit[0]
    log.close()


def publish(log: AuditLog, number: int) -> None:
    """Write an entry."""
    log.append("changed", tenant=f"t{number}", actor="ada", facts={"record": "tenant", "action": "replaced"})


def token_of(folder: Path) -> str:
    [path] = (folder / "trust").glob("service-*.token")
    return path.read_text().strip()
