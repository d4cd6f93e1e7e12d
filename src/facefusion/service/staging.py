"""Uploads as files, for what the service does itself; messages call them by the names that users know."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from facefusion.errors import FaceFusionError
from facefusion.jobs.storage import Storage, Stored
from facefusion.service.uploads.values import Upload

_MISREAD = str.maketrans(dict.fromkeys(",%", "_"))
"""Lists of paths are cut at commas, and a % stands for numbers of pictures."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A folder in which files of a request lie while it is worked on.

    Attributes:
        folder: where it is.
        storage: where files come from.
    """

    folder: Path
    storage: Storage

    def bring(self, uploads: Sequence[Upload]) -> list[Path]:
        """Bring uploads here, each into a folder of its own, and return where they are.

        Raises:
            StorageError: one cannot be fetched, or is damaged.
        """
        return [self.fetch(Stored(each.key, each.size, each.sha256 or ""), each.name) for each in uploads]

    def fetch(self, stored: Stored, name: str) -> Path:
        """Bring one file here, under a name of its own, and return where it is.

        Raises:
            StorageError: it cannot be fetched, or is damaged.
        """
        own = self.folder / secrets.token_hex(8)
        own.mkdir()
        path = own / (name.translate(_MISREAD) or "file")
        self.storage.get(stored, path)
        return path

    def let_go(self, path: Path) -> None:
        """Remove a file that was fetched."""
        shutil.rmtree(path.parent)


@contextmanager
def stage(storage: Storage, scratch: Path | None) -> Iterator[Stage]:
    """Give a folder that goes afterwards; errors within tell names of files, not where they lay here.

    Args:
        storage: where files come from.
        scratch: in which the folder is made; the system's when None.
    """
    with tempfile.TemporaryDirectory(prefix="stage-", dir=scratch) as name:
        folder = Path(name)
        with calling_by_name(folder):
            yield Stage(folder, storage)


@contextmanager
def calling_by_name(folder: Path) -> Iterator[None]:
    """Let errors within a block tell names of files, not where they lie in a folder."""
    try:
        yield
    except FaceFusionError as error:
        error.what, error.hint = without_folder(error.what, folder), without_folder(error.hint, folder)
        raise


def without_folder(text: str, folder: Path) -> str:
    """Return a text in which files of a stage are called by their names alone."""
    return re.sub(re.escape(f"{folder}{os.sep}") + r"([0-9a-f]+" + re.escape(os.sep) + ")?", "", text)
