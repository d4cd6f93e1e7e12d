"""Catalogue, store and sessions as the options ask for them."""

from __future__ import annotations

from pathlib import Path

import platformdirs

from facefusion.inference.catalogue import Catalogue, full_catalogue
from facefusion.inference.pool import SessionPool
from facefusion.inference.runner import Notify
from facefusion.inference.session import SessionFactory
from facefusion.inference.store import ModelStore
from facefusion.inference.store.digests import DigestCache
from facefusion.options import ModelOptions, Options


def own_folder(options: ModelOptions) -> Path:
    """Return the user's own folder of weights, which need not be there."""
    return options.models_dir or platformdirs.user_data_path("facefusion", appauthor=False) / "models"


def open_store(options: ModelOptions) -> ModelStore:
    """Return the store; no folder is made for it."""
    cache = platformdirs.user_cache_path("facefusion", appauthor=False) / "digests.json"
    return ModelStore(
        own=own_folder(options),
        shared=options.shared_models_dirs,
        policy=options.license_policy,
        cache=DigestCache(cache),
    )


def open_catalogue(options: ModelOptions) -> Catalogue:
    """Return all entries: those that ship with the package, of plug-ins, and of the store's folders.

    Raises:
        CatalogueError: an entry is not what it should be, or has the name of another.
    """
    return full_catalogue((own_folder(options), *options.shared_models_dirs))


def open_sessions(options: Options, *, pool: SessionPool | None = None, notify: Notify | None = None) -> SessionFactory:
    """Return what opens models, by the options of a job.

    Args:
        options: all options.
        pool: keeps networks loaded; one of its own when None.
        notify: called with one sentence where a device fails, memory is short, or a plug-in cannot be read.

    Raises:
        ProviderError: an execution provider is not there.
        CatalogueError: an entry of a catalogue is not what it should be.
    """
    catalogue = open_catalogue(options.models)
    if notify is not None:
        for fault in catalogue.faults:
            notify(fault)
    return SessionFactory(
        runtime=options.runtime,
        pool=pool,
        notify=notify,
        catalogue=catalogue,
        store=open_store(options.models),
    )
