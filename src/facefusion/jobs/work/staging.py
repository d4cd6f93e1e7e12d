"""Bringing the files that a request names onto the disk of this machine."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Final

from facefusion.errors import (
    InputMissingError,
    JobStateError,
    JobUnknownError,
    StorageDamagedError,
    StorageMissingError,
    StorageUnavailableError,
)
from facefusion.jobs.keys import face_key, person_key, upload_key
from facefusion.jobs.reference import Reference
from facefusion.jobs.storage import Stored, fetch
from facefusion.jobs.values import Job
from facefusion.jobs.work.bench import Bench
from facefusion.jobs.work.patience import Patience
from facefusion.jobs.work.said import Said

_PATIENCE: Final = Patience(60.0)
_KEYS: Final = MappingProxyType({"upload": upload_key, "person": person_key, "face": face_key})


@dataclass(slots=True)
class Staging:
    """The inputs of one task.

    Attributes:
        bench: of the worker.
        tenant: whose files they are.
        folder: of the task; inputs stay where they are until it is removed.
        said: learns by which names files are called.
        cancel: stops downloads.
        moved: called after each file.
        digests: SHA-256 of files, by reference: those that are known, and of all that were brought.
    """

    bench: Bench
    tenant: str
    folder: Path
    said: Said
    cancel: threading.Event
    moved: Callable[[], None]
    digests: dict[str, str] = field(default_factory=dict)
    _paths: dict[str, Path] = field(default_factory=dict)

    def path(self, reference: str) -> Path:
        """Return where a file lies, fetched if it is not there.

        Raises:
            InputMissingError: there is no such file.
            StorageDamagedError: it is another than the request was made with.
            FaceFusionError: it cannot be fetched, or may not be.
        """
        if reference not in self._paths:
            self._paths[reference] = self._brought(reference)
            self.moved()
        return self._paths[reference]

    def _brought(self, reference: str) -> Path:
        cache, digest = self.bench.cache, self.digests.get(reference)
        with nullcontext() if digest is None else cache.fetching(digest):
            path = None if digest is None else cache.held(digest, self.folder)
            if path is None:
                part = self.folder / f"fetched-{len(self._paths)}"
                self.said.add(part, reference)
                self._fetch(Reference.parse(reference), part)
                path, found = cache.adopted(part, self.folder)
                self._check(reference, digest, found)
        self.said.add(path, reference)
        return path

    def _check(self, reference: str, digest: str | None, found: str) -> None:
        if digest not in (None, found):
            raise StorageDamagedError(
                f"{reference} is not the file that the request was made with", "Hand it in again, and begin a new job"
            )
        self.digests[reference] = found

    def _fetch(self, reference: Reference, to: Path) -> None:
        place: str | Stored
        if reference.kind == "address":
            allowed = self.bench.allowed(self.tenant)
            try:
                fetch(reference.value, to, allowed, settings=self.bench.settings, cancel=self.cancel)
            except StorageMissingError as error:
                raise _missing(reference) from error
            return
        if reference.kind == "job":
            if self.bench.board is None:
                raise JobUnknownError(f"There is no {reference} here", "Name the file itself")
            place = result_of(self.bench.board.job(reference.value, tenant=self.tenant))
        else:
            place = _KEYS[reference.kind](self.tenant, reference.value)
        try:
            _PATIENCE.calling(
                lambda: self.bench.storage.get(place, to, cancel=self.cancel),
                StorageUnavailableError,
                cancel=self.cancel,
            )
        except StorageMissingError as error:
            raise _missing(reference) from error


def result_of(job: Job) -> Stored:
    """Return the output of a job, as others may use it.

    Raises:
        JobStateError: it has none that anybody may have.
    """
    if job.state != "succeeded" or not job.result:
        raise JobStateError(f"Job {job.id} is {job.state} and has no result to be used", "Wait until it has succeeded")
    return Stored.of_json(job.result["outputs"][0])


def _missing(reference: Reference) -> InputMissingError:
    return InputMissingError(f"{reference} is not there", "It was removed, or never handed in; hand it in again")
