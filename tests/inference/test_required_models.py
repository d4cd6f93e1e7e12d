"""Models that others require: which one lacks, and who requires it."""

from __future__ import annotations

import pytest

from facefusion.errors import CatalogueError, LicenceError, ModelMissingError, ModelUnknownError
from facefusion.inference.catalogue import Catalogue
from facefusion.inference.session import SessionFactory
from facefusion.inference.store import ModelStore
from generated.builder import Shelf
from generated.face_recogniser import arcface
from generated.face_swapper import embedding_swapper

URLS = ("https://hub.example/weights.onnx",)


@pytest.fixture
def shelf(tmp_path):
    shelf = Shelf(tmp_path)
    shelf.put("who", "face_recogniser", "arcface", arcface(), urls=URLS)
    shelf.put("swap", "face_swapper", "hyperswap", embedding_swapper(256, signed=True), requires=("who",), urls=URLS)
    return shelf


def test_where_both_lack_one_command_gets_both(shelf):
    for card in shelf.cards:
        (shelf.folder / card.file).unlink()
    with pytest.raises(ModelMissingError, match="model swap") as caught:
        shelf.sessions().load("swap", "face_swapper")
    assert caught.value.hint == "Run `facefusion models pull swap`"


def test_one_that_lacks_is_named_with_the_model_that_requires_it(shelf):
    (shelf.folder / "who.onnx").unlink()
    with pytest.raises(ModelMissingError, match="model swap requires it") as caught:
        shelf.sessions().load("swap", "face_swapper")
    assert "The weights of model who" in str(caught.value)
    assert caught.value.hint == "Run `facefusion models pull who`"


def test_one_that_the_policy_does_not_allow_is_named_with_the_model_that_requires_it(shelf):
    cards = [card.model_copy(update={"commercial": card.name != "who"}) for card in shelf.cards]
    store = ModelStore(shelf.folder, policy="commercial")
    with pytest.raises(LicenceError, match=r"Model who is under .*; model swap requires it"):
        SessionFactory(("cpu",), catalogue=Catalogue(cards), store=store).load("swap", "face_swapper")


def test_of_a_name_that_there_is_not_those_of_the_task_are_told(shelf):
    with pytest.raises(ModelUnknownError, match=r"There is no face_swapper model 'swop'\. There is: swap\."):
        shelf.sessions().load("swop", "face_swapper")


def test_models_that_require_one_another_are_refused(shelf):
    cards = [card.model_copy(update={"requires": ("swap", "who")}) for card in shelf.cards]
    sessions = SessionFactory(("cpu",), catalogue=Catalogue(cards), store=ModelStore(shelf.folder))
    with pytest.raises(CatalogueError, match="Model swap requires itself"):
        sessions.load("swap", "face_swapper")
