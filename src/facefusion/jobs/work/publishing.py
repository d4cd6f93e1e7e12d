"""Putting what was made into storage, and saying what it is."""

from __future__ import annotations

import mimetypes
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from facefusion.engine.run import Result
from facefusion.engine.versions import version
from facefusion.errors import StorageDamagedError, StorageUnavailableError
from facefusion.jobs.storage import Storage, Stored, deliver
from facefusion.jobs.work.attempt import Attempt
from facefusion.jobs.work.bench import Bench
from facefusion.jobs.work.delivering import delivery_address
from facefusion.jobs.work.patience import Patience
from facefusion.jobs.work.said import Said
from facefusion.media.forms import Kind, output_form

PATIENCE: Final = Patience(900.0)
"""For the storage, once hours of work are at stake."""
_PASSING: Final = (StorageUnavailableError, StorageDamagedError)
_TYPES: Final = {".apng": "image/apng", ".m4v": "video/x-m4v", ".mkv": "video/x-matroska", ".avif": "image/avif"}


def put_file(storage: Storage, path: Path, key: str, attempt: Attempt) -> Stored:
    """Put a file into storage, however long that is away.

    Raises:
        StorageError, DiskFullError: it cannot be put.
        CancelledError: the attempt was stopped.
    """
    stored = PATIENCE.calling(lambda: storage.put(path, key, cancel=attempt.cancel), *_PASSING, cancel=attempt.cancel)
    attempt.moved()
    return stored


def published(result: Result, prefix: str, bench: Bench, attempt: Attempt, said: Said) -> dict[str, Any]:
    """Put the outputs of a job into storage.

    Returns:
        what the job's result is, as JSON values.
    """
    outputs = []
    for path in (result.output_path, *result.further_paths):
        stored = put_file(bench.storage, path, f"{prefix}/{path.name}", attempt)
        kind = result.kind if path == result.output_path else None
        outputs.append(_described(path, kind, stored, is_encrypted=bench.options.trust.encrypt_output_key is not None))
    return {
        "outputs": outputs,
        "kind": result.kind,
        "frames": result.frames,
        "faces": result.faces,
        "notes": [said.text(note) for note in result.notes],
        "disclosure": list(result.disclosure),
        "version": version(),
    }


def delivered(result: Result, address: str, tenant: str, bench: Bench, cancel: threading.Event) -> list[str]:
    """Copy the outputs of a job to an address of the tenant's own; what is there already is replaced.

    Args:
        result: of the job.
        address: where the output goes; one that ends in / is a folder, which takes all of them.
        tenant: whose it is.
        bench: of the worker.
        cancel: stops it.

    Returns:
        where they are.

    Raises:
        StorageError, DiskFullError: they cannot be put there.
    """
    is_folder = address.endswith("/")
    paths = (result.output_path, *result.further_paths) if is_folder else (result.output_path,)
    return [
        deliver(
            path,
            delivery_address(address, path.name),
            bench.allowed(tenant),
            settings=bench.settings,
            replace=True,
            cancel=cancel,
        ).address
        for path in paths
    ]


def media_type(name: str) -> str:
    """Return the media type of a file, by its name."""
    suffix = Path(name).suffix.lower()
    return _TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"


def measured(result: Result, **more: float) -> Mapping[str, Any]:
    """Return what is known of how the work went, as JSON values: seconds by stage, frames, faces."""
    stages = {name: round(seconds, 3) for name, seconds in result.stage_seconds.items()}
    counted = {"frames": result.frames, "faces": result.faces, "seconds": round(result.seconds, 3)}
    return {**counted, "stages": stages, **{name: round(value, 3) for name, value in more.items()}}


def _described(path: Path, kind: Kind | None, stored: Stored, *, is_encrypted: bool) -> dict[str, Any]:
    said = {"name": path.name, "form": output_form(path, kind).name, "media_type": media_type(path.name)}
    return {**stored.to_json(), **said, "is_encrypted": is_encrypted}
