"""Models of the user's own: put in with an entry, taken out again, and files that the user vouches for."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import tomli_w

from facefusion.errors import (
    CatalogueError,
    InputMissingError,
    InputTypeError,
    ModelDamagedError,
    ModelMissingError,
    ModelUnsafeError,
)
from facefusion.inference.catalogue import Catalogue, ModelCard, cards_in, read_cards
from facefusion.inference.families import Families
from facefusion.inference.graph import read_graph
from facefusion.inference.store.files import MOST_BYTES, digest_of, make_folder, put_in_place, writing
from facefusion.inference.store.lock import LockFile, Pin
from facefusion.inference.store.pull import REFUSED, own_folder_of
from facefusion.inference.store.store import ModelStore
from facefusion.inference.weights import Buffer, opened

_STAGING: Final = ".add-"


def add_model(path: Path, entry: Path, catalogue: Catalogue, store: ModelStore, families: Families) -> ModelCard:
    """Put a model of the user's own into the store, with its entry.

    Args:
        path: the ONNX file.
        entry: TOML file with the one entry that describes it; digest and size are filled in.
        catalogue: models that are known.
        store: with a folder of the user's own.
        families: those installed.

    Raises:
        InputMissingError: one of the files is not there.
        CatalogueError: the entry is not what it should be, or its name is taken.
        ModelUnsafeError: the file is something that is never loaded.
        ModelUnfitError: it is of another family.
        LicenceError: the policy does not allow it.
        OutputError: the store cannot be written.
    """
    folder = own_folder_of(store)
    card = _entry(entry)
    store.check_licence(card)
    check_requires(card, catalogue)
    check_is_new(card, catalogue, folder)
    make_folder(folder)
    with writing(folder), tempfile.TemporaryDirectory(prefix=_STAGING, dir=folder) as name:
        staged = Path(name) / card.file
        _copy(path, staged)
        with opened(staged) as content:
            check_fit(card, content, families)
        complete = _completed(card, staged)
        (Path(name) / "entry").write_bytes(entry_text(complete))
        put_in_place(staged, folder / card.file)
        put_in_place(Path(name) / "entry", folder / f"{card.name}.toml")
    return complete


def remove_model(name: str, catalogue: Catalogue, store: ModelStore) -> list[Path]:
    """Take the weights of a model out of the user's own folder, and its entry where that is the user's.

    What was recorded of it is forgotten.

    Weights that another entry names too stay.

    Returns:
        the files that were removed.

    Raises:
        ModelUnknownError: there is no such model.
        CatalogueError: its entry lies in a file with others, or another model requires it.
        ModelMissingError: the user's own folder has nothing of it.
        OutputError: it cannot be removed.
    """
    folder, card = own_folder_of(store), catalogue[name]
    endings = ("", ".part", ".part.json", REFUSED, f"{REFUSED}.txt")
    is_shared = any(other.file == card.file and other.name != name for other in catalogue)
    files = [] if is_shared else [folder / f"{card.file}{ending}" for ending in endings]
    entry = folder / f"{name}.toml"
    entries = cards_in(folder)
    beside = [other for other, (_, place) in entries.items() if place == entry and other != name]
    if name in entries and (entries[name][1] != entry or beside):
        raise CatalogueError(f"The entry of model {name} lies in {entries[name][1]}", "Take it out there first")
    others = [other.name for other, _ in entries.values() if name in other.requires]
    if others:
        raise CatalogueError(f"Model {others[0]} requires model {name}", f"Remove {others[0]} first")
    with writing(folder):
        there = [
            path for path in (*files, *([entry] if name in entries else [])) if path.is_file() or path.is_symlink()
        ]
    is_pinned = name in LockFile(folder).pins()
    if not there and not is_pinned:
        raise ModelMissingError(f"Model {name} is not in {folder}", _where(card, store))
    with writing(folder):
        for path in there:
            path.unlink()
    LockFile(folder).forget(name)
    return there


def trust_model(card: ModelCard, store: ModelStore, families: Families) -> Pin | None:
    """Record the digest of a file that lies in the store, because the user knows where it is from.

    Returns:
        what was recorded; None where the digest was known, and is right.

    Raises:
        ModelError: the file is missing, altered, something that is never loaded, or of another family.
        OutputError: the lock file cannot be written.
    """
    store.check_licence(card)
    held = store.look(card)
    if held.path is None:
        raise store.missing(card)
    if held.state != "untrusted":
        store.verify(card)
        return None
    _check_size(held.path)
    with opened(held.path) as content:
        if card.family in families:
            check_fit(card, content, families)
        else:
            read_graph(content, card.file)
    pin = Pin.now(card.file, digest_of(held.path), held.path.stat().st_size, "trusted")
    LockFile(own_folder_of(store)).record({card.name: pin})
    return pin


def check_fit(card: ModelCard, content: Buffer, families: Families) -> None:
    """Make sure that a file is harmless, and a network of its family.

    Raises:
        CatalogueError: the family is not installed, is for another task, or does not know the settings.
        ModelUnsafeError: the file is something that is never loaded.
        ModelUnfitError: it is of another family.
    """
    family = families[card.family]
    if family.task != card.task:
        raise CatalogueError(
            f"Model {card.name} is to be a {card.task}, but family {card.family} is for {family.task}", "Mend its entry"
        )
    contract = family.contract(family.read_settings(card))
    contract.bind(read_graph(content, card.name), card.name)


def check_requires(card: ModelCard, catalogue: Iterable[ModelCard]) -> None:
    """Make sure that all models exist that a model requires.

    Raises:
        CatalogueError: one does not.
    """
    names = {each.name for each in catalogue}
    for name in card.requires:
        if name not in names or name == card.name:
            raise CatalogueError(f"Model {card.name} requires {name!r}, which there is not", "Add that one first")


def check_is_new(card: ModelCard, catalogue: Iterable[ModelCard], folder: Path) -> None:
    """Make sure that a model takes no other's place.

    Raises:
        CatalogueError: it has the name or the file of another, or such files are there.
    """
    for other in catalogue:
        if card.name == other.name or card.file == other.file:
            raise CatalogueError(f"There is a model {other.name} already, with {other.file}", "Give yours other names")
    with writing(folder):
        there = [file for file in (card.file, f"{card.name}.toml") if (folder / file).exists()]
    if there:
        raise CatalogueError(f"{folder} has a file {there[0]} already", "Take it away, or choose another name")


def entry_text(card: ModelCard) -> bytes:
    """Return an entry as TOML."""
    return tomli_w.dumps(card.model_dump(mode="json", exclude_none=True, exclude_defaults=True)).encode()


def _entry(path: Path) -> ModelCard:
    try:
        cards = read_cards(path.read_text("utf-8"), str(path))
    except FileNotFoundError as error:
        raise InputMissingError(f"There is no file {path}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise InputTypeError(f"{path} cannot be read as an entry ({error})", "It is a TOML file") from error
    if len(cards) != 1:
        raise CatalogueError(f"{path} has {len(cards)} entries", "Let it have the one that describes the file")
    return cards[0]


def _copy(path: Path, target: Path) -> None:
    """Copy a file; what is wrong with it is the file's fault, not the folder's."""
    if not path.is_file():
        raise InputMissingError(f"There is no file {path}")
    _check_size(path)
    shutil.copyfile(path, target)


def _check_size(path: Path) -> None:
    if path.stat().st_size >= MOST_BYTES:
        raise ModelUnsafeError(f"{path} has more bytes than an ONNX file can have", "Export it smaller")


def _completed(card: ModelCard, file: Path) -> ModelCard:
    """Return the entry with digest and size."""
    digest, size = digest_of(file), file.stat().st_size
    if card.sha256 not in (None, digest) or card.bytes not in (None, size):
        raise ModelDamagedError(f"The file is not the one that the entry of {card.name} describes", "Mend the entry")
    return card.model_copy(update={"sha256": digest, "bytes": size})


def _where(card: ModelCard, store: ModelStore) -> str:
    path = store.look(card).path
    return "There is nothing to remove" if path is None else f"It lies in {path.parent}, which is not yours to change"
