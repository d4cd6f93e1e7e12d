"""Inputs that workers of one machine keep on its disk, by the digest of their bytes."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from filelock import FileLock

from facefusion.media.faults import writing

_OWN: Final = 0o700
_READ_ONLY: Final = 0o400
_LOCK: Final = ".lock"
_Seen = tuple[str, int, int, int]


class InputCache:
    """Keeps inputs, each once, for all workers that use the same folder; the longest unused go first.

    Whoever uses one holds it by a further link in the folder of its task. As long as there is such a link the file
    stays where it is, so that its path serves: what a process has read of it once is known by that path. Folders of
    tasks that were killed are removed by others, and the links with them.

    Args:
        folder: where they lie; it must allow links.
        most: bytes of them, beside those in use.
    """

    def __init__(self, folder: Path, most: int) -> None:
        self._folder, self._most = folder, most
        self._checked: set[_Seen] = set()
        self._mutex = threading.Lock()
        with writing(folder / _LOCK):
            folder.mkdir(mode=_OWN, parents=True, exist_ok=True)

    def held(self, digest: str, holder: Path) -> Path | None:
        """Return an input that is there, checked; it stays until the folder `holder` is removed.

        Args:
            digest: SHA-256 of its bytes, 64 hexadecimal digits.
            holder: folder of the task that uses it.

        Returns:
            its path; None where it is not there, or was damaged on the disk.

        Raises:
            OutputUnwritableError, DiskFullError: the folder cannot be used.
        """
        path = self._folder / digest
        with self._alone():
            if not path.exists():
                return None
            self._link(path, holder)
        if self._is_whole(path, digest):
            return path
        with self._alone(), suppress(FileNotFoundError):
            path.unlink()
            (holder / digest).unlink()
        return None

    def adopted(self, part: Path, holder: Path) -> tuple[Path, str]:
        """Take in a file that was just fetched.

        Args:
            part: the file; it is gone afterwards.
            holder: folder of the task that uses it.

        Returns:
            its path, and the SHA-256 of its bytes.

        Raises:
            OutputUnwritableError, DiskFullError: the folder cannot be used.
        """
        with writing(self._folder / _LOCK):
            digest = _digest(part)
            part.chmod(_READ_ONLY)
        path = self._folder / digest
        with self._alone():
            part.replace(path)
            self._link(path, holder)
            with self._mutex:
                self._checked.add(_seen(path))
        self.trim()
        return path, digest

    @contextmanager
    def fetching(self, digest: str) -> Iterator[None]:
        """Let nobody else fetch the same input meanwhile, on this machine.

        Raises:
            OutputUnwritableError, DiskFullError: the folder cannot be used.
        """
        lock = FileLock(self._folder / f".{digest[:2]}{_LOCK}", mode=0o600)
        with writing(self._folder / _LOCK):
            lock.acquire()
        try:
            yield
        finally:
            lock.release()

    def trim(self) -> None:
        """Remove what is too much, and nothing that is in use."""
        with self._alone():
            found = [(path, path.stat()) for path in self._folder.iterdir() if not path.name.startswith(".")]
            total = sum(status.st_size for _, status in found)
            for path, status in sorted(found, key=lambda pair: pair[1].st_atime_ns):
                if total > self._most and status.st_nlink == 1:
                    path.unlink()
                    total -= status.st_size

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep all others on this machine from changing what is kept; for moments only."""
        with writing(self._folder / _LOCK), FileLock(self._folder / _LOCK, mode=0o600):
            yield

    def _link(self, path: Path, holder: Path) -> None:
        if not (holder / path.name).exists():
            os.link(path, holder / path.name)
        os.utime(path, ns=(time.time_ns(), path.stat().st_mtime_ns))  # who used it last is known by that

    def _is_whole(self, path: Path, digest: str) -> bool:
        """Whether a file holds what it should; each process looks once at all bytes of each."""
        with suppress(OSError):
            seen = _seen(path)
            with self._mutex:
                if seen in self._checked:
                    return True
            if _digest(path) == digest:
                with self._mutex:
                    self._checked.add(seen)
                return True
        return False


def _seen(path: Path) -> _Seen:
    status = path.stat()
    return path.name, status.st_ino, status.st_size, status.st_mtime_ns


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
