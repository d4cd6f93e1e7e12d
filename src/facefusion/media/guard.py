"""A file for libav to write, which fails once and quietly.

After a failed write libav goes on seeking and writing until it is closed, and PyAV prints every further error as a
stack trace of its own. This file remembers the first error, takes whatever comes after it, and gives the error to
whoever asks.
"""

from __future__ import annotations

import io
from typing import IO


class GuardedFile:
    """A binary file that never raises while it is written to.

    Args:
        file: where the bytes go.

    Attributes:
        error: the first error of the system, if there was one; what was written after it is lost.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._position = 0
        self.error: OSError | None = None

    @property
    def closed(self) -> bool:
        """Whether the file is closed."""
        return self._file.closed

    def write(self, data: bytes) -> int:
        """Write bytes and return their number."""
        if self.error is None:
            try:
                self._file.write(data)
            except OSError as error:
                self.error = error
        self._position += len(data)
        return len(data)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to a place and return it."""
        if self.error is None:
            try:
                self._position = self._file.seek(offset, whence)
            except OSError as error:
                self.error = error
        elif whence == io.SEEK_SET:
            self._position = offset
        return self._position

    def tell(self) -> int:
        """Return the place."""
        return self._position

    def flush(self) -> None:
        """Hand what is held back to the system."""
        if self.error is None:
            try:
                self._file.flush()
            except OSError as error:
                self.error = error

    def close(self) -> None:
        """Close the file.

        Raises:
            OSError: the first error that there was.
        """
        try:
            self._file.close()
        except OSError as error:
            self.error = self.error or error
        self.check()

    def check(self) -> None:
        """Make sure that all went well so far.

        Raises:
            OSError: the first error that there was.
        """
        if self.error is not None:
            raise self.error
