"""Whole jobs with generated networks: these beside the bundled ones."""

from __future__ import annotations

import shutil
from importlib import resources
from pathlib import Path

from facefusion.inference.catalogue import Catalogue
from facefusion.inference.session import SessionFactory
from facefusion.inference.store import ModelStore
from facefusion.trust.content.active import PRIMARY


def job_sessions(shelf, *cards):
    """Return a factory that knows the bundled models, those of a shelf, and further cards whose weights lie there."""
    for file in Path(str(resources.files("facefusion.inference") / "pack")).glob("*.onnx"):
        if not (shelf.folder / file.name).exists():
            shutil.copy(file, shelf.folder)
    catalogue = Catalogue([*Catalogue.bundled(), Catalogue.known()[PRIMARY], *shelf.cards, *cards])
    return SessionFactory(("cpu",), catalogue=catalogue, store=ModelStore(shelf.folder))
