"""Weights are read only when they are what the catalogue, or the lock file, says."""

from __future__ import annotations

import json
import os
import threading

import numpy as np
import pytest
from store_toys import toy_card, toy_network

from facefusion.engine.segments.fingerprint import Fingerprint, _weights
from facefusion.errors import (
    CatalogueError,
    LicenceError,
    ModelDamagedError,
    ModelMissingError,
    ModelUnsafeError,
    ModelUntrustedError,
)
from facefusion.inference.catalogue import Catalogue, full_catalogue
from facefusion.inference.opening import open_sessions
from facefusion.inference.store import ModelStore, digests
from facefusion.inference.store import store as reading
from facefusion.inference.store.digests import DigestCache
from facefusion.inference.store.lock import LockFile, Pin
from facefusion.options import Options

CONTENT = toy_network()
CARD = toy_card(content=CONTENT)
UNKNOWN = toy_card(urls=["https://hub.example/toy_public.onnx"])


def put(folder, content=CONTENT, name=CARD.file):
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(content)
    return folder / name


def pin(content=CONTENT):
    card = toy_card(content=content)
    return Pin.now(card.file, card.sha256, card.bytes, "trusted")


def test_weights_are_found_in_the_users_folder_and_in_shared_ones(own, store, tmp_path):
    shared = ModelStore(own=own, shared=[tmp_path / "none", tmp_path / "shared"])
    put(tmp_path / "shared")
    assert shared.read(CARD) == CONTENT
    assert shared.path(CARD) == tmp_path / "shared" / CARD.file
    put(own, b"other")
    with pytest.raises(ModelDamagedError, match=str(own)):
        shared.read(CARD)


def test_looking_for_weights_makes_no_folder(own, store):
    with pytest.raises(ModelMissingError):
        store.read(CARD)
    assert not own.exists()


def test_missing_weights_name_file_licence_size_and_the_line_to_run(own, store):
    card = toy_card(content=CONTENT, urls=UNKNOWN.urls, licence="LicenseRef-Research", commercial=False)
    with pytest.raises(ModelMissingError) as caught:
        store.read(card)
    told = str(caught.value)
    assert f"toy_public are not in {own} (toy_public.onnx, LicenseRef-Research, no commercial use, 0.0 MB)" in told
    assert caught.value.hint == "Run `facefusion models pull toy_public`"
    assert caught.value.exit_code == 45
    with pytest.raises(ModelMissingError, match=r"\(toy_public\.onnx, MIT, commercial use allowed, size not known\)"):
        store.read(UNKNOWN)


def test_missing_weights_that_nobody_publishes_are_to_be_put_there(store):
    with pytest.raises(ModelMissingError, match=r"Put toy_public\.onnx into .*own and run `.* toy_public --trust`"):
        store.read(toy_card())
    with pytest.raises(ModelMissingError, match=r"Put toy_public\.onnx into .*own\.$"):
        store.read(CARD)


@pytest.mark.parametrize("change", [lambda c: c[:-1], lambda c: c + b"\0", lambda c: bytes([c[0] ^ 1]) + c[1:]])
def test_altered_weights_are_refused(own, store, change):
    put(own, change(CONTENT))
    for read in (store.read, store.path, store.verify):
        with pytest.raises(ModelDamagedError, match="toy_public are not the catalogue's"):
            read(CARD)


def test_a_file_whose_digest_nobody_knows_is_not_trusted(own, store):
    put(own)
    with pytest.raises(ModelUntrustedError, match=r"run `facefusion models verify toy_public --trust`") as caught:
        store.read(UNKNOWN)
    assert caught.value.exit_code == 51
    LockFile(own).record({UNKNOWN.name: pin()})
    assert store.read(UNKNOWN) == CONTENT
    put(own, toy_network(3.0))
    with pytest.raises(ModelDamagedError, match="are not those recorded"):
        store.read(UNKNOWN)


def test_the_catalogues_digest_goes_before_the_lock_files(own, store):
    put(own, toy_network(3.0))
    LockFile(own).record({CARD.name: pin(toy_network(3.0))})
    with pytest.raises(ModelDamagedError, match="not the catalogue's"):
        store.read(CARD)


def test_a_shared_folder_may_bring_its_lock_file_and_the_users_goes_before_it(own, tmp_path):
    shared = tmp_path / "shared"
    put(shared)
    LockFile(shared).record({UNKNOWN.name: pin()})
    store = ModelStore(own=own, shared=[shared])
    assert store.read(UNKNOWN) == CONTENT
    LockFile(own).record({UNKNOWN.name: pin(toy_network(3.0))})
    with pytest.raises(ModelDamagedError):
        store.read(UNKNOWN)


def test_what_several_runs_record_at_once_is_all_kept(own):
    def record(number):
        LockFile(own).record({f"model_{number}": pin()})

    threads = [threading.Thread(target=record, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert LockFile(own).pins().keys() == {f"model_{number}" for number in range(8)}
    assert sorted(path.name for path in own.iterdir()) == [".locks", "models.lock"]


def test_a_damaged_lock_file_is_named(own, store):
    put(own)
    LockFile(own).path.write_text('{"models": {"toy_public": {"sha256": "none"}}}')
    with pytest.raises(CatalogueError, match=r"models\.lock cannot be read"):
        store.read(UNKNOWN)


def test_a_link_may_lead_within_the_folder_but_not_out_of_it(own, store, tmp_path):
    put(own, name="elsewhere.bin")
    (own / CARD.file).symlink_to("elsewhere.bin")
    assert store.read(CARD) == CONTENT
    (own / CARD.file).unlink()
    (own / CARD.file).symlink_to(put(tmp_path / "outside"))
    for read in (store.read, store.path, store.verify, store.look):
        with pytest.raises(ModelUnsafeError, match="is a link that leaves its folder"):
            read(CARD)


def test_a_link_in_a_circle_is_no_file(own, store):
    own.mkdir()
    (own / CARD.file).symlink_to(CARD.file)
    with pytest.raises(ModelMissingError):
        store.read(CARD)


def test_a_folder_that_is_a_link_itself_is_fine(own, tmp_path):
    put(tmp_path / "real")
    own.symlink_to(tmp_path / "real")
    assert ModelStore(own=own).read(CARD) == CONTENT


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_or_a_folder_is_no_file(own, store):
    own.mkdir()
    os.mkfifo(own / CARD.file)
    with pytest.raises(ModelMissingError):
        store.read(CARD)
    (own / CARD.file).unlink()
    (own / CARD.file).mkdir()
    with pytest.raises(ModelMissingError):
        store.read(CARD)


def test_a_file_larger_than_a_network_can_be_is_refused_unread(own, store):
    path = put(own)
    os.truncate(path, 2**31)
    with pytest.raises(ModelUnsafeError, match="more than an ONNX file can have"):
        store.read(CARD)


def test_the_licence_policy_refuses_by_name_and_licence(own):
    put(own)
    card = toy_card(content=CONTENT, licence="LicenseRef-Research", commercial=False)
    assert ModelStore(own=own).read(card) == CONTENT
    for read in (ModelStore(own=own, policy="commercial").read, ModelStore(own=own, policy="commercial").path):
        with pytest.raises(LicenceError, match="toy_public is under LicenseRef-Research") as caught:
            read(card)
        assert caught.value.exit_code == 48
    assert ModelStore(own=own, policy="commercial").read(CARD) == CONTENT


class TestDigestsComputedBefore:
    @pytest.fixture
    def file(self, tmp_path):
        """A file that was last written to an hour ago."""
        path = put(tmp_path / "files")
        os.utime(path, (path.stat().st_atime, path.stat().st_mtime - 3600))
        return path

    @pytest.fixture
    def hashed(self, monkeypatch):
        """The files that were read."""
        read, compute = [], digests.digest_of
        monkeypatch.setattr(digests, "digest_of", lambda path: read.append(path) or compute(path))
        return read

    def test_count_while_the_file_is_the_same(self, file, hashed, tmp_path):
        kept = tmp_path / "cache" / "digests.json"
        assert {DigestCache(kept).digest(file) for _ in range(3)} == {CARD.sha256}
        assert hashed == [file]

    def test_do_not_count_for_another_file_or_another_time(self, file, hashed, tmp_path):
        cache = DigestCache(tmp_path / "digests.json")
        assert cache.digest(file) == CARD.sha256
        status = file.stat()
        other = put(file.parent, bytes([CONTENT[0] ^ 1]) + CONTENT[1:], "other")
        os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
        other.replace(file)
        assert cache.digest(file) != CARD.sha256
        os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns - 10**9))
        cache.digest(file)
        assert len(hashed) == 3

    def test_are_not_kept_of_a_file_just_written_to(self, file, hashed, tmp_path):
        cache = DigestCache(tmp_path / "digests.json")
        file.touch()
        cache.digest(file)
        assert not (tmp_path / "digests.json").exists()

    @pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"a": 1}', b"\xff"])
    def test_that_cannot_be_read_are_computed_again(self, file, hashed, tmp_path, content):
        kept = tmp_path / "digests.json"
        kept.write_bytes(content)
        assert DigestCache(kept).digest(file) == DigestCache(kept).digest(file) == CARD.sha256
        assert hashed == [file]

    def test_that_cannot_be_kept_do_no_harm(self, file, tmp_path):
        (tmp_path / "a file").touch()
        assert DigestCache(tmp_path / "a file" / "digests.json").digest(file) == CARD.sha256

    def test_count_for_large_files_of_the_store_alone(self, own, tmp_path, hashed, monkeypatch):
        path = put(own)
        os.utime(path, (0, 10**9))
        store = ModelStore(own=own, cache=DigestCache(tmp_path / "digests.json"))
        store.read(CARD), store.path(CARD)
        assert hashed == []
        monkeypatch.setattr(reading, "_CACHED_FROM", 1)
        assert store.read(CARD) == store.read(CARD) == CONTENT
        assert hashed == [path]
        store.verify(CARD)
        assert json.loads((tmp_path / "digests.json").read_bytes()).keys() == {str(path)}

    def test_never_count_for_what_comes_with_the_package(self, tmp_path, monkeypatch):
        monkeypatch.setattr(reading, "_CACHED_FROM", 1)
        store = ModelStore(cache=DigestCache(tmp_path / "digests.json"))
        for card in Catalogue.bundled():
            store.read(card)
        assert not (tmp_path / "digests.json").exists()


class TestCatalogues:
    def test_entries_come_from_plug_ins_and_folders(self, plug_in, own):
        own.mkdir()
        (own / "mine.toml").write_text('name = "mine"\ntask = "toy_task"\nfamily = "toy"\nfile = "mine.onnx"\n')
        with pytest.raises(CatalogueError, match=r"mine\.toml: entry mine: licence: Field required"):
            full_catalogue([own])
        (own / "mine.toml").write_text((own / "mine.toml").read_text() + 'licence = "MIT"\ncommercial = true\n')
        names = [card.name for card in full_catalogue([own, own / "none"]).of_task("toy_task")]
        assert names == ["mine", "toy_pair", "toy_public", "toy_research"]

    def test_an_entry_that_says_the_same_twice_counts_once(self, plug_in, own, tmp_path):
        shared = tmp_path / "shared"
        text = (
            'name = "mine"\ntask = "toy_task"\nfamily = "toy"\nfile = "mine.onnx"\nlicence = "MIT"\ncommercial = true\n'
        )
        for folder in (own, shared):
            folder.mkdir()
            (folder / "mine.toml").write_text(text)
        assert "mine" in full_catalogue([own, own, shared])
        (shared / "mine.toml").write_text(text.replace("MIT", "0BSD"))
        with pytest.raises(CatalogueError, match=r"there is a model mine already, in .*own"):
            full_catalogue([own, shared])

    def test_a_name_of_the_package_cannot_be_taken(self, own):
        own.mkdir()
        text = 'name = "iris"\ntask = "a"\nfamily = "b"\nfile = "iris.onnx"\nlicence = "MIT"\ncommercial = true\n'
        (own / "bad.toml").write_text(text)
        with pytest.raises(
            CatalogueError, match=r"bad\.toml: there is a model iris already, in the catalogue that ships"
        ):
            full_catalogue([own])

    def test_a_plug_in_that_cannot_be_read_is_named(self, plug_in):
        (plug_in / "toys.toml").write_text("[[model]\n")
        [fault] = full_catalogue().faults
        assert fault.startswith("The models of plug-in toys of toy-plug-in are left out: toys.toml is no TOML")
        information = next(plug_in.parents[1].glob("*.dist-info")) / "entry_points.txt"
        information.write_text("[facefusion.catalogues]\ntoys = no_such_package\n")
        os.utime(plug_in.parents[1])  # as an installer leaves it
        [fault] = full_catalogue().faults
        assert "plug-in toys of toy-plug-in are left out: no_such_package cannot be read" in fault


def test_sessions_take_catalogue_and_store_from_the_options(plug_in, own):
    put(own)
    LockFile(own).record({"toy_public": pin()})
    options = Options.parse({"models_dir": str(own), "execution_providers": "cpu"})
    twice = open_sessions(options).load("toy_public", "toy_task")
    assert (twice(np.ones((2, 3, 8, 8), np.float32)) == 2).all()
    research = Options.parse({"models_dir": str(own), "execution_providers": "cpu", "license_policy": "commercial"})
    with pytest.raises(LicenceError, match="toy_research is under LicenseRef-Research"):
        open_sessions(research).load("toy_research", "toy_task")


def test_segments_of_a_job_are_worked_anew_when_the_weights_of_a_model_change(plug_in, own):
    options = Options.parse({"models_dir": str(own), "face_swapper_model": "toy_pair"})
    assert _weights(options).items() >= {"toy_public": None, "toy_pair": None}.items()
    LockFile(own).record({"toy_public": pin()})
    assert _weights(options).items() >= {"toy_public": CARD.sha256, "toy_pair": None}.items()
    mapped = Options.parse({"models_dir": str(own), "map": "a.jpg=b.jpg face-swapper-model=toy_public"})
    assert _weights(mapped)["toy_public"] == CARD.sha256
    assert "toy_pair" not in _weights(mapped)
    before, after = (Fingerprint("", {"weights": {"toy_public": digest}}) for digest in ("a", "b"))
    assert before.changes(after.facts) == ["the weights of a model"]
