"""Folders below a root, reached in a way that no link leads out of."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Self

_HOLDS: Final = os.open in os.supports_dir_fd
_FOLDER: Final = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0)
_NO_LINK: Final = getattr(os, "O_NOFOLLOW", 0)


class OpenFolder:
    """A folder that is held open, so that what is done in it is done there, whatever becomes of its name.

    On Windows, which has no such thing, its path is used. Names are single ones; links are never followed.
    """

    __slots__ = ("_descriptor", "_path")

    def __init__(self, path: Path, descriptor: int | None) -> None:
        self._path = path
        self._descriptor = descriptor

    @classmethod
    def root(cls, path: Path) -> Self:
        """Open the folder at a path, which may lead there by links.

        Raises:
            OSError: it is not there, or no folder.
        """
        return cls(path, os.open(path, _FOLDER) if _HOLDS else None)

    def enter(self, name: str, make: int | None = None) -> OpenFolder:
        """Open a folder in this one.

        Args:
            name: of the folder.
            make: mode with which it is made where it is missing; None not to make it.

        Raises:
            OSError: it is not there, a link, or no folder.
        """
        is_new = make is not None and self._made(name, make)
        self._refuse_link(name)
        if self._descriptor is None:
            return OpenFolder(self._path / name, None)
        descriptor = self._entered(name)
        if is_new and make is not None:  # what the umask took away, and the group that folders pass on, is kept
            os.fchmod(descriptor, make | os.fstat(descriptor).st_mode & stat.S_ISGID)
        return OpenFolder(self._path / name, descriptor)

    def open(self, name: str, flags: int, mode: int = 0o600) -> int:
        """Return a descriptor of a file in this folder.

        Raises:
            OSError: it cannot be opened, or is a link.
        """
        self._refuse_link(name)
        flags |= _NO_LINK | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
        return os.open(self._at(name), flags, mode, dir_fd=self._descriptor)

    def status(self, name: str) -> os.stat_result:
        """Return what is known of an entry itself."""
        return os.stat(self._at(name), dir_fd=self._descriptor, follow_symlinks=False)

    def replace(self, old: str, new: str) -> None:
        """Rename a file, in place of what has the new name."""
        os.replace(self._at(old), self._at(new), src_dir_fd=self._descriptor, dst_dir_fd=self._descriptor)

    def link(self, old: str, new: str) -> None:
        """Give a file a second name; fails where the name is taken."""
        os.link(self._at(old), self._at(new), src_dir_fd=self._descriptor, dst_dir_fd=self._descriptor)

    def unlink(self, name: str) -> None:
        """Remove a file."""
        os.unlink(self._at(name), dir_fd=self._descriptor)

    def rmdir(self, name: str) -> None:
        """Remove an empty folder."""
        os.rmdir(self._at(name), dir_fd=self._descriptor)

    def entries(self) -> Iterator[os.DirEntry[str]]:
        """Yield what is in the folder."""
        if self._descriptor is None:
            with os.scandir(self._path) as found:
                yield from found
        else:
            with os.scandir(self._descriptor) as found:
                yield from found

    def sync(self) -> None:
        """Wait until the folder's list of names is on the disk."""
        if self._descriptor is not None:
            os.fsync(self._descriptor)

    def close(self) -> None:
        """Let go of it."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _entered(self, name: str) -> int:
        try:
            return os.open(name, _FOLDER | _NO_LINK, dir_fd=self._descriptor)
        except NotADirectoryError:  # what the system says of a link as well
            if stat.S_ISLNK(self.status(name).st_mode):
                raise _link(name) from None
            raise

    def _made(self, name: str, mode: int) -> bool:
        """Make a folder; return whether it was missing."""
        try:
            os.mkdir(self._at(name), mode, dir_fd=self._descriptor)
        except FileExistsError:
            return False
        return True

    def _at(self, name: str) -> str:
        return name if self._descriptor is not None else str(self._path / name)

    def _refuse_link(self, name: str) -> None:
        if self._descriptor is None and (self._path / name).is_symlink():
            raise _link(name)


def _link(name: str) -> OSError:
    return OSError(errno.ELOOP, "it is a link", name)


@contextmanager
def folder_beneath(root: Path, parts: Sequence[str], *, make: int | None = None) -> Iterator[OpenFolder]:
    """Yield the folder below a root, closed when the block ends.

    Args:
        root: which may be reached by links.
        parts: names of folders, one in another; none may be a link.
        make: mode with which missing ones are made; None not to make them.

    Raises:
        OSError: one is not there, a link, or no folder.
    """
    folder = OpenFolder.root(root)
    try:
        for part in parts:
            following = folder.enter(part, make)
            folder.close()
            folder = following
        yield folder
    finally:
        folder.close()
