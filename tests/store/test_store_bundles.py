"""Bundles: one file for a machine without a network; whatever is wrong with one leaves the store as it was."""

from __future__ import annotations

import json
import shutil
import zipfile

import pytest
from store_toys import HUB, toy_card, toy_network

from facefusion.errors import (
    CatalogueError,
    DiskFullError,
    InputMissingError,
    ModelDamagedError,
    ModelMissingError,
    ModelUnfitError,
    ModelUnsafeError,
    OutputExistsError,
    OutputUnwritableError,
)
from facefusion.inference.catalogue import Catalogue, full_catalogue
from facefusion.inference.families import Families
from facefusion.inference.store import ModelStore
from facefusion.inference.store.bundle import MANIFEST, export_bundle
from facefusion.inference.store.lock import LockFile, Pin
from facefusion.inference.store.own import add_model
from facefusion.inference.store.unpack import import_bundle

CONTENT, OTHER = toy_network(), toy_network(3.0)
KNOWN = toy_card("toy_known", CONTENT)
UNKNOWN = toy_card("toy_unknown", urls=[f"{HUB}/toy_unknown.onnx"])
RESEARCH = toy_card("toy_research", CONTENT, licence="LicenseRef-Research", commercial=False)
CARDS = (KNOWN, UNKNOWN, RESEARCH)


@pytest.fixture
def far(tmp_path):
    """The store of another machine, with three models."""
    folder = tmp_path / "far"
    folder.mkdir()
    for card in CARDS:
        (folder / card.file).write_bytes(CONTENT)
    known = toy_card(UNKNOWN.name, CONTENT)
    LockFile(folder).record({UNKNOWN.name: Pin.now(known.file, known.sha256, known.bytes, "trusted")})
    return ModelStore(own=folder)


@pytest.fixture
def bundle(far, tmp_path):
    """A bundle of them."""
    export_bundle(tmp_path / "models.zip", CARDS, far)
    return tmp_path / "models.zip"


@pytest.fixture
def bring(store):
    """Import a bundle."""

    def run(path, cards=CARDS, policy="any"):
        target = ModelStore(own=store.own, policy=policy)
        return import_bundle(path, Catalogue(cards), target, Families())

    return run


def rewritten(path, change):
    """The bundle with its entries, (name, content, compression), changed."""
    with zipfile.ZipFile(path) as archive:
        entries = [(name, archive.read(name), zipfile.ZIP_STORED) for name in archive.namelist()]
    with zipfile.ZipFile(path, "w") as archive:
        for name, content, compression in change(entries):
            archive.writestr(zipfile.ZipInfo(name), content, compression)
    return path


def with_manifest(path, change):
    """The bundle with its manifest changed."""

    def edit(entries):
        manifest = json.loads(entries[0][1])
        change(manifest)
        return [(MANIFEST, json.dumps(manifest).encode(), zipfile.ZIP_STORED), *entries[1:]]

    return rewritten(path, edit)


def test_what_goes_out_comes_in(bundle, bring, own):
    done = bring(bundle)
    assert (set(done.put), done.there, done.left_out, done.entered) == ({card.name for card in CARDS}, (), {}, ())
    store = ModelStore(own=own)
    assert {store.read(card) for card in CARDS} == {CONTENT}
    assert LockFile(own).pins().keys() == {UNKNOWN.name}, "the catalogue knows the other digests"
    assert LockFile(own).pins()[UNKNOWN.name].source == "bundle"
    assert set(bring(bundle).there) == {card.name for card in CARDS}


def test_the_licences_come_first_and_nothing_is_packed(bundle):
    with zipfile.ZipFile(bundle) as archive:
        entries = archive.infolist()
        manifest = json.loads(archive.read(entries[0]))
    assert [entry.filename for entry in entries][:2] == ["manifest.json", "weights/toy_known.onnx"]
    assert {entry.compress_type for entry in entries} == {zipfile.ZIP_STORED}
    assert list(manifest)[:3] == ["form", "version", "licences"]
    assert manifest["licences"]["toy_research"] == "LicenseRef-Research, no commercial use"
    assert manifest["models"][0]["sha256"] == KNOWN.sha256


def test_the_same_models_make_the_same_bundle(bundle, far, tmp_path):
    export_bundle(tmp_path / "again.zip", tuple(reversed(CARDS)), far)
    assert (tmp_path / "again.zip").read_bytes() == bundle.read_bytes()


class TestWhatCannotBeExported:
    def test_weights_that_are_not_there_or_altered(self, far, tmp_path):
        with pytest.raises(ModelMissingError):
            export_bundle(tmp_path / "b.zip", [toy_card("toy_none")], far)
        (far.own / KNOWN.file).write_bytes(OTHER)
        with pytest.raises(ModelDamagedError):
            export_bundle(tmp_path / "b.zip", [RESEARCH, KNOWN], far)
        assert not (tmp_path / "b.zip").exists()

    def test_nothing(self, far, tmp_path):
        with pytest.raises(ModelMissingError, match="no weights to export"):
            export_bundle(tmp_path / "b.zip", [], far)

    def test_over_another_file_or_into_no_folder(self, far, bundle, tmp_path):
        with pytest.raises(OutputExistsError):
            export_bundle(bundle, [KNOWN], far)
        export_bundle(bundle, [KNOWN], far, overwrite=True)
        with pytest.raises(OutputUnwritableError):
            export_bundle(tmp_path / "none" / "b.zip", [KNOWN], far)
        assert not list(tmp_path.glob(".b*"))


TAMPERED = {
    "a weight altered": lambda e: [*e[:-1], (e[-1][0], OTHER, 0)],
    "a weight cut off": lambda e: [*e[:-1], (e[-1][0], CONTENT[:-1], 0)],
    "a weight missing": lambda e: e[:-1],
    "a weight too many": lambda e: [*e, ("weights/more.onnx", CONTENT, 0)],
    "a weight twice": lambda e: [*e, e[-1]],
    "a path that climbs": lambda e: [*e[:-1], ("weights/../../evil.onnx", CONTENT, 0)],
    "an absolute path": lambda e: [*e[:-1], ("/tmp/evil.onnx", CONTENT, 0)],
    "something packed": lambda e: [*e[:-1], (*e[-1][:2], zipfile.ZIP_DEFLATED)],
    "a packed manifest": lambda e: [(*e[0][:2], zipfile.ZIP_DEFLATED), *e[1:]],
    "no manifest": lambda e: e[1:],
    "a manifest at the end": lambda e: [*e[1:], e[0]],
    "a manifest of nonsense": lambda e: [(MANIFEST, b"{", 0), *e[1:]],
    "nothing": lambda e: [],
}
LIES = {
    "another digest": lambda m: m["models"][0].update(sha256="0" * 64),
    "another size": lambda m: m["models"][0].update(bytes=5),
    "a file of another folder": lambda m: m["models"][0]["card"].update(file="../evil.onnx"),
    "a name twice": lambda m: m["models"][1]["card"].update(name="toy_known"),
    "another form": lambda m: m.update(form="something"),
    "a later version": lambda m: m.update(version=2),
    "more": lambda m: m.update(run="rm -r"),
}


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("change", TAMPERED.values(), ids=TAMPERED)
def test_a_bundle_that_was_tampered_with_puts_nothing_in_place(bundle, bring, own, change):
    rewritten(bundle, change)
    with pytest.raises(ModelDamagedError, match=r"models\.zip is no bundle of models, or a damaged one"):
        bring(bundle)
    assert not own.exists() or not list(own.iterdir())


@pytest.mark.parametrize("change", LIES.values(), ids=LIES)
def test_a_manifest_that_lies_puts_nothing_in_place(bundle, bring, own, change):
    with_manifest(bundle, change)
    with pytest.raises(ModelDamagedError):
        bring(bundle)
    assert not own.exists() or not list(own.iterdir())


def test_a_bundle_cut_anywhere_is_refused(bundle, bring, own):
    content = bundle.read_bytes()
    for length in range(0, len(content), 37):
        bundle.write_bytes(content[:length])
        with pytest.raises(ModelDamagedError):
            bring(bundle)
    assert not own.exists()


def test_any_byte_altered_is_refused_or_makes_no_difference(bundle, bring, own):
    content = bundle.read_bytes()
    for place in range(0, len(content), 29):
        bundle.write_bytes(content[:place] + bytes([content[place] ^ 0x55]) + content[place + 1 :])
        try:
            bring(bundle)
        except (ModelDamagedError, CatalogueError):
            assert not own.exists() or not [path for path in own.iterdir() if path.suffix == ".onnx"]
        else:
            store = ModelStore(own=own)
            assert {store.read(card) for card in CARDS} == {CONTENT}
        shutil.rmtree(own, ignore_errors=True)


def test_weights_that_are_no_network_are_refused_though_all_digests_are_right(far, bring, tmp_path, own):
    evil = b"<html>" + bytes(100)
    (far.own / "toy_known.onnx").write_bytes(evil)
    card = toy_card("toy_known", evil)
    export_bundle(tmp_path / "evil.zip", [card, RESEARCH], far)
    with pytest.raises(ModelUnsafeError, match="is a web page"):
        bring(tmp_path / "evil.zip", [card, RESEARCH])
    assert not list(own.iterdir())


class TestWhoseWordCounts:
    def test_the_catalogues_digest_goes_before_the_bundles(self, bundle, bring, own):
        with pytest.raises(ModelDamagedError, match="other weights for model toy_known than the catalogue"):
            bring(bundle, [toy_card("toy_known", OTHER), UNKNOWN, RESEARCH])
        assert not own.exists()

    def test_and_so_does_the_lock_files(self, bundle, bring, own):
        other = toy_card("toy_unknown", OTHER)
        LockFile(own).record({UNKNOWN.name: Pin.now(other.file, other.sha256, other.bytes, "trusted")})
        with pytest.raises(ModelDamagedError, match="toy_unknown"):
            bring(bundle)

    def test_the_catalogues_licence_goes_before_the_bundles(self, bundle, bring, own):
        with_manifest(bundle, lambda m: m["models"][1]["card"].update(commercial=True, licence="MIT"))
        done = bring(bundle, policy="commercial")
        assert set(done.put) == {"toy_known", "toy_unknown"}
        assert "toy_research is under LicenseRef-Research" in done.left_out["toy_research"]
        assert not (own / RESEARCH.file).exists()


class TestModelsOfTheUsersOwn:
    @pytest.fixture
    def private(self, plug_in, far, tmp_path):
        """A bundle with a model that no catalogue knows."""
        (tmp_path / "mine.onnx").write_bytes(OTHER)
        entry = 'name = "mine"\ntask = "toy_task"\nfamily = "toy"\nfile = "mine.onnx"\nlicence = "MIT"\n'
        (tmp_path / "mine.toml").write_text(entry + "commercial = true\nsettings = { size = 8 }\n")
        card = add_model(tmp_path / "mine.onnx", tmp_path / "mine.toml", Catalogue(CARDS), far, Families())
        export_bundle(tmp_path / "private.zip", [card], far)
        return tmp_path / "private.zip"

    def test_bring_their_entries_along(self, private, bring, own):
        done = bring(private)
        assert (done.put, done.entered) == (("mine",), ("mine",))
        card = full_catalogue([own])["mine"]
        assert (card.settings, card.sha256) == ({"size": 8}, toy_card(content=OTHER).sha256)
        assert ModelStore(own=own).read(card) == OTHER

    @pytest.mark.parametrize(
        ("change", "error"),
        [
            ({"family": "unheard"}, CatalogueError),
            ({"settings": {"size": 8, "run": "x"}}, CatalogueError),
            ({"settings": {"size": 16}}, ModelUnfitError),
            ({"task": "other_task"}, CatalogueError),
            ({"requires": ["nothing"]}, CatalogueError),
        ],
    )
    def test_but_only_such_as_work(self, private, bring, own, change, error):
        with_manifest(private, lambda m: m["models"][0]["card"].update(change))
        with pytest.raises(error):
            bring(private)
        assert not own.exists() or not list(own.iterdir())

    def test_and_such_as_take_no_others_place(self, private, bring, own):
        own.mkdir()
        (own / "mine.toml").write_text("# something else\n")
        with pytest.raises(CatalogueError, match=r"has a file mine\.toml already"):
            bring(private)
        with pytest.raises(CatalogueError, match="There is a model toy_other already"):
            bring(private, [toy_card("toy_other").model_copy(update={"file": "mine.onnx"})])


@pytest.mark.parametrize("place", ["none.zip", ""])
def test_a_bundle_that_is_not_there_or_is_a_folder_is_an_input_error(bring, tmp_path, place):
    with pytest.raises(InputMissingError, match="There is no file"):
        bring(tmp_path / place)


def shifted(content):
    """A bundle whose list of entries says that the first begins before the file does."""
    end = content.rindex(b"PK\x05\x06")
    place = int.from_bytes(content[end + 16 : end + 20], "little") + 200
    return content[: end + 16] + place.to_bytes(4, "little") + content[end + 20 :]


def misnamed(content):
    """A bundle with a name that is said to be in UTF-8, and is not."""
    name = content.rindex(b"manifest.json")
    flags = name - 46 + 9
    return content[:flags] + b"\x08" + content[flags + 1 : name] + b"\xff" + content[name + 1 :]


@pytest.mark.parametrize("change", [shifted, misnamed])
def test_places_and_names_that_cannot_be_are_a_broken_archive(bundle, bring, own, change):
    bundle.write_bytes(change(bundle.read_bytes()))
    with pytest.raises(ModelDamagedError, match="its archive is broken"):
        bring(bundle)
    assert not own.exists()


def test_what_is_wrong_elsewhere_is_not_the_bundles_fault(bundle, store):
    class Broken(Families):
        def __getitem__(self, name):
            raise RuntimeError("somebody else's")

    def told(name):
        raise RuntimeError("somebody else's")

    with pytest.raises(RuntimeError, match="somebody else's"):
        import_bundle(bundle, Catalogue(CARDS), store, Broken(), listener=told)


def test_a_full_disk_is_told_before_anything_is_copied(bundle, bring, own, monkeypatch):
    usage = shutil.disk_usage(own.parent)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=10))
    with pytest.raises(DiskFullError):
        bring(bundle)
    assert not list(own.iterdir())
