"""Storage, weights, and room for work."""

from __future__ import annotations

import secrets
import shutil
import time
from pathlib import Path
from typing import Final

from facefusion.errors import DiskFullError, LicenceError, ModelError, StorageDamagedError
from facefusion.inference.catalogue import Catalogue, ModelCard
from facefusion.inference.machine import GIB
from facefusion.inference.opening import open_catalogue, open_store
from facefusion.inference.store import ModelStore
from facefusion.jobs.opening import files_folder, open_files
from facefusion.jobs.storage import Storage
from facefusion.jobs.work.scratch import scratch_folder
from facefusion.service.cluster.values import Finding, Place

_PROBE_BYTES: Final = 64 << 10
_LEAST_FREE: Final = 5 * GIB
_SLOW_SECONDS: Final = 10.0


def look_storage(place: Place) -> Finding:
    """Write, read and delete a probe, and look how much room there is."""
    folder = files_folder(place.serving)
    storage = open_files(place.serving)
    storage.size("health/none")  # what the first contact takes is no part of it
    began = time.perf_counter()
    _probe(storage)
    took = time.perf_counter() - began
    found = f"a probe was written, read and deleted in {took * 1000:.0f} ms"
    if folder is None:
        found += "; a bucket does not tell its room"
    else:
        free = shutil.disk_usage(folder).free
        found += f"; {free / GIB:.1f} GiB are free in {folder}"
        if free < _LEAST_FREE:
            return Finding("warn", found, "make room, or keep results for a shorter time (privacy.output_hours)")
    if took > _SLOW_SECONDS:
        return Finding("warn", found, "look at the network to the storage, and at its load")
    return Finding("ok", found)


def look_models(place: Place) -> Finding:
    """Hold all weights that are here against their digests."""
    catalogue, store = open_catalogue(place.options.models), open_store(place.options.models)
    bundled = {card.name for card in Catalogue.bundled()}
    held = [card for card in catalogue if card.name in bundled or store.look(card).state in {"here", "damaged"}]
    bad = [name for name, is_well in ((card.name, _is_well(store, card)) for card in held) if not is_well]
    if bad:
        return Finding(
            "fail",
            f"{len(bad)} of {len(held)} are not what the catalogue says, or missing: {', '.join(bad)}",
            f"install the package again, or {store.command(f'pull {bad[0]}')}",
        )
    return Finding("ok", f"{len(held)} are here, each with the right digest")


def look_scratch(place: Place) -> Finding:
    """Look how much room there is for work."""
    worker = place.serving.worker
    folder = scratch_folder(worker.scratch_dir)
    there = next(each for each in (folder, *folder.parents) if each.exists())
    free = _free(there)
    found = f"{free / GIB:.1f} GiB are free in {folder}; {worker.scratch_free:g} GiB must be"
    advice = "make room, or choose another --scratch-dir; see --scratch-cache, which bounds what is kept"
    if free < worker.scratch_free * GIB:
        return Finding("fail", found, advice)
    wanted = (worker.scratch_free + worker.scratch_cache) * GIB
    return Finding("warn", found, advice) if free < wanted else Finding("ok", found)


def _probe(storage: Storage) -> None:
    """Put something into storage, and take it out again.

    Raises:
        StorageError: that does not go, or not as it should.
        DiskFullError: there is no room.
    """
    key, content = f"health/probe-{secrets.token_hex(8)}", secrets.token_bytes(_PROBE_BYTES)
    storage.put_bytes(content, key)
    try:
        is_same = b"".join(storage.read(key)) == content
    finally:
        storage.delete(key)
    if not is_same or storage.size(key) is not None:
        raise StorageDamagedError(
            "The storage does not give back what was put there, or keeps what was deleted",
            "Look at the storage, and at what stands between",
        )


def _is_well(store: ModelStore, card: ModelCard) -> bool:
    try:
        store.path(card)
    except LicenceError:
        return True  # it is refused for its licence, wherever it is asked for
    except ModelError:
        return False
    return True


def _free(folder: Path) -> int:
    try:
        return shutil.disk_usage(folder).free
    except OSError as error:
        raise DiskFullError(
            f"The scratch folder cannot be used: {error.strerror}", "Choose another --scratch-dir"
        ) from error
