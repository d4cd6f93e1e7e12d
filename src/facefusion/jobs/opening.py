"""Opening what the service and its workers share: the database of jobs, the storage, and a worker at both."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from platformdirs import user_data_path
from sqlalchemy import Engine

from facefusion.jobs.board import JobBoard
from facefusion.jobs.migrations import upgrade
from facefusion.jobs.storage import Storage, StorageSettings, open_storage
from facefusion.jobs.storage.addresses import parsed_address
from facefusion.media.faults import writing
from facefusion.options import Options, ServingOptions
from facefusion.trust.database import open_database

if TYPE_CHECKING:
    from facefusion.jobs.worker import Worker

_DATABASE: Final = "jobs.db"
_STORAGE: Final = "storage"
_OWN: Final = 0o700


def open_jobs(serving: ServingOptions) -> Engine:
    """Return the database of jobs, brought up to date.

    Raises:
        OptionsError: its place is not understood.
        SecretError: its file cannot be used.
        JobsUnavailableError: it cannot be reached.
    """
    engine = open_database(jobs_place(serving))
    upgrade(engine)
    return engine


def jobs_place(serving: ServingOptions) -> str | Path:
    """Return where the database of jobs is: a URL, or a file.

    Raises:
        OutputUnwritableError, DiskFullError: the folder of one's own cannot be made.
    """
    return serving.jobs.jobs_database or _home() / _DATABASE


def open_files(serving: ServingOptions) -> Storage:
    """Return the storage of jobs.

    Raises:
        StorageError, OptionsError: it cannot be used.
    """
    return open_storage(_files_address(serving), storage_settings(serving))


def files_folder(serving: ServingOptions) -> Path | None:
    """Return the folder in which files of jobs lie; None where they lie in a bucket.

    Raises:
        StorageAddressError: the address of the storage is not understood.
    """
    address = parsed_address(_files_address(serving))
    return Path(address.path) if address.scheme == "file" else None


def storage_settings(serving: ServingOptions) -> StorageSettings:
    """Return how storage is used.

    Raises:
        OptionsError: a value is impossible, or does not go with another.
    """
    said = serving.storage
    return StorageSettings(
        endpoint=said.storage_endpoint,
        region=said.storage_region,
        server_encryption=said.storage_encryption,
        kms_key=said.storage_kms_key,
        key_file=said.storage_key_file,
        checksums=said.storage_checksums,
        share_with_group=said.storage_group,
    )


def open_worker(options: Options, serving: ServingOptions) -> Worker:
    """Return a worker of this machine.

    Raises:
        FaceFusionError: something that it needs cannot be used.
    """
    from facefusion.jobs.work.bench import Bench  # noqa: PLC0415 - the engine takes long to import
    from facefusion.jobs.worker import Worker  # noqa: PLC0415
    from facefusion.telemetry.telemetry import Telemetry  # noqa: PLC0415

    engine = open_jobs(serving)
    settings = storage_settings(serving)
    telemetry = Telemetry.of(serving, "worker")
    bench = Bench.of(
        *(options, serving),
        storage=open_files(serving),
        board=JobBoard(engine),
        settings=settings,
        telemetry=telemetry,
    )
    return Worker(engine, bench)


def _files_address(serving: ServingOptions) -> str:
    return serving.jobs.storage or str(_beside_database(serving) / _STORAGE)


def _beside_database(serving: ServingOptions) -> Path:
    place = serving.jobs.jobs_database
    return _home() if place is None or "://" in place else Path(place).absolute().parent


def _home() -> Path:
    home = user_data_path("facefusion", appauthor=False) / "jobs"
    with writing(home / _DATABASE):
        home.mkdir(mode=_OWN, parents=True, exist_ok=True)
    return home
