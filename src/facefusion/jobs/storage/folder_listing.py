"""What lies in a folder of the storage: finding and removing it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from facefusion.jobs.storage.beneath import OpenFolder, folder_beneath
from facefusion.jobs.storage.names import is_hidden, is_part, part_name

_GONE = (FileNotFoundError, NotADirectoryError)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which files are to be removed.

    Attributes:
        before: only those that were written before, in seconds since 1970; None for all.
        parts: whether only those that were half-written are meant.
    """

    before: float | None = None
    parts: bool = False

    def holds(self, name: str, folder: OpenFolder) -> bool:
        """Return whether a file is one of them."""
        if self.parts and not is_part(name):
            return False
        return self.before is None or folder.status(name).st_mtime < self.before


def keys_below(root: Path, prefix: str) -> Iterator[str]:
    """Yield the keys of files that are a prefix or below it.

    Raises:
        OSError: a folder cannot be read.
    """
    *parents, name = prefix.split("/") if prefix else [""]
    with suppress(*_GONE), folder_beneath(root, parents) as folder:
        if not name:
            yield from _keys(folder, "")
        elif _is_folder(folder, name):
            with folder.enter(name) as inner:
                yield from _keys(inner, f"{prefix}/")
        elif _is_file(folder, name):
            yield prefix


def removed_below(root: Path, prefix: str, wanted: Wanted) -> int:
    """Remove files that are a prefix or below it, and folders that are empty then; return how many files there were.

    Raises:
        OSError: one cannot be removed.
    """
    *parents, name = prefix.split("/") if prefix else [""]
    with suppress(*_GONE), folder_beneath(root, parents) as folder:
        if not name:
            return _emptied(folder, wanted)
        return _removed(folder, name, wanted)
    return 0


def time_of(root: Path) -> float:
    """Return the time by the clock of the file system, which with NFS is that of its server, in seconds since 1970.

    Raises:
        OSError: nothing can be written there.
    """
    name = part_name()
    with OpenFolder.root(root) as folder:
        os.close(folder.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
        try:
            return folder.status(name).st_mtime
        finally:
            folder.unlink(name)


def age_limit(root: Path, older_than: timedelta) -> float:
    """Return when files were written that are older than this, in seconds since 1970."""
    return time_of(root) - older_than.total_seconds()


def _keys(folder: OpenFolder, above: str) -> Iterator[str]:
    for entry in folder.entries():
        if is_hidden(entry.name):
            continue
        if entry.is_dir(follow_symlinks=False):
            with suppress(*_GONE), folder.enter(entry.name) as inner:
                yield from _keys(inner, f"{above}{entry.name}/")
        elif entry.is_file(follow_symlinks=False):
            yield f"{above}{entry.name}"


def _emptied(folder: OpenFolder, wanted: Wanted) -> int:
    return sum(_removed(folder, name, wanted) for name in [entry.name for entry in folder.entries()])


def _removed(folder: OpenFolder, name: str, wanted: Wanted) -> int:
    """Remove an entry, as far as it is wanted; return how many files that were keys, or half-written, went."""
    try:
        if _is_folder(folder, name):
            with folder.enter(name) as inner:
                count = _emptied(inner, wanted)
            with suppress(OSError):  # something is left in it, or was put there this moment
                folder.rmdir(name)
            return count
        if (is_hidden(name) and not is_part(name)) or not wanted.holds(name, folder):
            return 0
        folder.unlink(name)
    except _GONE:  # somebody else removes as well
        return 0
    return int(wanted.parts or not is_part(name))


def _is_folder(folder: OpenFolder, name: str) -> bool:
    return stat.S_ISDIR(folder.status(name).st_mode)


def _is_file(folder: OpenFolder, name: str) -> bool:
    return stat.S_ISREG(folder.status(name).st_mode)
