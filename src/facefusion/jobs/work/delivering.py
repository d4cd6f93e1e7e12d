"""Delivering a result that a person had to approve first."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from facefusion.jobs.storage import Storage, StorageSettings, Stored, deliver
from facefusion.jobs.values import Job


def deliver_result(
    job: Job, storage: Storage, allowed: Sequence[str], *, settings: StorageSettings | None = None
) -> list[str]:
    """Copy the outputs of a job from storage to where its request wants them; what is there already is replaced.

    Whoever approves a result calls this before, so that an approval that is told has been delivered; doing it again is
    harmless.

    Args:
        job: that waits for its review.
        storage: has its outputs.
        allowed: roots below which its tenant may write.
        settings: how storage is used at addresses of users' own.

    Returns:
        where they are; none where the request wants them nowhere.

    Raises:
        StorageError, DiskFullError: they cannot be put there.
    """
    address = job.request.get("deliver_to")
    if not isinstance(address, str) or job.result is None:
        return []
    told = []
    with tempfile.TemporaryDirectory(prefix="facefusion-") as folder:
        for each in job.result["outputs"] if address.endswith("/") else job.result["outputs"][:1]:
            path = Path(folder) / each["name"]
            storage.get(Stored.of_json(each), path)
            to = delivery_address(address, each["name"])
            told.append(deliver(path, to, allowed, settings=settings, replace=True).address)
            path.unlink()
    return told


def delivery_address(address: str, name: str) -> str:
    """Return where one output goes: into the folder that an address ends with, or to the address itself."""
    return f"{address}{name}" if address.endswith("/") else address
