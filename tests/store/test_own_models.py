"""A model of the user's own takes an ONNX file and one entry, and no code."""

from __future__ import annotations

import numpy as np
import pytest
from store_toys import toy_card, toy_network

from facefusion.errors import (
    CatalogueError,
    InputMissingError,
    LicenceError,
    ModelDamagedError,
    ModelMissingError,
    ModelUnfitError,
    ModelUnknownError,
    ModelUnsafeError,
    ModelUntrustedError,
)
from facefusion.inference.catalogue import cards_in, full_catalogue
from facefusion.inference.families import Families
from facefusion.inference.opening import open_sessions
from facefusion.inference.store import ModelStore
from facefusion.inference.store.lock import LockFile
from facefusion.inference.store.own import add_model, remove_model, trust_model
from facefusion.options import Options

CONTENT = toy_network(3.0)
ENTRY = """\
name = "mine"
task = "toy_task"
family = "toy"
file = "mine.onnx"
licence = "CC-BY-4.0"
commercial = true
settings = { size = 8 }
"""

pytestmark = pytest.mark.usefixtures("plug_in")


@pytest.fixture
def add(own, tmp_path):
    """Add a model."""

    def run(entry=ENTRY, content=CONTENT, policy="any"):
        (tmp_path / "given.onnx").write_bytes(content)
        (tmp_path / "given.toml").write_text(entry)
        store = ModelStore(own=own, policy=policy)
        return add_model(tmp_path / "given.onnx", tmp_path / "given.toml", full_catalogue([own]), store, Families())

    return run


def remove(own, name):
    return remove_model(name, full_catalogue([own]), ModelStore(own=own))


def test_it_runs_once_it_is_added(add, own):
    card = add()
    assert (card.sha256, card.bytes) == (toy_card(content=CONTENT).sha256, len(CONTENT))
    assert cards_in(own)["mine"][0] == card
    sessions = open_sessions(Options.parse({"models_dir": str(own), "execution_providers": "cpu"}))
    mine = sessions.load("mine", "toy_task")
    assert (mine(np.ones((2, 3, 8, 8), np.float32)) == 3).all()


def test_texts_of_any_kind_come_back_from_the_entry(add, own):
    add(ENTRY + 'citation = "„Ein“ \\"Netz\\", 100\\u20ac \\\\ 🙂"\norigin = ["a", "b\\tc"]\n')
    card = cards_in(own)["mine"][0]
    assert card.citation == '„Ein“ "Netz", 100€ \\ 🙂'
    assert card.origin == ("a", "b\tc")


@pytest.mark.parametrize(
    ("change", "error", "reason"),
    [
        (('name = "mine"', 'name = "iris"'), CatalogueError, "There is a model iris already"),
        (('name = "mine"', 'name = "toy_public"'), CatalogueError, "There is a model toy_public already"),
        (('"mine.onnx"', '"toy_public.onnx"'), CatalogueError, r"toy_public already, with toy_public\.onnx"),
        (('"mine.onnx"', '"../mine.onnx"'), CatalogueError, "entry mine: file"),
        (('family = "toy"', 'family = "unheard"'), CatalogueError, "no model family 'unheard'. Installed: .*toy"),
        (('task = "toy_task"', 'task = "other"'), CatalogueError, "is to be a other, but family toy is for toy_task"),
        (("size = 8", "size = 9"), ModelUnfitError, r"input input \[batch,3,8,8\] float32 does not fit"),
        (("size = 8", "colour = 8"), CatalogueError, "settings.colour: Extra inputs"),
        (("commercial = true", ""), CatalogueError, "entry mine: commercial: Field required"),
        (("commercial = true", 'commercial = true\nrequires = ["x"]'), CatalogueError, "'x', which there is not"),
        (("commercial = true", 'commercial = true\nrequires = ["mine"]'), CatalogueError, "requires 'mine'"),
        (
            ("commercial = true", "commercial = true\nbytes = 5"),
            ModelDamagedError,
            "not the one that the entry of mine",
        ),
        (("commercial = true", "commercial = true\n["), CatalogueError, "is no TOML"),
    ],
)
def test_an_entry_that_does_not_fit_puts_nothing_in_place(add, own, change, error, reason):
    assert change[0] in ENTRY
    with pytest.raises(error, match=reason):
        add(ENTRY.replace(*change))
    assert not own.exists() or not list(own.iterdir())


def test_a_file_that_is_never_loaded_is_not_put_in_place(add, own):
    with pytest.raises(ModelUnsafeError, match="mine is a Python pickle"):
        add(content=b"\x80\x04" + bytes(20))
    assert not list(own.iterdir())


def test_the_licence_policy_holds_here_too(add):
    with pytest.raises(LicenceError):
        add(ENTRY.replace("commercial = true", "commercial = false"), policy="commercial")


def test_files_that_are_not_there_are_named(own, store, tmp_path):
    (tmp_path / "given.toml").write_text(ENTRY)
    for names in (("none.onnx", "given.toml"), ("none.onnx", "none.toml")):
        with pytest.raises(InputMissingError, match=r"no file .*none"):
            add_model(*(tmp_path / name for name in names), full_catalogue(), store, Families())
    (tmp_path / "two.toml").write_text(f"[[model]]\n{ENTRY}[[model]]\n{ENTRY.replace('mine', 'yours')}")
    with pytest.raises(CatalogueError, match="has 2 entries"):
        add_model(tmp_path / "none.onnx", tmp_path / "two.toml", full_catalogue(), store, Families())


class TestRemoving:
    def test_takes_file_and_entry(self, add, own):
        add()
        assert remove(own, "mine") == [own / "mine.onnx", own / "mine.toml"]
        assert not list(own.glob("mine*"))
        with pytest.raises(ModelUnknownError):
            remove(own, "mine")

    def test_takes_what_was_pulled_with_its_record_and_leftovers(self, own):
        own.mkdir()
        for ending in ("", ".part", ".part.json", ".refused", ".refused.txt"):
            (own / f"toy_public.onnx{ending}").write_bytes(CONTENT)
        trust_model(full_catalogue()["toy_public"], ModelStore(own=own), Families())
        assert len(remove(own, "toy_public")) == 5
        assert LockFile(own).pins() == {}
        assert "toy_public" in full_catalogue([own])

    def test_leaves_what_is_not_the_users(self, own, tmp_path):
        with pytest.raises(ModelMissingError, match=r"It lies in .*pack, which is not yours to change"):
            remove(own, "iris")
        shared = tmp_path / "shared"
        shared.mkdir()
        (shared / "toy_public.onnx").write_bytes(CONTENT)
        with pytest.raises(ModelMissingError, match=r"It lies in .*shared"):
            remove_model("toy_public", full_catalogue(), ModelStore(own=own, shared=[shared]))
        assert (shared / "toy_public.onnx").is_file()

    def test_leaves_what_another_requires(self, add, own):
        add()
        add(ENTRY.replace("mine", "yours") + 'requires = ["mine"]\n')
        with pytest.raises(CatalogueError, match="Model yours requires model mine"):
            remove(own, "mine")

    def test_leaves_entries_that_stand_beside_others_in_a_file_of_its_name(self, own):
        own.mkdir()
        (own / "mine.toml").write_text(f"[[model]]\n{ENTRY}[[model]]\n{ENTRY.replace('mine', 'yours')}")
        with pytest.raises(CatalogueError, match=r"lies in .*mine\.toml"):
            remove(own, "mine")
        assert (own / "mine.toml").is_file()

    def test_leaves_weights_that_another_entry_names_too(self, add, own):
        add()
        (own / "yours.toml").write_text(ENTRY.replace('name = "mine"', 'name = "yours"'))
        assert remove(own, "mine") == [own / "mine.toml"]
        assert remove(own, "yours") == [own / "mine.onnx", own / "yours.toml"]

    def test_leaves_entries_that_stand_among_others(self, own):
        own.mkdir()
        (own / "several.toml").write_text(f"[[model]]\n{ENTRY}[[model]]\n{ENTRY.replace('mine', 'yours')}")
        with pytest.raises(CatalogueError, match=r"lies in .*several\.toml"):
            remove(own, "mine")


class TestVouching:
    CARD = toy_card(licence="MIT")

    def test_records_the_digest(self, own, store):
        own.mkdir()
        (own / self.CARD.file).write_bytes(CONTENT)
        with pytest.raises(ModelUntrustedError):
            store.read(self.CARD)
        pin = trust_model(self.CARD, store, Families())
        assert (pin.sha256, pin.source) == (toy_card(content=CONTENT).sha256, "trusted")
        assert store.read(self.CARD) == CONTENT
        assert trust_model(self.CARD, store, Families()) is None

    def test_does_not_make_altered_weights_right(self, own, store):
        own.mkdir()
        (own / self.CARD.file).write_bytes(CONTENT)
        trust_model(self.CARD, store, Families())
        (own / self.CARD.file).write_bytes(toy_network(4.0))
        with pytest.raises(ModelDamagedError):
            trust_model(self.CARD, store, Families())

    def test_takes_nothing_that_could_not_run(self, own, store):
        own.mkdir()
        (own / self.CARD.file).write_bytes(toy_network(size=9))
        with pytest.raises(ModelUnfitError):
            trust_model(self.CARD, store, Families())
        (own / self.CARD.file).write_bytes(b"\x80\x04.")
        with pytest.raises(ModelUnsafeError):
            trust_model(self.CARD, store, Families())
        (own / self.CARD.file).unlink()
        with pytest.raises(ModelMissingError):
            trust_model(self.CARD, store, Families())
        assert LockFile(own).pins() == {}
