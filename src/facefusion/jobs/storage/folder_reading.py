"""Reading a file of a folder to its end, although the folder's server may come and go."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress

from facefusion.errors import StorageUnavailableError
from facefusion.jobs.storage.retrying import Patience
from facefusion.jobs.storage.streams import PIECE, damaged

_Mark = tuple[int, int]


class FileReader:
    """Reads a file at places, and opens it anew where its descriptor went bad.

    One that was replaced meanwhile is not read on: its size or time of change is another.
    """

    __slots__ = ("_descriptor", "_key", "_mark", "_open", "_patience")

    def __init__(self, key: str, open_file: Callable[[], int], patience: Patience) -> None:
        """Open a file.

        Args:
            key: for messages.
            open_file: opens it, raises errors of the tree.
            patience: how often it is tried again.

        Raises:
            StorageError: it cannot be opened.
        """
        self._key = key
        self._open = open_file
        self._patience = patience
        self._mark: _Mark | None = None
        self._descriptor = patience.calling(self._opened)
        self.close()  # until something is read, which may be never

    @property
    def size(self) -> int:
        """Bytes that it has."""
        return 0 if self._mark is None else self._mark[0]

    def pieces(self, start: int, end: int) -> Iterator[bytes]:
        """Yield the bytes of a range, and close the file then.

        Raises:
            StorageDamagedError: the file ends before the range does, or was replaced.
            StorageError: it cannot be read.
        """
        try:
            while start < end:
                piece = self._patience.calling(lambda at=start: self._piece(at, min(PIECE, end - at)))  # type: ignore[misc]
                if not piece:
                    raise damaged(self._key, f"it ends at byte {start}")
                yield piece
                start += len(piece)
        finally:
            self.close()

    def close(self) -> None:
        """Close the file."""
        if self._descriptor >= 0:
            with suppress(OSError):  # of a stale descriptor; nothing was written
                os.close(self._descriptor)
            self._descriptor = -1

    def _piece(self, start: int, size: int) -> bytes:
        if self._descriptor < 0:
            self._descriptor = self._opened()
        try:
            os.lseek(self._descriptor, start, os.SEEK_SET)
            return os.read(self._descriptor, size)
        except OSError as error:
            self.close()
            raise StorageUnavailableError(
                f"{self._key!r} cannot be read from the storage: {(error.strerror or str(error)).lower()}",
                "Nothing is lost; try again when it is back",
            ) from error

    def _opened(self) -> int:
        descriptor = self._open()
        status = os.fstat(descriptor)
        mark = (status.st_size, status.st_mtime_ns)
        if self._mark not in (None, mark):
            os.close(descriptor)
            raise damaged(self._key, "it was replaced while it was read")
        self._mark = mark
        return descriptor
