"""A folder as storage: of this machine, or one that several mount, as NFS does it.

A file is written under a temporary name beside its final one, brought to the disk, and renamed, after which the folder
is brought to the disk too. That needs no locks and no appending, which network file systems do each in their own way,
and it is enough for close-to-open consistency: nobody opens a file that is still written. Descriptors that went stale
because a server came back are opened anew.
"""

from __future__ import annotations

import errno
import os
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Final

from facefusion.errors import OutputExistsError, StorageMissingError, StorageUnavailableError
from facefusion.jobs.storage.base import Stored
from facefusion.jobs.storage.beneath import OpenFolder, folder_beneath
from facefusion.jobs.storage.faults import missing, telling
from facefusion.jobs.storage.folder_listing import Wanted, age_limit, keys_below, removed_below
from facefusion.jobs.storage.folder_reading import FileReader
from facefusion.jobs.storage.keys import checked_key, checked_prefix
from facefusion.jobs.storage.names import MARKER, part_name
from facefusion.jobs.storage.retrying import Patience
from facefusion.jobs.storage.streams import (
    Stream,
    Tally,
    check_range,
    check_sent,
    source_of,
    stream_of,
    stream_of_bytes,
    write_out,
)

_OWN: Final = (0o700, 0o600)
_GROUP: Final = (0o770, 0o660)
_NO_LINKS: Final = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})
_NOT_THERE: Final = (FileNotFoundError, NotADirectoryError, IsADirectoryError)


class FolderStorage:
    """Files in a folder; see `Storage`."""

    __slots__ = ("_file_mode", "_folder_mode", "_is_ours", "_patience", "_root")

    def __init__(self, root: Path, patience: Patience, *, for_group: bool = False, is_ours: bool = True) -> None:
        """Take a folder.

        Args:
            root: the folder.
            patience: how often what fails is tried again.
            for_group: whether files are for the group as well.
            is_ours: whether the folder bears our mark, without which it counts as not mounted.
        """
        self._root = root
        self._patience = patience
        self._folder_mode, self._file_mode = _GROUP if for_group else _OWN
        self._is_ours = is_ours

    def prepare(self) -> None:
        """Make the folder where it is missing, and mark it as ours.

        Raises:
            StorageAddressError, StorageUnavailableError, DiskFullError: it cannot be made or written.
        """
        with telling(str(self._root), ""):
            self._root.mkdir(self._folder_mode, parents=True, exist_ok=True)
            with OpenFolder.root(self._root) as folder:
                os.close(folder.open(MARKER, os.O_WRONLY | os.O_CREAT, self._file_mode))

    def put(self, path: Path, key: str, *, cancel: threading.Event | None = None, replace: bool = True) -> Stored:
        """Put a file in; see `Storage`."""
        with source_of(path) as file:
            return self._put(stream_of(file, cancel), key, cancel, replace)

    def put_bytes(self, data: bytes, key: str, *, replace: bool = True) -> Stored:
        """Put a small file in; see `Storage`."""
        return self._put(stream_of_bytes(data), key, None, replace)

    def put_stream(self, stream: Stream, key: str, *, cancel: threading.Event | None, replace: bool) -> None:
        """Put in what a stream yields; see `Storage.put`."""
        *parts, name = checked_key(key).split("/")

        def once() -> None:
            with telling(str(self._root), key):
                self._seen(key)
                try:
                    with folder_beneath(self._root, parts, make=self._folder_mode) as folder:
                        self._write(folder, name, stream, replace)
                except FileExistsError:
                    raise OutputExistsError(f"{key!r} is in the storage already", "Choose another name") from None
                except FileNotFoundError as error:  # a folder was removed, as empty, after it was entered
                    raise StorageUnavailableError(f"The folder of {key!r} was removed", "Try again") from error

        self._patience.calling(once, cancel=cancel)

    def get(self, key_or_stored: str | Stored, to: Path, *, cancel: threading.Event | None = None) -> None:
        """Write a file of the storage to a path; see `Storage`."""
        key = key_or_stored.address if isinstance(key_or_stored, Stored) else key_or_stored
        reader = self._reader(key)
        known = key_or_stored if isinstance(key_or_stored, Stored) else Stored(key, reader.size, "")
        write_out(reader.pieces(0, reader.size), to, known, cancel)

    def read(self, key: str, *, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Return the bytes of a range; see `Storage`."""
        check_range(start, end)
        reader = self._reader(key)
        return reader.pieces(start, reader.size if end is None else min(end, reader.size))

    def size(self, key: str) -> int | None:
        """Return the size of a file, or None; see `Storage`."""
        try:
            return self._reader(key).size
        except StorageMissingError:
            return None

    def keys(self, prefix: str) -> Iterator[str]:
        """Yield the keys below a prefix; see `Storage`."""
        prefix = checked_prefix(prefix)
        self._patience.calling(lambda: self._seen(prefix))
        with telling(str(self._root), prefix):
            yield from keys_below(self._root, prefix)

    def delete(self, prefix: str) -> int:
        """Remove the keys below a prefix; see `Storage`."""
        return self._removed(checked_key(prefix.removesuffix("/")), Wanted)

    def sweep(self, prefix: str, older_than: timedelta) -> int:
        """Remove old keys below a prefix; see `Storage`."""
        return self._removed(checked_prefix(prefix), lambda: Wanted(age_limit(self._root, older_than)))

    def sweep_unfinished(self, older_than: timedelta) -> int:
        """Remove what was half-written; see `Storage`."""
        return self._removed("", lambda: Wanted(age_limit(self._root, older_than), parts=True))

    def presigned_get(self, key: str, seconds: int, *, name: str | None = None) -> None:
        """Return None: a folder has no URLs."""
        checked_key(key)

    def presigned_put(
        self, key: str, seconds: int, *, size: int | None = None, content_type: str | None = None
    ) -> None:
        """Return None: a folder has no URLs."""
        checked_key(key)

    def _put(self, stream: Stream, key: str, cancel: threading.Event | None, replace: bool) -> Stored:
        tally = Tally()
        counted = Stream(stream.size, lambda: tally.passing(stream.pieces()))
        self.put_stream(counted, key, cancel=cancel, replace=replace)
        return Stored(key, tally.size, tally.sha256)

    def _write(self, folder: OpenFolder, name: str, stream: Stream, replace: bool) -> None:
        """Write a file beside its final name, and give it that."""
        part, sent = part_name(), 0
        descriptor = folder.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, self._file_mode)
        try:
            with os.fdopen(descriptor, "wb") as file:  # closed before it is renamed: NFS may tell of a full disk then
                if hasattr(os, "fchmod"):
                    os.fchmod(descriptor, self._file_mode)
                for piece in stream.pieces():
                    file.write(piece)
                    sent += len(piece)
                file.flush()
                os.fsync(descriptor)
            check_sent(sent, stream)
            _name(folder, part, name, replace)
            folder.sync()
        finally:
            with suppress(OSError):  # after a rename there is none; of a disk that is away the sweep removes it
                folder.unlink(part)

    def _reader(self, key: str) -> FileReader:
        *parts, name = checked_key(key).split("/")

        def opened() -> int:
            with telling(str(self._root), key):
                self._seen(key)
                try:
                    with folder_beneath(self._root, parts) as folder:
                        return _opened(folder, name)
                except _NOT_THERE as error:
                    raise missing(str(self._root), key) from error

        return FileReader(key, opened, self._patience)

    def _removed(self, prefix: str, wanted: Callable[[], Wanted]) -> int:
        def once() -> int:
            self._seen(prefix)
            with telling(str(self._root), prefix):
                return removed_below(self._root, prefix, wanted())

        return self._patience.calling(once)

    def _seen(self, key: str) -> None:
        """Find out whether the folder is there: one that is not mounted is empty, and would be taken for the storage.

        Raises:
            StorageUnavailableError: it is not.
        """
        with telling(str(self._root), key):
            if self._is_ours and not (self._root / MARKER).exists():
                raise StorageUnavailableError(
                    f"The folder {self._root} is not the storage that it was: {MARKER} is not in it",
                    "Mount it; where the file was removed, start again what uses the storage",
                )


def _opened(folder: OpenFolder, name: str) -> int:
    descriptor = folder.open(name, os.O_RDONLY)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), name)


def _name(folder: OpenFolder, part: str, name: str, replace: bool) -> None:
    """Give a file its final name.

    Raises:
        FileExistsError: `replace` is false, and there is one of the name.
        OSError: anything else that the system refuses.
    """
    if replace:
        folder.replace(part, name)
        return
    try:
        folder.link(part, name)
    except FileExistsError:  # of NFS it may be the answer to a request that was sent twice, and went through
        if folder.status(part).st_nlink < 2:
            raise
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        _name_without_links(folder, part, name)


def _name_without_links(folder: OpenFolder, part: str, name: str) -> None:
    """Give a file its final name where a file has one name only: between the look and the renaming is a moment."""
    try:
        folder.status(name)
    except FileNotFoundError:
        folder.replace(part, name)
    else:
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), name)
