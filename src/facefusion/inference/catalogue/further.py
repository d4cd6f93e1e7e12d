"""Entries that do not ship with the package: those in folders of weights, and those of plug-ins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib import resources
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Final

from facefusion.errors import CatalogueError
from facefusion.inference.catalogue.card import ModelCard
from facefusion.inference.catalogue.catalogue import Catalogue, read_cards

GROUP: Final = "facefusion.catalogues"
"""Entry-point group of plug-ins: the value names a package whose folder holds TOML files of entries."""


def full_catalogue(folders: Sequence[Path] = ()) -> Catalogue:
    """Return all entries: those that ship with the package, of plug-ins, and of folders of weights.

    Args:
        folders: of weights; each may hold TOML files of entries, and need not be there.

    Raises:
        CatalogueError: an entry is not what it should be, or has the name of another.
    """
    cards = {card.name: card for card in Catalogue.known()}
    places = dict.fromkeys(cards, "the catalogue that ships with the package")
    for place, card in (*_of_plug_ins(), *(each for folder in folders for each in _of_folder(folder))):
        if card.name in cards:
            raise CatalogueError(
                f"{place}: there is a model {card.name} already, in {places[card.name]}", "Give it another name"
            )
        cards[card.name], places[card.name] = card, place
    return Catalogue(cards.values())


def cards_in(folder: Path) -> Mapping[str, tuple[ModelCard, Path]]:
    """Return the entries that a folder of weights holds, each with its file, by name.

    Raises:
        CatalogueError: an entry is not what it should be.
    """
    found: dict[str, tuple[ModelCard, Path]] = {}
    for path in sorted(folder.glob("*.toml")) if folder.is_dir() else ():
        for card in _cards_of(path):
            if card.name in found:
                raise CatalogueError(
                    f"{path}: there is a model {card.name} already, in {found[card.name][1]}", "Rename it"
                )
            found[card.name] = card, path
    return found


def _of_folder(folder: Path) -> Iterator[tuple[str, ModelCard]]:
    return ((str(path), card) for card, path in cards_in(folder).values())


def _cards_of(path: Path) -> list[ModelCard]:
    try:
        return read_cards(path.read_text("utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise CatalogueError(f"{path} cannot be read ({error})", "Mend it, or take it away") from error


def _of_plug_ins() -> Iterator[tuple[str, ModelCard]]:
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        yield from ((f"plug-in {point.name}", card) for card in _cards_of_plug_in(point))


def _cards_of_plug_in(point: EntryPoint) -> Iterator[ModelCard]:
    try:
        folder = resources.files(point.value)
        files = [(entry.name, entry.read_text("utf-8")) for entry in folder.iterdir() if entry.name.endswith(".toml")]
    except (ImportError, OSError, TypeError, UnicodeDecodeError) as error:
        raise CatalogueError(
            f"The catalogue of plug-in {point.name!r} cannot be read ({error})", "Install its package again"
        ) from error
    for name, text in sorted(files):
        yield from read_cards(text, f"plug-in {point.name}, {name}")
