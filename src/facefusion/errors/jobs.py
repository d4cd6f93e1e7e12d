"""What goes wrong with jobs in a database, and with files in storage."""

from __future__ import annotations

from facefusion.errors.base import FaceFusionError


class JobError(FaceFusionError):
    """Something about a job that is kept in the database of jobs."""


class JobUnknownError(JobError):
    """There is no such job for this tenant."""

    exit_code = 80


class JobStateError(JobError):
    """The job is in a state in which this cannot be done."""

    exit_code = 81


class JobQuotaError(JobError):
    """The tenant has as many jobs, or as much data, as it may."""

    exit_code = 82


class LeaseLostError(JobError):
    """Somebody else does the task by now, or nobody is to do it any more: its result is not wanted."""

    exit_code = 83


class JobsUnavailableError(JobError):
    """The database of jobs, or the broker, cannot be reached, or refuses."""

    exit_code = 84


class SegmentError(JobError):
    """A segment or a plan is not what was made for this job at this place, or is damaged."""

    exit_code = 85


class OnlyWholeError(SegmentError):
    """The job cannot be done in segments; it can be done whole."""


class StorageError(FaceFusionError):
    """Files in storage cannot be used."""


class StorageAddressError(StorageError):
    """An address of storage is not understood, or may not be used."""

    exit_code = 90


class StorageUnavailableError(StorageError):
    """The storage cannot be reached, or failed."""

    exit_code = 91


class StorageDamagedError(StorageError):
    """What the storage gave is not what was put there."""

    exit_code = 92


class StorageMissingError(StorageError):
    """There is no such file in the storage."""

    exit_code = 93
