"""The catalogue, the weights on disk, and sessions."""

from __future__ import annotations

import shutil
import threading

import numpy as np
import pytest

from facefusion.errors import ModelDamagedError, ModelUnknownError
from facefusion.inference.catalogue import Catalogue, ModelCard
from facefusion.inference.session import SessionFactory
from facefusion.inference.store import ModelStore


@pytest.fixture
def copied_pack(tmp_path):
    """The bundled weights in a folder of our own."""
    return shutil.copytree(ModelStore().folder, tmp_path / "pack")


def test_every_model_of_the_catalogue_is_there_and_is_what_the_card_says():
    cards = list(Catalogue.bundled())
    assert [card.name for card in cards] == sorted(card.name for card in cards)
    assert len(cards) >= 5
    for card in cards:
        content = ModelStore().read(card)
        assert len(content) == card.bytes
        assert card.commercial
        assert (ModelStore().folder / "cards" / f"{card.name}.md").is_file()


def test_an_unknown_name_is_answered_with_those_there_are():
    with pytest.raises(
        ModelUnknownError, match=r"There is no model 'yunet'\. Perhaps you meant .*yunet_n.*; `facefusion models list"
    ) as caught:
        SessionFactory().open("yunet")
    assert caught.value.exit_code == 40


@pytest.mark.parametrize("place", [0, 1000, -1])
def test_one_altered_byte_is_refused(copied_pack, place):
    path = copied_pack / "iris.onnx"
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)
    with pytest.raises(ModelDamagedError, match=r"The weights of model iris are not the catalogue's") as caught:
        SessionFactory(store=ModelStore(copied_pack)).open("iris")
    assert str(path) in str(caught.value)
    assert "pip install" in caught.value.hint
    assert caught.value.exit_code == 41
    SessionFactory(store=ModelStore(copied_pack)).open("face_mesh")


@pytest.mark.parametrize("content", [b"", b"\x08", b"<html>not found</html>"])
def test_something_else_under_the_name_is_refused(copied_pack, content):
    (copied_pack / "iris.onnx").write_bytes(content)
    with pytest.raises(ModelDamagedError, match="not the catalogue's"):
        SessionFactory(store=ModelStore(copied_pack)).open("iris")


def test_missing_weights_are_named(copied_pack):
    (copied_pack / "iris.onnx").unlink()
    with pytest.raises(ModelDamagedError, match=r"The weights of model iris are missing \(.*iris\.onnx\)"):
        SessionFactory(store=ModelStore(copied_pack)).open("iris")
    (copied_pack / "iris.onnx").mkdir()
    with pytest.raises(ModelDamagedError, match="missing"):
        SessionFactory(store=ModelStore(copied_pack)).open("iris")


def test_a_card_must_be_complete_and_its_digest_a_digest():
    card = Catalogue.bundled()["iris"]
    with pytest.raises(ValueError, match="sha256"):
        ModelCard.model_validate(card.model_dump() | {"sha256": "abc"})
    with pytest.raises(ValueError, match="licence"):
        ModelCard.model_validate({key: value for key, value in card.model_dump().items() if key != "licence"})
    with pytest.raises(ValueError, match="colour"):
        ModelCard.model_validate(card.model_dump() | {"colour": "blue"})


def test_a_session_is_opened_once():
    factory = SessionFactory()
    assert factory.open("iris") is factory.open("iris")


def test_a_batch_gives_what_its_members_give_alone():
    session = SessionFactory().open("iris")
    batch = np.random.default_rng(0).random((3, 3, 64, 64), np.float32)
    together = session.run(batch)
    assert {name: values.shape for name, values in together.items()} == {"eye": (3, 71, 3), "iris": (3, 5, 3)}
    for index in range(3):
        alone = session.run(batch[index : index + 1])
        assert all(np.abs(alone[name][0] - together[name][index]).max() < 1e-3 for name in together)


def test_a_session_may_be_used_from_several_threads():
    session = SessionFactory().open("iris")
    batch = np.random.default_rng(0).random((1, 3, 64, 64), np.float32)
    expected = session.run(batch)["eye"]
    results = []
    threads = [threading.Thread(target=lambda: results.append(session.run(batch)["eye"])) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 4
    assert all((result == expected).all() for result in results)
