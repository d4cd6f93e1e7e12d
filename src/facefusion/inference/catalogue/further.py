"""Entries that do not ship with the package: those in folders of weights, and those of plug-ins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib import resources
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Final

from facefusion.errors import CatalogueError
from facefusion.inference.catalogue.card import ModelCard
from facefusion.inference.catalogue.catalogue import Catalogue, read_cards
from facefusion.inference.plugins import advice, aside, package_of, points_of

GROUP: Final = "facefusion.catalogues"
"""Entry-point group of plug-ins: the value names a package whose folder holds TOML files of entries."""


def full_catalogue(folders: Sequence[Path] = ()) -> Catalogue:
    """Return all entries: those that ship with the package, of plug-ins, and of folders of weights.

    What is wrong with a plug-in is told by `Catalogue.faults`, and costs no more than its own entries.

    Args:
        folders: of weights; each may hold TOML files of entries, and need not be there.

    Raises:
        CatalogueError: an entry of a folder is not what it should be, or has the name of one that says something else.
    """
    cards = {card.name: card for card in Catalogue.known()}
    places = dict.fromkeys(cards, "the catalogue that ships with the package")
    faults = _add_plug_ins(cards, places)
    for place, card in (each for folder in folders for each in _of_folder(folder)):
        if cards.get(card.name) == card:  # a folder that is named twice, or an entry that was passed on
            continue
        if card.name in cards:
            raise CatalogueError(
                f"{place}: there is a model {card.name} already, in {places[card.name]}", "Give it another name"
            )
        cards[card.name], places[card.name] = card, place
    return Catalogue(cards.values(), faults)


def cards_in(folder: Path) -> Mapping[str, tuple[ModelCard, Path]]:
    """Return the entries that a folder of weights holds, each with its file, by name.

    Raises:
        CatalogueError: an entry is not what it should be.
    """
    found: dict[str, tuple[ModelCard, Path]] = {}
    for path in _files(folder):
        for card in _cards_of(path):
            if card.name in found:
                raise CatalogueError(
                    f"{path}: there is a model {card.name} already, in {found[card.name][1]}", "Rename it"
                )
            found[card.name] = card, path
    return found


def _files(folder: Path) -> list[Path]:
    """Return the TOML files of a folder; one that is not there, or may not be entered by this user, has none."""
    try:
        return sorted(path for path in folder.iterdir() if path.suffix == ".toml")
    except OSError:
        return []


def _of_folder(folder: Path) -> Iterator[tuple[str, ModelCard]]:
    return ((str(path), card) for card, path in cards_in(folder).values())


def _cards_of(path: Path) -> list[ModelCard]:
    try:
        return read_cards(path.read_text("utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise CatalogueError(f"{path} cannot be read ({error})", "Mend it, or take it away") from error


def _add_plug_ins(cards: dict[str, ModelCard], places: dict[str, str]) -> list[str]:
    """Add the entries of plug-ins, whose names must be new; return why some are left out."""
    points = points_of(GROUP)
    faults = [f"{fault}." for fault in points.faults]
    for point in points.by_name.values():
        place = f"plug-in {point.name} of {package_of(point)}"
        try:
            found = _cards_of_plug_in(point)
        except CatalogueError as error:
            faults.append(f"The models of {place} are left out: {error.what}. {advice(point)}.")
            continue
        for card in found:
            if card.name in cards:
                faults.append(f"Model {card.name} of {place} is left out: it is in {places[card.name]}.")
            else:
                cards[card.name], places[card.name] = card, place
    return faults


def _cards_of_plug_in(point: EntryPoint) -> list[ModelCard]:
    try:
        with aside():
            folder = resources.files(point.value)
        files = [(entry.name, entry.read_text("utf-8")) for entry in folder.iterdir() if entry.name.endswith(".toml")]
    except (Exception, SystemExit) as error:
        # A package of others is imported, which may raise anything, or want to end the program.
        raise CatalogueError(f"{point.value} cannot be read ({type(error).__name__}: {error})") from error
    return [card for name, text in sorted(files) for card in read_cards(text, name)]
