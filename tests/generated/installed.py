"""Jobs that find generated models."""

from __future__ import annotations

from facefusion.inference.catalogue import Catalogue
from facefusion.inference.store import ModelStore


def install(shelf, monkeypatch):
    """Let every job know the models of a shelf beside those that ship with the package."""
    known, path = Catalogue.known, ModelStore.path

    def found(store, card):
        mine = shelf.folder / card.file
        return mine if mine.is_file() else path(store, card)

    monkeypatch.setattr(Catalogue, "known", lambda: Catalogue([*known(), *shelf.cards]))
    monkeypatch.setattr(ModelStore, "path", found)
