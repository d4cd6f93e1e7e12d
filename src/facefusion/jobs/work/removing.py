"""Removing files from storage that nobody needs any more, or that nobody may have."""

from __future__ import annotations

import logging
from typing import Final

from facefusion.errors import StorageError, StorageUnavailableError
from facefusion.jobs.keys import job_prefix, task_prefix
from facefusion.jobs.storage import Storage
from facefusion.jobs.values import Job, Lease
from facefusion.jobs.work.patience import Patience

_LOG = logging.getLogger(__name__)
_PATIENCE: Final = Patience(30.0)


def removed(storage: Storage, prefix: str) -> None:
    """Remove what lies below a prefix; that it cannot be removed is for the log, as no job fails for it."""
    try:
        _PATIENCE.calling(lambda: storage.delete(prefix), StorageUnavailableError)
    except StorageError as error:
        _LOG.error("%s is left in the storage: %s", prefix, error)


def remove_rest(storage: Storage, lease: Lease) -> None:
    """Remove what led to the result of a job that has succeeded: plan, segments, what lost attempts left.

    Args:
        storage: of the job.
        lease: under which its result was made.
    """
    kept = f"{task_prefix(lease)}/"
    try:
        keys = list(storage.keys(job_prefix(lease.job.tenant, lease.job.id)))
        for key in keys:
            if not key.startswith(kept):
                storage.delete(key)
    except StorageError as error:
        _LOG.warning("What led to the result of job %s is left in the storage: %s", lease.job.id, error)


def remove_job_files(storage: Storage, job: Job) -> int:
    """Remove all files of a job, as whoever removes the job itself has to; return how many there were.

    Raises:
        StorageError: they cannot be removed.
    """
    return storage.delete(job_prefix(job.tenant, job.id))
