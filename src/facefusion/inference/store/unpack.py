"""Reading bundles: everything is checked before anything is put in place."""

from __future__ import annotations

import hashlib
import shutil
import struct
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from facefusion.errors import DiskFullError, InputMissingError, InputTypeError, LicenceError, ModelDamagedError
from facefusion.inference.catalogue import Catalogue, ModelCard
from facefusion.inference.families import Families
from facefusion.inference.graph import read_graph
from facefusion.inference.store.bundle import WEIGHTS, BundledModel, not_a_bundle, read_manifest
from facefusion.inference.store.files import MOST_BYTES, make_folder, put_in_place, writing
from facefusion.inference.store.lock import LockFile, Pin
from facefusion.inference.store.own import check_fit, check_is_new, check_requires, entry_text
from facefusion.inference.store.pull import own_folder_of
from facefusion.inference.store.store import ModelStore
from facefusion.inference.weights import opened

_PIECE: Final = 2**20
_STAGING: Final = ".import-"


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a bundle.

    Attributes:
        put: names of the models that are in the store now.
        there: names of those that were there already.
        left_out: names of those that the licence policy does not allow, each with the reason.
        entered: names of those whose entry came from the bundle, because the catalogue had none.
    """

    put: tuple[str, ...]
    there: tuple[str, ...]
    left_out: dict[str, str]
    entered: tuple[str, ...]


def import_bundle(
    path: Path,
    catalogue: Catalogue,
    store: ModelStore,
    families: Families,
    *,
    listener: Callable[[str], None] = lambda name: None,
) -> Imported:
    """Put the models of a bundle into the user's own folder: all that are wanted, or none.

    Of a model that the catalogue knows, its entry there counts, licence and all, and not that of the bundle.

    Args:
        path: of the bundle.
        catalogue: models that are known.
        store: with a folder of the user's own.
        families: those installed.
        listener: told the name of each model when its turn comes.

    Raises:
        InputMissingError: there is no such file.
        ModelError: it is no bundle; or its weights are not harmless, or not what it, the catalogue or the lock says.
        OutputError: the folder cannot be written, or is full.
    """
    folder = own_folder_of(store)
    if not path.is_file():
        raise InputMissingError(f"There is no file {path}")
    with _reading(path):
        archive = zipfile.ZipFile(path)
    with archive:
        with _reading(path):
            manifest = read_manifest(archive, path.stat().st_size, path)
        plan = _Plan(catalogue, store, path)
        for model in manifest.models:
            plan.add(model)
        plan.check(families, folder)
        make_folder(folder)
        _check_room(folder, plan.wanted)
        with writing(folder), tempfile.TemporaryDirectory(prefix=_STAGING, dir=folder) as staging:
            for model in plan.wanted:
                listener(model.card.name)
                _unpack(archive, model, Path(staging), path)
                _check(Path(staging) / model.card.file, plan, model, families)
            _put(Path(staging), folder, plan)
    return Imported(
        tuple(model.card.name for model in plan.wanted), tuple(plan.there), plan.left_out, tuple(plan.entered)
    )


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Turn what is wrong with a bundle as an archive into errors of the tree.

    Raises:
        InputTypeError: it may not be read.
        ModelDamagedError: it is no archive, or a broken one.
    """
    try:
        yield
    except PermissionError as error:
        raise InputTypeError(f"{path} cannot be read ({error.strerror})", "Make it readable") from error
    except (zipfile.BadZipFile, EOFError, RuntimeError, OSError, ValueError, struct.error) as error:
        # What the standard library's reader says to places, names and versions that cannot be.
        raise not_a_bundle(path, "its archive is broken") from error


class _Plan:
    """What of a bundle is put in place."""

    def __init__(self, catalogue: Catalogue, store: ModelStore, path: Path) -> None:
        self.wanted: list[BundledModel] = []
        self.there: list[str] = []
        self.left_out: dict[str, str] = {}
        self.entered: dict[str, ModelCard] = {}
        self._catalogue, self._store, self._path = catalogue, store, path

    def card(self, model: BundledModel) -> ModelCard:
        """Return the entry that counts."""
        name = model.card.name
        return self._catalogue[name] if name in self._catalogue else model.card  # noqa: SIM401 - no mapping

    def add(self, model: BundledModel) -> None:
        """Decide about a model."""
        card = self.card(model)
        held = self._store.look(card)
        if card.file != model.card.file or held.sha256 not in (None, model.sha256):
            forget = self._store.command(f"remove {card.name}")
            raise ModelDamagedError(
                f"{self._path} has other weights for model {card.name} than the catalogue or the lock file says",
                f"Nothing was imported; `{forget}` forgets a digest that was recorded",
            )
        try:
            self._store.check_licence(card)
        except LicenceError as error:
            self.left_out[card.name] = str(error)
            return
        if held.state == "here" and held.sha256 == model.sha256:
            self.there.append(card.name)
            return
        self.wanted.append(model)
        if card.name not in self._catalogue:
            self.entered[card.name] = card

    def check(self, families: Families, folder: Path) -> None:
        """Make sure that what the bundle brings of its own are entries that work and take no other's place."""
        together = Catalogue([*self._catalogue, *self.entered.values()])
        for card in self.entered.values():
            check_is_new(card, self._catalogue, folder)
            check_requires(card, together)
            families[card.family].read_settings(card)


def _check_room(folder: Path, models: list[BundledModel]) -> None:
    needed, free = sum(model.bytes for model in models), shutil.disk_usage(folder).free
    if needed > free:
        raise DiskFullError(
            f"{folder} has {free / 1e6:.0f} MB free, and {needed / 1e6:.0f} MB are needed",
            "Free some, or choose another --models-dir",
        )


def _unpack(archive: zipfile.ZipFile, model: BundledModel, staging: Path, place: Path) -> None:
    """Copy weights out of a bundle and make sure that they are what it says."""
    if model.bytes >= MOST_BYTES:
        raise not_a_bundle(place, f"{model.card.file} is larger than such a file can be")
    digest, size = hashlib.sha256(), 0
    with _reading(place):
        source = archive.open(f"{WEIGHTS}{model.card.file}")
    with source, (staging / model.card.file).open("xb") as target:
        while piece := _piece(source, place):
            size += len(piece)
            digest.update(piece)
            target.write(piece)
    if size != model.bytes or digest.hexdigest() != model.sha256:
        raise not_a_bundle(place, f"{model.card.file} is not what its manifest says")


def _piece(source: IO[bytes], place: Path) -> bytes:
    with _reading(place):
        return source.read(_PIECE)


def _check(path: Path, plan: _Plan, model: BundledModel, families: Families) -> None:
    """Make sure that weights are harmless, and those of an unknown model of their family."""
    card = plan.card(model)
    with opened(path) as content:
        if card.name in plan.entered:
            check_fit(card, content, families)
        else:
            read_graph(content, card.file)


def _put(staging: Path, folder: Path, plan: _Plan) -> None:
    """Put all in place: what is recorded before the files, so that nothing lies there untrusted."""
    pins = {
        model.card.name: Pin.now(model.card.file, model.sha256, model.bytes, "bundle")
        for model in plan.wanted
        if plan.card(model).sha256 is None
    }
    if pins:
        LockFile(folder).record(pins)
    for model in plan.wanted:
        put_in_place(staging / model.card.file, folder / model.card.file)
    for name, card in plan.entered.items():
        (staging / name).write_bytes(entry_text(card))
        put_in_place(staging / name, folder / f"{name}.toml")
