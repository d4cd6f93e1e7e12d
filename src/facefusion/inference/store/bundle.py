"""Bundles: weights with their entries in one file, for machines without a network.

A bundle is a ZIP archive in which nothing is compressed. Its first entry, `manifest.json`, tells licence, entry, digest
and size of each model; the others are the weights, `weights/FILE`.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import zipfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from facefusion.errors import ModelDamagedError, ModelMissingError, OutputExistsError
from facefusion.inference.catalogue import ModelCard
from facefusion.inference.store.files import digest_of, writing
from facefusion.inference.store.store import ModelStore

MANIFEST: Final = "manifest.json"
WEIGHTS: Final = "weights/"
MOST_OF_MANIFEST: Final = 8 * 2**20
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)


class BundledModel(BaseModel):
    """A model in a bundle.

    Attributes:
        card: its entry.
        sha256: digest of its weights.
        bytes: their size.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    card: ModelCard
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    bytes: int = Field(gt=0)


class Manifest(BaseModel):
    """What is in a bundle.

    Attributes:
        form: what tells a bundle from other archives.
        version: of the form.
        licences: by the names of the models, the licence and whether commercial use is allowed.
        models: the models.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    form: Literal["facefusion-models"] = "facefusion-models"
    version: Literal[1] = 1
    licences: dict[str, str]
    models: tuple[BundledModel, ...]


def export_bundle(
    path: Path,
    cards: Sequence[ModelCard],
    store: ModelStore,
    *,
    overwrite: bool = False,
    listener: Callable[[str], None] = lambda name: None,
) -> Manifest:
    """Write models into one file; it appears whole or not at all.

    Args:
        path: of the bundle.
        cards: the models; their weights must be in the store.
        store: where they lie.
        overwrite: whether a file that is there may be replaced.
        listener: told the name of each model when its turn comes.

    Raises:
        ModelError: weights are missing, altered, or not allowed by the licence policy.
        OutputError: the bundle cannot be written.
    """
    if not cards:
        raise ModelMissingError("There are no weights to export", "`facefusion models list` shows what is there")
    if path.exists() and not overwrite:
        raise OutputExistsError(f"The bundle {path} exists already", "Choose another name, or give --overwrite")
    files = {card.name: store.verify(card) for card in cards}
    manifest = _manifest(cards, files)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    try:
        with writing(path.parent, "write the bundle elsewhere"):
            _write(temporary, manifest, files, listener)
            temporary.replace(path)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
    return manifest


def read_manifest(archive: zipfile.ZipFile, size: int, place: Path) -> Manifest:
    """Return what is in a bundle, having made sure that nothing else is.

    Args:
        archive: the bundle.
        size: of its file in bytes.
        place: how messages call it.

    Raises:
        ModelDamagedError: it is no bundle, or holds what it should not.
    """
    entries = archive.infolist()
    if not entries or entries[0].filename != MANIFEST or entries[0].file_size > MOST_OF_MANIFEST:
        raise not_a_bundle(place, "it does not begin with a manifest")
    packed = [entry.filename for entry in entries if entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & 1]
    if packed:
        raise not_a_bundle(place, f"{packed[0]!r} is packed")
    if sum(entry.file_size for entry in entries) > size:
        raise not_a_bundle(place, "it claims to hold more than it has room for")
    try:
        manifest = Manifest.model_validate_json(archive.read(entries[0]))
    except (ValidationError, zipfile.BadZipFile, EOFError) as error:
        raise not_a_bundle(place, "its manifest cannot be read") from error
    expected = {f"{WEIGHTS}{model.card.file}": model.bytes for model in manifest.models}
    found = {entry.filename: entry.file_size for entry in entries[1:]}
    names = {model.card.name for model in manifest.models}
    if found != expected or len(entries) != len(manifest.models) + 1 or len(names) != len(manifest.models):
        raise not_a_bundle(place, "its files are not those of its manifest")
    return manifest


def not_a_bundle(place: Path, reason: str) -> ModelDamagedError:
    """Return the error for a bundle that is not what it should be."""
    return ModelDamagedError(f"{place} is no bundle of models, or a damaged one: {reason}", "Export it again")


def _manifest(cards: Sequence[ModelCard], files: dict[str, Path]) -> Manifest:
    models = tuple(
        BundledModel(card=card, sha256=digest_of(files[card.name]), bytes=files[card.name].stat().st_size)
        for card in sorted(cards, key=lambda card: card.name)
    )
    uses = {True: "commercial use allowed", False: "no commercial use"}
    licences = {model.card.name: f"{model.card.licence}, {uses[model.card.commercial]}" for model in models}
    return Manifest(licences=licences, models=models)


def _write(path: Path, manifest: Manifest, files: dict[str, Path], listener: Callable[[str], None]) -> None:
    with zipfile.ZipFile(path, "x", zipfile.ZIP_STORED, allowZip64=True) as archive:
        text = json.dumps(manifest.model_dump(mode="json", exclude_defaults=False), indent=2)
        archive.writestr(zipfile.ZipInfo(MANIFEST, _EPOCH), text)
        for model in manifest.models:
            listener(model.card.name)
            entry = zipfile.ZipInfo(f"{WEIGHTS}{model.card.file}", _EPOCH)
            entry.file_size = model.bytes
            with files[model.card.name].open("rb") as file, archive.open(entry, "w", force_zip64=True) as target:
                shutil.copyfileobj(file, target, 2**20)
    with path.open("rb+") as whole:
        os.fsync(whole.fileno())
