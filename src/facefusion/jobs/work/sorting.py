"""Whether it helps to try a task again that failed, and what users are told."""

from __future__ import annotations

from typing import Any, Final

from facefusion.errors import (
    AuditError,
    ContentRefusedError,
    DiskFullError,
    DownloadError,
    FaceError,
    FaceFusionError,
    IsolationError,
    JobsUnavailableError,
    LeaseLostError,
    ModelDamagedError,
    OutputUnwritableError,
    ProviderError,
    SecretError,
    Spot,
    StorageDamagedError,
    StorageUnavailableError,
)
from facefusion.jobs.values import Failure
from facefusion.jobs.work.said import Said

_PASSING: Final = (
    *(StorageUnavailableError, StorageDamagedError, JobsUnavailableError, LeaseLostError),
    *(DiskFullError, OutputUnwritableError, ProviderError, IsolationError, DownloadError),
    *(ModelDamagedError, SecretError, AuditError),
)
"""What lies in a worker, its machine or the network, so that another attempt may well succeed."""
_REMOVED: Final = "What was handed in for this job was removed"


def failure_of(error: Exception, said: Said) -> Failure:
    """Return what a failed task is told by.

    Errors of the tree tell what is wrong with the job itself, and are final, unless they lie in the worker, its machine
    or the network. All others are bugs or the like, whose words are for the worker's own log.

    Args:
        error: what ended the work.
        said: takes paths of the worker out of messages.
    """
    if isinstance(error, FaceFusionError):
        hint = said.text(error.hint)
        if isinstance(error, ContentRefusedError):
            hint = f"{hint}. {_REMOVED}" if hint else _REMOVED
        is_final = not isinstance(error, _PASSING)
        spot = _told(error.spot, said) if isinstance(error, FaceError) and error.spot is not None else None
        return Failure(type(error).__name__, error.exit_code, said.text(error.what), hint, is_final, spot)
    if isinstance(error, MemoryError):
        return Failure("MemoryError", 1, "The worker has not enough memory for this", "Use a smaller picture")
    what = f"The work ended with an unexpected error ({type(error).__name__})"
    return Failure(type(error).__name__, 1, what, "The log of the worker tells more")


def _told(spot: Spot, said: Said) -> dict[str, Any] | None:
    """Return where a problem is as JSON values; None where it is in no file that the request names."""
    name = said.name(spot.path)
    if name is None:
        return None
    facts = {"seconds": spot.seconds, "width": spot.width, "height": spot.height}
    return {"input": name, **facts, "boxes": [list(box) for box in spot.boxes]}
