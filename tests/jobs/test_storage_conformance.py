"""What every storage does, whatever it is."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace as changed
from datetime import timedelta
from pathlib import Path

import pytest
from storage_material import MIB, PART, SETTINGS, MemoryBucket, SetLater, at_s3, material

from facefusion.errors import (
    CancelledError,
    InputMissingError,
    InputTypeError,
    OptionsError,
    OutputExistsError,
    OutputUnwritableError,
    StorageAddressError,
    StorageDamagedError,
    StorageMissingError,
)
from facefusion.jobs.storage import Storage, Stored, open_storage
from facefusion.jobs.storage.objects import ObjectStorage
from facefusion.jobs.storage.retrying import Patience
from facefusion.jobs.storage.sealed import SealedStorage
from facefusion.trust.privacy.envelope import write_key

EMULATORS = tuple(kind for kind in ("gs", "az") if f"FACEFUSION_TEST_{kind.upper()}" in os.environ)
"""Servers that somebody runs for these tests: FACEFUSION_TEST_GS and FACEFUSION_TEST_AZ name a bucket there."""

KINDS = ("folder", "sealed folder", "bucket in memory", "sealed bucket", "s3", "sealed s3", *EMULATORS)
FUTURE = timedelta(seconds=-60)
"""Older than this is everything, whatever the clock of the store."""


@pytest.fixture(params=KINDS)
def storage(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Storage:
    kind = request.param
    key = os.urandom(32)
    if kind == "folder":
        return open_storage(str(tmp_path / "storage"), SETTINGS)
    if kind == "sealed folder":
        write_key(tmp_path / "key")
        return open_storage((tmp_path / "storage").as_uri(), changed(SETTINGS, key_file=tmp_path / "key"))
    if kind.endswith(("memory", "bucket")):
        storage = ObjectStorage(MemoryBucket(), "place", Patience(2), part=PART, concurrency=3)
        return SealedStorage(storage, key) if kind == "sealed bucket" else storage
    if kind in ("gs", "az"):
        name = f"FACEFUSION_TEST_{kind.upper()}"
        settings = changed(SETTINGS, endpoint=os.environ.get(f"{name}_ENDPOINT"))
        return open_storage(f"{os.environ[name]}/{os.urandom(6).hex()}", settings)
    server = request.getfixturevalue("s3")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", server.key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", server.secret)
    settings = at_s3(server)
    if kind == "sealed s3":
        write_key(tmp_path / "key")
        settings = changed(settings, key_file=tmp_path / "key")
    return open_storage(f"s3://{server.create_bucket()}/some/where", settings)


@pytest.mark.parametrize("size", [0, 1, MIB + 1, PART, PART + 1, 2 * PART + 7])
def test_what_is_put_is_got(storage: Storage, tmp_path: Path, size: int) -> None:
    path = material(tmp_path, size)
    stored = storage.put(path, "t/jobs/1/result-2/film 1.mp4")
    assert stored == Stored("t/jobs/1/result-2/film 1.mp4", size, hashlib.sha256(path.read_bytes()).hexdigest())
    assert storage.size(stored.address) == size
    for reference in (stored, stored.address, Stored.of_json(stored.to_json())):
        storage.get(reference, tmp_path / "got")
        assert (tmp_path / "got").read_bytes() == path.read_bytes()


def test_bytes_are_put_and_read_by_ranges(storage: Storage) -> None:
    data = os.urandom(2 * PART + 12345)
    assert storage.put_bytes(data, "a/b").size == len(data)
    for start, end in [
        (0, None),
        (0, 0),
        (7, 7),
        (3, 10),
        (MIB - 1, MIB + 1),
        (PART - 5, 2 * PART),
        (len(data) - 1, None),
    ]:
        assert b"".join(storage.read("a/b", start=start, end=end)) == data[start:end], (start, end)
    assert b"".join(storage.read("a/b", start=len(data) + 5)) == b""
    assert b"".join(storage.read("a/b", start=5, end=len(data) + 5)) == data[5:]


@pytest.mark.parametrize(("start", "end"), [(-1, None), (5, 4)])
def test_a_range_that_is_none_is_refused(storage: Storage, start: int, end: int) -> None:
    storage.put_bytes(b"abc", "a")
    with pytest.raises(OptionsError, match="no range"):
        storage.read("a", start=start, end=end)


def test_what_is_read_in_part_is_left_alone(storage: Storage) -> None:
    storage.put_bytes(os.urandom(3 * PART), "a")
    pieces = storage.read("a")
    assert 0 < len(next(pieces)) <= 8 * MIB
    del pieces
    assert storage.delete("a") == 1


def test_keys_are_parts_and_not_letters(storage: Storage) -> None:
    keys = {"t1/uploads/a", "t1/uploads/b", "t1/jobs/7/plan-1", "t10/uploads/a", "t1x", "t2", "t1/uploads/ä b+%2F&=ü"}
    for key in keys:
        storage.put_bytes(key.encode(), key)
    assert set(storage.keys("")) == keys
    assert set(storage.keys("t1")) == set(storage.keys("t1/")) == {key for key in keys if key.startswith("t1/")}
    assert set(storage.keys("t2")) == {"t2"}
    assert set(storage.keys("t3")) == set(storage.keys("t1/uploads/a/b")) == set()
    assert storage.delete("t1/uploads") == 3
    assert storage.delete("t1/uploads") == 0
    assert set(storage.keys("")) == {key for key in keys if "t1/uploads" not in key}
    assert storage.delete("t1") == 1
    assert set(storage.keys("")) == {"t10/uploads/a", "t1x", "t2"}
    assert b"".join(storage.read("t1x")) == b"t1x"


def test_all_at_once_is_not_deleted(storage: Storage) -> None:
    storage.put_bytes(b"", "a")
    for prefix in ("", "/"):
        with pytest.raises(StorageAddressError):
            storage.delete(prefix)
    assert storage.size("a") == 0


def test_there_is_no_file_of_a_folder_s_name(storage: Storage, tmp_path: Path) -> None:
    storage.put_bytes(b"x", "a/b")
    assert storage.size("a") is None
    with pytest.raises(StorageMissingError):
        storage.get("a", tmp_path / "got")


def test_a_key_is_replaced_or_not(storage: Storage, tmp_path: Path) -> None:
    storage.put_bytes(b"first", "a")
    path = material(tmp_path, PART + 1)
    for put in (lambda: storage.put_bytes(b"other", "a", replace=False), lambda: storage.put(path, "a", replace=False)):
        with pytest.raises(OutputExistsError, match="already"):
            put()
    assert b"".join(storage.read("a")) == b"first"
    storage.put_bytes(b"second", "a")
    assert b"".join(storage.read("a")) == b"second"
    assert storage.put(path, "b", replace=False).size == PART + 1
    assert storage.put_bytes(b"c", "c", replace=False).size == 1


@pytest.mark.parametrize("what", ["size", "sha256"])
def test_what_is_not_what_was_put_is_not_given_out(storage: Storage, tmp_path: Path, what: str) -> None:
    stored = storage.put_bytes(b"what was put", "a")
    other = changed(stored, size=3) if what == "size" else changed(stored, sha256=hashlib.sha256(b"x").hexdigest())
    (tmp_path / "got").write_text("before")
    with pytest.raises(StorageDamagedError, match="'a' is not what was put"):
        storage.get(other, tmp_path / "got")
    assert (tmp_path / "got").read_text() == "before"
    assert [path.name for path in tmp_path.iterdir() if path.is_file() and path.name != "key"] == ["got"]


def test_what_is_not_there_is_told(storage: Storage, tmp_path: Path) -> None:
    assert storage.size("a/b") is None
    for call in (lambda: storage.get("a/b", tmp_path / "got"), lambda: storage.read("a/b")):
        with pytest.raises(StorageMissingError, match="no 'a/b'"):
            call()
    assert not (tmp_path / "got").exists()


@pytest.mark.parametrize(
    "key",
    ["", "/", "/a", "a/", "a//b", ".", "..", "a/../b", "a/./b", "a\\b", "a\nb", "a\0b", "a\x7f", "a\u2028b", "\ud800",
     "x" * 241, "/".join(["x" * 100] * 9), ".facefusion-part-1", "a/.facefusion-storage", "a/.nfs0001"],
)  # fmt: skip
def test_keys_that_are_none_are_refused(storage: Storage, tmp_path: Path, key: str) -> None:
    path = material(tmp_path, 1)
    calls: list[Callable[[], object]] = [
        lambda: storage.put(path, key),
        lambda: storage.put_bytes(b"", key),
        lambda: storage.get(key, tmp_path / "got"),
        lambda: storage.read(key),
        lambda: storage.size(key),
        lambda: storage.presigned_get(key, 60),
        lambda: storage.presigned_put(key, 60),
    ]
    for call in calls:
        with pytest.raises(StorageAddressError, match="is no key"):
            call()


def test_what_cannot_be_read_or_written_here_is_told(storage: Storage, tmp_path: Path) -> None:
    with pytest.raises(InputMissingError):
        storage.put(tmp_path / "none", "a")
    with pytest.raises(InputTypeError):
        storage.put(tmp_path, "a")
    assert storage.size("a") is None
    storage.put_bytes(b"x", "a")
    with pytest.raises(OutputUnwritableError):
        storage.get("a", tmp_path / "none" / "got")


@pytest.mark.parametrize("looks", [1, 4, 9])
def test_what_is_stopped_leaves_nothing(storage: Storage, tmp_path: Path, looks: int) -> None:
    path = material(tmp_path, 3 * PART)
    with pytest.raises(CancelledError):
        storage.put(path, "a", cancel=SetLater(looks))
    assert storage.size("a") is None
    assert storage.sweep_unfinished(FUTURE) == 0
    storage.put(path, "a")
    with pytest.raises(CancelledError):
        storage.get("a", tmp_path / "got", cancel=SetLater(looks))
    assert not (tmp_path / "got").exists()
    assert not list(tmp_path.glob(".facefusion-*"))


def test_a_file_that_changes_while_it_is_put_is_refused(storage: Storage, tmp_path: Path) -> None:
    path = material(tmp_path, 2 * PART)

    class Growing(threading.Event):
        def is_set(self) -> bool:
            with path.open("ab") as file:
                file.write(b"x")
            return False

    with pytest.raises(StorageDamagedError, match="changed while it was stored"):
        storage.put(path, "a", cancel=Growing())
    assert storage.size("a") is None


def test_of_several_writers_of_one_key_one_is_whole(storage: Storage, tmp_path: Path) -> None:
    contents = [os.urandom(PART + 1 + number) for number in range(4)]
    paths = [tmp_path / f"writer {number}" for number in range(4)]
    for path, content in zip(paths, contents, strict=True):
        path.write_bytes(content)
    with ThreadPoolExecutor(4) as pool:
        stored = list(pool.map(lambda path: storage.put(path, "a"), paths))
    storage.get("a", tmp_path / "got")
    assert (tmp_path / "got").read_bytes() in contents
    assert {each.sha256 for each in stored} == {hashlib.sha256(content).hexdigest() for content in contents}


def test_of_several_that_must_not_replace_one_wins(storage: Storage) -> None:
    def put(number: int) -> bool:
        try:
            storage.put_bytes(bytes([number]), "a", replace=False)
        except OutputExistsError:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        won = list(pool.map(put, range(4)))
    assert won.count(True) == 1
    assert b"".join(storage.read("a")) == bytes([won.index(True)])


def test_what_is_old_is_swept(storage: Storage) -> None:
    for key in ("t/uploads/a", "t/uploads/b", "u/uploads/a"):
        storage.put_bytes(b"x", key)
    assert storage.sweep("t", timedelta(hours=1)) == 0
    assert storage.sweep("t", FUTURE) == 2
    assert list(storage.keys("")) == ["u/uploads/a"]
    assert storage.sweep("", FUTURE) == 1
