"""Files of the store: written whole or not at all, and told by their digests."""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from facefusion.errors import DiskFullError, ModelUnsafeError, OutputUnwritableError

MOST_BYTES: Final = 2**31
"""A file of weights is smaller: one message of its format cannot be larger."""
_FULL: Final = frozenset((errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)))


@contextmanager
def writing(folder: Path, otherwise: str = "choose another --models-dir") -> Iterator[None]:
    """Turn what the system says while something is written into `folder` into errors of the tree.

    Args:
        folder: the folder.
        otherwise: what to do about one that will not do.

    Raises:
        DiskFullError: no space is left.
        OutputUnwritableError: anything else.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise DiskFullError(f"No space is left in {folder}", f"Free some, or {otherwise}") from error
        why = (error.strerror or str(error)).lower()
        raise OutputUnwritableError(
            f"Nothing can be written into {folder}: {why}", otherwise[:1].upper() + otherwise[1:]
        ) from error


def make_folder(folder: Path) -> None:
    """Make a folder, with those above it, where it is not there.

    Raises:
        OutputUnwritableError: it cannot be made.
    """
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)


def write_whole(path: Path, content: bytes) -> None:
    """Write a small file so that others see the old one or the new one, never a part.

    Raises:
        OutputError: it cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    try:
        with writing(path.parent):
            temporary.write_bytes(content)
            put_in_place(temporary, path)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def put_in_place(temporary: Path, path: Path) -> None:
    """Rename a file of the same folder when its bytes are on the disk.

    Raises:
        OSError: it cannot be done.
    """
    with temporary.open("rb+") as file:
        os.fsync(file.fileno())
    temporary.replace(path)
    if os.name != "nt":
        descriptor = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file, read piece by piece.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def found_in(folder: Path, name: str) -> Path | None:
    """Return a file of a folder; None where there is no file of this name.

    Raises:
        ModelUnsafeError: it is a link that leaves the folder.
    """
    path = folder / name
    with suppress(OSError, RuntimeError):  # a folder that may not be entered, or a link in a circle, holds nothing
        if path.is_symlink() and not path.resolve().is_relative_to(folder.resolve()):
            raise ModelUnsafeError(f"{path} is a link that leaves its folder", "Put the file itself there")
        if stat.S_ISREG(path.stat().st_mode):
            return path
    return None
