"""Parts of a worker: what it keeps of inputs, what it tells, which cards it sees."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path

import pytest

from facefusion.errors import (
    ContentRefusedError,
    DiskFullError,
    FaceFusionError,
    LicenceError,
    NoFaceError,
    OptionsError,
    ProviderError,
    StorageUnavailableError,
)
from facefusion.jobs.devices import device_shares, visible, with_devices
from facefusion.jobs.submitting import is_cut
from facefusion.jobs.work.cache import InputCache
from facefusion.jobs.work.patience import Patience
from facefusion.jobs.work.publishing import media_type
from facefusion.jobs.work.said import Said
from facefusion.jobs.work.scratch import scratch_folder
from facefusion.jobs.work.sorting import failure_of
from facefusion.media.probe import probe
from facefusion.options import LimitOptions, load_options, load_serving
from material import ASTRONAUT


class House:
    """A cache, and folders of tasks that use it."""

    def __init__(self, folder: Path, most: int) -> None:
        self.folder = folder
        self.cache = InputCache(folder / "inputs", most)

    def task(self, name: str) -> Path:
        (self.folder / name).mkdir(exist_ok=True)
        return self.folder / name

    def adopt(self, content: bytes, task: str) -> Path:
        part = self.task(task) / "part"
        part.write_bytes(content)
        path, digest = self.cache.adopted(part, self.task(task))
        assert digest == hashlib.sha256(content).hexdigest()
        return path

    def end(self, task: str) -> None:
        for path in self.task(task).iterdir():
            path.unlink()
        self.cache.trim()


def test_what_is_in_use_stays_and_what_was_used_last_goes_last(tmp_path: Path) -> None:
    house = House(tmp_path, most=250)
    first, second = house.adopt(b"a" * 100, "one"), house.adopt(b"b" * 100, "two")
    third = house.adopt(b"c" * 200, "three")
    assert first.exists() and second.exists() and third.exists()  # more than may be kept, but all in use
    house.end("one")
    assert not first.exists()
    assert second.exists() and third.exists()
    house.end("two")
    assert not second.exists()
    house.end("three")
    assert third.exists()  # there is room for it


def test_a_kept_input_that_was_damaged_is_not_used(tmp_path: Path) -> None:
    house = House(tmp_path, most=1000)
    path = house.adopt(b"a" * 100, "one")
    assert house.cache.held(path.name, house.task("two")) == path
    house.end("one")
    path.chmod(0o600)
    path.write_bytes(b"b" * 100)
    other = InputCache(tmp_path / "inputs", 1000)  # as another process has it
    assert other.held(path.name, house.task("three")) is None
    assert not path.exists()
    assert other.held("0" * 64, house.task("three")) is None


def test_nobody_fetches_what_another_is_fetching(tmp_path: Path) -> None:
    cache = InputCache(tmp_path / "inputs", 1000)
    inside, waiting = threading.Event(), threading.Event()

    def other() -> None:
        waiting.set()
        with cache.fetching("a" * 64):
            inside.set()

    with cache.fetching("a" * 64):
        thread = threading.Thread(target=other)
        thread.start()
        assert waiting.wait(10)
        assert not inside.is_set()
    thread.join(10)
    assert inside.is_set()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("/scratch/inputs/abc shows no face", "upload:abc shows no face"),
        ("/scratch/out/r.png cannot be written", "r.png cannot be written"),
        ("Weights in /home/me/models/x.onnx are missing", "Weights in a file of the worker are missing"),
        (r"Weights in C:\models\x.onnx are missing", "Weights in a file of the worker are missing"),
        ("s3://bucket/a/b.mp4 and 3/4 of a/b", "s3://bucket/a/b.mp4 and 3/4 of a/b"),
        ("Run facefusion models pull", "Run facefusion models pull"),
    ],
)
def test_paths_of_the_worker_are_not_told(text: str, told: str) -> None:
    said = Said()
    said.add(Path("/scratch/inputs/abc"), "upload:abc")
    said.add(Path("/scratch/out/r.png"), "r.png")
    assert said.text(text) == told


@pytest.mark.parametrize(
    ("error", "is_final"),
    [
        (NoFaceError("none"), True),
        (OptionsError("no"), True),
        (LicenceError("no"), True),
        (ContentRefusedError("no"), True),
        (DiskFullError("full"), False),
        (StorageUnavailableError("away"), False),
        (ProviderError("no card"), False),
        (ValueError("bug"), False),
        (OSError(5, "Input/output error", "/secret"), False),
    ],
)
def test_errors_are_sorted(error: Exception, is_final: bool) -> None:
    failure = failure_of(error, Said())
    assert (failure.type, failure.is_final) == (type(error).__name__, is_final)
    assert "/secret" not in failure.what
    assert failure.code == (error.exit_code if isinstance(error, FaceFusionError) else 1)


def test_what_is_away_is_tried_again_for_a_while() -> None:
    calls = []

    def call() -> str:
        calls.append(1)
        if len(calls) < 3:
            raise StorageUnavailableError("away")
        return "there"

    assert Patience(5, wait=0.001).calling(call, StorageUnavailableError) == "there"
    calls.clear()
    with pytest.raises(StorageUnavailableError):
        Patience(0, wait=0.001).calling(call, StorageUnavailableError)
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(StorageUnavailableError):
        Patience(60, wait=30).calling(call, StorageUnavailableError, cancel=cancel)


def test_cards_are_shared_out() -> None:
    assert device_shares((), 2) == [(), ()]
    assert device_shares(("0", "1"), 3) == [("0",), ("1",), ("0",)]
    assert device_shares(("0", "1", "2"), 2) == [("0", "2"), ("1",)]
    assert visible(("MIG-1",)) == {"CUDA_VISIBLE_DEVICES": "MIG-1"}
    assert visible(()) == {}
    options = load_options({}, environment={})
    assert with_devices(options, ("0", "2")).runtime.execution_device_id == (0, 1)
    assert with_devices(options, ("2",)) is options


def test_what_is_cut_and_what_files_are() -> None:
    serving = load_serving({"cut_after": 10}, environment={})
    assert not is_cut(probe(ASTRONAUT, LimitOptions()), serving)
    assert media_type("a.mp4") == "video/mp4"
    assert media_type("a.MKV") == "video/x-matroska"
    assert media_type("a.png") == "image/png"
    with pytest.raises(OptionsError, match="comma"):
        scratch_folder(Path("/a,b"))
