"""The log as lines of JSON: the copy that another system may collect.

<folder>/0000000001-2026-11.jsonl   the first entry in it is number 1, of November 2026

A new file is begun with each month, and where one has grown to its limit. Lines are only ever added at the end; whole
files go, and the first that stays is shortened, when entries are pruned.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Final

from facefusion.trust.audit.entry import Entry

_NAME: Final = re.compile(r"(\d{10,})-\d{4}-\d{2}\.jsonl")
_LARGEST_FILE: Final = 16 << 20
_BLOCK: Final = 1 << 12


class LineFiles:
    """The files of one log; whoever changes them holds the log's lock.

    Args:
        folder: where they lie.
        largest: bytes after which a new file is begun.
    """

    def __init__(self, folder: Path, *, largest: int = _LARGEST_FILE) -> None:
        self.folder = folder
        self._largest = largest

    def files(self) -> list[Path]:
        """Return the files in the order of their entries."""
        return sorted((path for path in self.folder.iterdir() if _NAME.fullmatch(path.name)), key=_first)

    def tail(self) -> Entry | None:
        """Return the last entry; None where there is none. A line that a crash left unfinished is removed.

        Raises:
            ValueError: the last line is not an entry.
            OSError: the files cannot be read or shortened.
        """
        for path in reversed(self.files()):
            _drop_unfinished(path)
            with path.open("rb") as file:
                lines = _end(file, 2).splitlines()
            if lines:
                return Entry.of_line(lines[-1].decode())
        return None

    def append(self, entries: Iterable[Entry]) -> None:
        """Add entries, in order, and force them onto the disk.

        Raises:
            OSError: they cannot be written.
        """
        path = next(reversed(self.files()), None)
        size, waiting = (0 if path is None else path.stat().st_size), list[bytes]()
        for entry in entries:
            if path is None or path.stem[-7:] != _month(entry) or size >= self._largest:
                _write(path, waiting)
                path, size, waiting = self._begun(entry), 0, []
            waiting.append(f"{entry.line()}\n".encode())
            size += len(waiting[-1])
        _write(path, waiting)

    def read(self) -> Iterator[Entry | str]:
        """Yield the entries; for a line that is none, where it stands in words.

        Raises:
            OSError: a file cannot be read.
        """
        for path in self.files():
            yield from read_lines(path)

    def first(self) -> int | None:
        """Return the number that the first file begins with; None where there is no file."""
        return next(map(_first, self.files()), None)

    def drop_through(self, through: int) -> None:
        """Remove the entries up to a number.

        Raises:
            ValueError: a line is not an entry.
            OSError: the files cannot be changed.
        """
        for path in self.files():
            if _first(path) > through:
                return
            found = list(read_lines(path))
            kept = [entry for entry in found if isinstance(entry, Entry) and entry.sequence > through]
            if any(isinstance(entry, str) for entry in found):
                raise ValueError(f"{path.name} holds what is no entry")
            if kept:
                self._put(kept)
            path.unlink()

    def _put(self, entries: list[Entry]) -> None:
        part = self.folder / f".{secrets.token_hex(6)}.part"
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.writelines(f"{entry.line()}\n".encode() for entry in entries)
            file.flush()
            os.fsync(file.fileno())
        part.replace(self._begun(entries[0]))

    def _begun(self, entry: Entry) -> Path:
        return self.folder / f"{entry.sequence:010d}-{_month(entry)}.jsonl"


def read_lines(path: Path) -> Iterator[Entry | str]:
    """Yield the entries of one file; for a line that is none, where it stands in words.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                yield Entry.of_line(line.decode().removesuffix("\n"))
            except ValueError:
                yield f"line {number} of {path.name}"


def _write(path: Path | None, lines: list[bytes]) -> None:
    """Add lines to a file, all of them in one step onto the disk."""
    if path is None or not lines:
        return
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as file:
        file.writelines(lines)
        file.flush()
        os.fsync(file.fileno())


def _first(path: Path) -> int:
    return int(path.name.split("-")[0])


def _month(entry: Entry) -> str:
    return f"{entry.time:%Y-%m}"


def _drop_unfinished(path: Path) -> None:
    with path.open("rb+") as file:
        end = _end(file, 1)
        if end and not end.endswith(b"\n"):
            file.truncate(file.seek(0, os.SEEK_END) - len(end) + end.rfind(b"\n") + 1)


def _end(file: BinaryIO, count: int) -> bytes:
    """Return the end of a file with at least so many ends of lines in it, or all of it."""
    size, block = file.seek(0, os.SEEK_END), _BLOCK
    while True:
        file.seek(max(0, size - block))
        end = file.read()
        if end.count(b"\n") >= count or block >= size:
            return end
        block *= 4
