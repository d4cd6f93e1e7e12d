"""What the system says when a folder of the storage fails, in the words of the error tree."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from facefusion.errors import (
    DiskFullError,
    FaceFusionError,
    StorageAddressError,
    StorageMissingError,
    StorageUnavailableError,
)

_FULL: Final = frozenset({errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)})
_DENIED: Final = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
_NO_NAME: Final = frozenset({errno.ENAMETOOLONG, errno.EINVAL, errno.ELOOP, errno.ENOTDIR, errno.EISDIR})


@contextmanager
def telling(place: str, key: str) -> Iterator[None]:
    """Turn errors of the system about a key in a folder into errors of the tree.

    Args:
        place: the storage, for the message.
        key: that is worked on.

    Raises:
        StorageMissingError: it is not there.
        DiskFullError: no space is left, or no more may be used.
        StorageAddressError: it may not be read or written, or cannot be a name there.
        StorageUnavailableError: anything else that the system refuses.
    """
    try:
        yield
    except OSError as error:
        raise _told(error, place, key) from error


def _told(error: OSError, place: str, key: str) -> FaceFusionError:
    reason = (error.strerror or str(error)).lower()
    if error.errno == errno.ENOENT:
        return missing(place, key)
    if error.errno in _FULL:
        return DiskFullError(f"No space is left in the storage {place}", "Free some, or have old files swept")
    if error.errno in _DENIED:
        return StorageAddressError(
            f"The storage {place} may not be used: {reason}", "Give the account that this runs under the rights to it"
        )
    if error.errno in _NO_NAME:
        return StorageAddressError(f"{key!r} cannot be in the storage {place}: {reason}", "Choose another name")
    return StorageUnavailableError(
        f"The storage {place} cannot be used: {reason}", "Nothing is lost; try again when it is back"
    )


def missing(place: str, key: str) -> StorageMissingError:
    """Return the error for a key that is not there."""
    return StorageMissingError(f"There is no {key!r} in the storage {place}", "It was removed, or never put there")
