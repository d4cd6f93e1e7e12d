from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from store_toys import FAMILY, PLUG_IN_ENTRIES
from weights_server import WeightsServer, serve

from facefusion.cli.main import main
from facefusion.inference.store import ModelStore


@pytest.fixture
def plug_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package that brings a family and a catalogue, as pip would install it; the folder of its entries."""
    site = tmp_path / "site"
    catalogue = site / "toy_plug_in" / "catalogue"
    catalogue.mkdir(parents=True)
    for package in (catalogue.parent, catalogue):
        (package / "__init__.py").touch()
    (catalogue.parent / "family.py").write_text(FAMILY)
    (catalogue / "toys.toml").write_text(PLUG_IN_ENTRIES)
    information = site / "toy_plug_in-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: toy-plug-in\nVersion: 1.0\n")
    points = """\
        [facefusion.families]
        toy = toy_plug_in.family:FAMILY
        [facefusion.catalogues]
        toys = toy_plug_in.catalogue
        """
    (information / "entry_points.txt").write_text(textwrap.dedent(points))
    monkeypatch.syspath_prepend(str(site))
    yield catalogue
    for name in [name for name in sys.modules if name.split(".")[0] == "toy_plug_in"]:
        del sys.modules[name]


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """The user's own folder of weights, which is not there yet."""
    return tmp_path / "own"


@pytest.fixture
def store(own: Path) -> ModelStore:
    return ModelStore(own=own)


@pytest.fixture
def web() -> Iterator[WeightsServer]:
    with serve() as server:
        yield server


@pytest.fixture
def models(quiet_place, plug_in, own, web):
    """Type `facefusion models …`, with a store of its own, and a web server in place of the network."""
    return lambda *argv: main(["models", *map(str, argv), "--models-dir", str(own)], transport=web.transport)
