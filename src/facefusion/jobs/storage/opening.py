"""Opening storage, and files at addresses of users' own."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

from facefusion.errors import InputLimitError
from facefusion.jobs.storage.addresses import Address, allowed_root, parsed_address
from facefusion.jobs.storage.azure import AzureBucket
from facefusion.jobs.storage.base import Storage, Stored
from facefusion.jobs.storage.bucket import Bucket
from facefusion.jobs.storage.folder import FolderStorage
from facefusion.jobs.storage.google import GoogleBucket
from facefusion.jobs.storage.objects import ObjectStorage
from facefusion.jobs.storage.retrying import Patience
from facefusion.jobs.storage.s3 import S3Bucket
from facefusion.jobs.storage.sealed import SealedStorage
from facefusion.jobs.storage.settings import StorageSettings
from facefusion.jobs.storage.streams import Tally, write_out
from facefusion.trust.privacy.envelope import read_key


def open_storage(root_url: str, settings: StorageSettings | None = None) -> Storage:
    """Return the storage at an address; a folder is made where it is missing.

    Args:
        root_url: a folder, or a URL such as `file:///srv/facefusion`, `s3://bucket/facefusion`, `gs://…` or `az://…`.
        settings: how it is used; None for the usual.

    Raises:
        StorageAddressError: the address is not understood, or may not be used.
        StorageUnavailableError: the folder cannot be made. Buckets are not asked before they are used.
        OptionsError: the package for the kind of store is not installed.
        SecretError: the customer's key cannot be read.
    """
    settings = settings or StorageSettings()
    storage = _opened(parsed_address(root_url), settings, is_ours=True)
    return storage if settings.key_file is None else SealedStorage(storage, read_key(settings.key_file))


def fetch(
    address: str,
    to: Path,
    allowed: Sequence[str],
    *,
    settings: StorageSettings | None = None,
    most: int | None = None,
    cancel: threading.Event | None = None,
) -> Stored:
    """Copy a file from an address of a user's own.

    Args:
        address: of the file.
        to: file to write, replaced if it is there.
        allowed: roots below which the user's tenant may read.
        settings: how the place is used; its customer's key is not applied to files of users.
        most: bytes that it may have; None for any number.
        cancel: stops it.

    Returns:
        its address, size and digest.

    Raises:
        StorageAddressError: the address is not understood, is below none of the roots, or leads out of it by a link.
        StorageMissingError: there is no such file.
        InputLimitError: it is larger than `most`.
        StorageError, OutputError, CancelledError: as of `Storage.get`.
    """
    place, key, shown = _place(address, allowed, settings)
    size = place.size(key)
    if size is not None and most is not None and size > most:
        raise InputLimitError(f"{shown} has {size} bytes, and {most} are allowed", "Give a smaller one")
    tally = Tally()
    write_out(tally.passing(place.read(key)), to, Stored(key, size or 0, ""), cancel)
    return Stored(shown, tally.size, tally.sha256)


def deliver(
    path: Path,
    address: str,
    allowed: Sequence[str],
    *,
    settings: StorageSettings | None = None,
    replace: bool = False,
    cancel: threading.Event | None = None,
) -> Stored:
    """Copy a file to an address of a user's own, where it appears whole or not at all.

    Args:
        path: of the file.
        address: where it goes; folders that are missing below the root are made.
        allowed: roots below which the user's tenant may write.
        settings: how the place is used; its customer's key is not applied to files of users.
        replace: whether a file that is there already is replaced.
        cancel: stops it.

    Returns:
        its address, size and digest.

    Raises:
        StorageAddressError: the address is not understood, is below none of the roots, or leads out of it by a link.
        OutputExistsError: there is a file already, and it may not be replaced.
        StorageError, InputError, DiskFullError, CancelledError: as of `Storage.put`.
    """
    place, key, shown = _place(address, allowed, settings)
    stored = place.put(path, key, cancel=cancel, replace=replace)
    return Stored(shown, stored.size, stored.sha256)


def _place(address: str, allowed: Sequence[str], settings: StorageSettings | None) -> tuple[Storage, str, str]:
    """Return the storage of a root that an address is below, the key there, and the address as it may be shown."""
    parsed = parsed_address(address)
    root, key = allowed_root(parsed, allowed)
    return _opened(root, settings or StorageSettings(), is_ours=False), key, str(parsed)


def _opened(root: Address, settings: StorageSettings, *, is_ours: bool) -> FolderStorage | ObjectStorage:
    patience = Patience.of(settings)
    if root.scheme != "file":
        return ObjectStorage(
            _bucket(root, settings),
            root.path,
            patience,
            part=settings.part_bytes,
            concurrency=settings.concurrency,
        )
    folder = FolderStorage(Path(root.path), patience, for_group=settings.share_with_group, is_ours=is_ours)
    if is_ours:
        folder.prepare()
    return folder


def _bucket(root: Address, settings: StorageSettings) -> Bucket:
    if root.scheme == "s3":
        return S3Bucket(root.bucket, settings)
    if root.scheme == "gs":
        return GoogleBucket(root.bucket, settings)
    return AzureBucket(root.bucket, root.account, settings)
