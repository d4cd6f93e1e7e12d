"""A folder as storage: what is left by who is killed, what others may see, and what the file system does to it."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace as changed
from datetime import timedelta
from pathlib import Path

import pytest
from storage_material import MIB, SETTINGS, material

from facefusion.errors import (
    DiskFullError,
    OutputExistsError,
    StorageAddressError,
    StorageDamagedError,
    StorageUnavailableError,
)
from facefusion.jobs.storage import StorageSettings, open_storage
from facefusion.jobs.storage.beneath import OpenFolder
from facefusion.jobs.storage.folder import FolderStorage
from facefusion.jobs.storage.folder_reading import FileReader
from facefusion.jobs.storage.retrying import Patience

DAY = timedelta(days=1)

PUT = """
import sys
from pathlib import Path
from facefusion.jobs.storage import StorageSettings, open_storage
open_storage(sys.argv[1]).put(Path(sys.argv[2]), "t/jobs/1/film.mp4")
"""


def _files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def _until(holds: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it never came about"
        time.sleep(0.002)


def test_who_is_killed_while_putting_leaves_no_key(tmp_path: Path) -> None:
    source, root = tmp_path / "source", tmp_path / "storage"
    with source.open("wb") as file:
        file.truncate(20 << 30)  # holes: read fast, and never written whole
    writer = subprocess.Popen([sys.executable, "-c", PUT, str(root), str(source)])
    try:
        _until(lambda: any(path.stat().st_size > MIB for path in root.rglob(".facefusion-part-*")))
    finally:
        writer.send_signal(signal.SIGKILL)
        writer.wait()
    storage = open_storage(str(root))
    assert list(storage.keys("")) == []
    assert storage.size("t/jobs/1/film.mp4") is None
    [left] = root.rglob(".facefusion-part-*")
    assert storage.sweep_unfinished(DAY) == 0
    assert storage.delete("t/jobs/2") == 0
    os.utime(left, (time.time() - 2 * DAY.total_seconds(),) * 2)
    assert storage.sweep_unfinished(DAY) == 1
    assert _files(root) == [".facefusion-storage"]


def test_what_is_removed_takes_leftovers_and_empty_folders_along(tmp_path: Path) -> None:
    storage = open_storage(str(tmp_path))
    storage.put_bytes(b"x", "t/jobs/1/a")
    (tmp_path / "t/jobs/1/.facefusion-part-0123").write_bytes(b"half")
    assert storage.delete("t/jobs/1") == 1
    assert [path.name for path in (tmp_path / "t/jobs").iterdir()] == []


def test_files_are_for_their_owner_or_for_the_group(tmp_path: Path) -> None:
    old = os.umask(0o077)
    try:
        open_storage(str(tmp_path / "own")).put_bytes(b"x", "t/a")
        open_storage(str(tmp_path / "group"), StorageSettings(share_with_group=True)).put_bytes(b"x", "t/a")
    finally:
        os.umask(old)

    def modes(name: str) -> list[int]:
        return [stat.S_IMODE((tmp_path / name / place).stat().st_mode) for place in ("t", "t/a")]

    assert modes("own") == [0o700, 0o600]
    assert modes("group") == [0o770, 0o660]


def test_a_folder_that_is_not_mounted_is_not_taken_for_the_storage(tmp_path: Path) -> None:
    root, waits = tmp_path / "storage", []
    open_storage(str(root)).put_bytes(b"x", "t/a")
    storage = FolderStorage(root, Patience(3, wait=waits.append, vary=lambda: 1.0))
    root.rename(tmp_path / "elsewhere")
    root.mkdir()
    calls: list[Callable[[], object]] = [
        lambda: storage.put_bytes(b"y", "t/b"),
        lambda: storage.size("t/a"),
        lambda: list(storage.keys("")),
        lambda: storage.delete("t"),
        lambda: storage.get("t/a", tmp_path / "got"),
    ]
    for call in calls:
        with pytest.raises(StorageUnavailableError, match="not the storage that it was"):
            call()
    assert waits == [0.25, 0.5] * len(calls)
    assert list(root.iterdir()) == []


def test_a_folder_that_is_mounted_again_is_used_on(tmp_path: Path) -> None:
    root, away = tmp_path / "storage", tmp_path / "away"
    open_storage(str(root)).put_bytes(b"x", "t/a")
    root.rename(away)
    storage = FolderStorage(root, Patience(3, wait=lambda _: away.exists() and away.rename(root)))
    assert storage.put_bytes(b"y", "t/b").size == 1
    assert set(storage.keys("t")) == {"t/a", "t/b"}


def test_a_descriptor_that_went_stale_is_opened_anew(tmp_path: Path) -> None:
    path = material(tmp_path, 3 * MIB)
    opened: list[int] = []

    def opening() -> int:
        opened.append(os.open(path, os.O_RDONLY))
        return opened[-1]

    reader = FileReader("a", opening, Patience(3, wait=lambda _: None))
    pieces = reader.pieces(0, reader.size)
    got = [next(pieces)]
    os.dup2(os.open(tmp_path, os.O_RDONLY), opened[-1])  # reading a folder fails, as a stale descriptor does
    got += list(pieces)
    assert b"".join(got) == path.read_bytes()
    assert len(opened) == 3


def test_a_file_that_is_replaced_while_its_descriptor_is_stale_is_not_read_on(tmp_path: Path) -> None:
    path = material(tmp_path, 3 * MIB)
    opened: list[int] = []

    def opening() -> int:
        opened.append(os.open(path, os.O_RDONLY))
        return opened[-1]

    reader = FileReader("a", opening, Patience(3, wait=lambda _: None))
    pieces = reader.pieces(0, reader.size)
    next(pieces)
    material(tmp_path, 3 * MIB + 1, "other").replace(path)
    os.dup2(os.open(tmp_path, os.O_RDONLY), opened[-1])
    with pytest.raises(StorageDamagedError, match="replaced"):
        list(pieces)


def test_a_file_that_was_cut_off_is_told(tmp_path: Path) -> None:
    storage = open_storage(str(tmp_path / "storage"), SETTINGS)
    stored = storage.put(material(tmp_path, 3 * MIB), "a")
    pieces = storage.read("a")
    next(pieces)
    os.truncate(tmp_path / "storage/a", 2 * MIB)
    with pytest.raises(StorageDamagedError, match="it ends at byte"):
        list(pieces)
    with pytest.raises(StorageDamagedError, match="bytes came where"):
        storage.get(stored, tmp_path / "got")


def test_a_name_is_taken_once_where_files_have_one_name_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(*_: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(OpenFolder, "link", no_links)
    storage = open_storage(str(tmp_path), SETTINGS)
    assert storage.put_bytes(b"a", "a", replace=False).size == 1
    with pytest.raises(OutputExistsError, match="already"):
        storage.put_bytes(b"b", "a", replace=False)
    assert _files(tmp_path) == [".facefusion-storage", "a"]


def test_an_answer_that_nfs_gives_twice_is_no_refusal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = OpenFolder.link

    def twice(self: OpenFolder, old: str, new: str) -> None:
        real(self, old, new)
        real(self, old, new)

    monkeypatch.setattr(OpenFolder, "link", twice)
    storage = open_storage(str(tmp_path), SETTINGS)
    assert storage.put_bytes(b"a", "a", replace=False).size == 1
    assert _files(tmp_path) == [".facefusion-storage", "a"]


FULL = """
import resource, signal, sys
from pathlib import Path
from facefusion.errors import FaceFusionError
from facefusion.jobs.storage import open_storage
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
storage = open_storage(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
try:
    storage.put(Path(sys.argv[2]), "t/a")
except FaceFusionError as error:
    sys.exit(f"{type(error).__name__}: {error}")
"""


def test_a_full_disk_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    source = material(tmp_path, 2 * MIB)
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path / "storage"), str(source)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr.startswith(f"{DiskFullError.__name__}: No space is left in the storage"), done.stderr
    assert _files(tmp_path / "storage") == [".facefusion-storage"]


DENIED = """
import os, sys
from facefusion.errors import FaceFusionError
from facefusion.jobs.storage import StorageSettings, open_storage
storage = open_storage(sys.argv[1], StorageSettings(attempts=2, longest_wait=0))
storage.put_bytes(b"x", "t/a")
os.chmod(sys.argv[1], 0o500)
if os.geteuid() == 0:  # nobody denies root anything
    os.setuid(65534)
try:
    storage.put_bytes(b"x", "u/a")
except FaceFusionError as error:
    sys.exit(f"{type(error).__name__}: {error}")
"""


def test_a_folder_that_may_not_be_used_is_told() -> None:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", DENIED, f"{folder}/storage"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stderr.startswith(f"{StorageAddressError.__name__}: The storage"), done.stderr
    assert "may not be used" in done.stderr


def test_a_file_in_the_way_of_the_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "storage").write_text("a file")
    with pytest.raises((StorageAddressError, StorageUnavailableError)):
        open_storage(str(tmp_path / "storage"), SETTINGS)
    storage = open_storage(str(tmp_path / "other"), changed(SETTINGS, attempts=1))
    storage.put_bytes(b"x", "a")
    with pytest.raises(StorageAddressError, match="cannot be in the storage"):
        storage.put_bytes(b"x", "a/b")


def test_folders_that_are_removed_while_others_put_into_them_do_no_harm(tmp_path: Path) -> None:
    remover = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, time\nfrom facefusion.jobs.storage import open_storage\ns = open_storage(sys.argv[1])\n"
            "print('up', flush=True)\nwhile True: s.delete('t/old'), time.sleep(0.01)",  # a moment for writers
            str(tmp_path),
        ],
        stdout=subprocess.PIPE,
    )
    try:
        storage = open_storage(str(tmp_path), changed(SETTINGS, longest_wait=0.05, attempts=100))
        assert remover.stdout is not None
        remover.stdout.readline()
        for number in range(100):
            storage.put_bytes(b"x", f"t/old/{number}/a")
    finally:
        remover.kill()
        remover.wait()
        if remover.stdout is not None:
            remover.stdout.close()
