"""Where the files of a job are opened: by name, or by somebody else."""

from __future__ import annotations

from io import FileIO
from pathlib import Path
from typing import Final, Literal, Protocol

from facefusion.media.sniff import open_input

Mode = Literal["rb", "wb", "r+b"]


class Files(Protocol):
    """Opens files, unbuffered; each opening has a place of its own in the file."""

    def source(self, path: Path) -> FileIO:
        """Open an input for reading.

        Raises:
            InputError: there is no such file, or it may not be read.
        """
        ...

    def open(self, path: Path, mode: Mode) -> FileIO:
        """Open a file of the job.

        Raises:
            OSError: the system refuses.
        """
        ...


class NamedFiles:
    """Opens files by their names."""

    def source(self, path: Path) -> FileIO:
        """Open an input; see `open_input`."""
        return open_input(path)

    def open(self, path: Path, mode: Mode) -> FileIO:
        """Open a file of the job."""
        return FileIO(path, mode)


NAMED: Final = NamedFiles()
