"""Files of requests that lie here for as long as something that uses them stays open."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection
from contextlib import ExitStack
from pathlib import Path

from facefusion.jobs.storage.base import Storage, Stored
from facefusion.service.staging import stage


class Files:
    """The files of one session, each brought once, in a folder that goes with it.

    Args:
        storage: where they come from.
        scratch: in which the folder is made; the system's when None.
    """

    def __init__(self, storage: Storage, scratch: Path | None) -> None:
        self._ending = ExitStack()
        self._stage = self._ending.enter_context(stage(storage, scratch))
        self._paths: dict[str, tuple[str, Path]] = {}

    @property
    def folder(self) -> Path:
        """Where they lie."""
        return self._stage.folder

    def path(self, reference: str, stored: Stored, name: str) -> Path:
        """Return where a file lies.

        Args:
            reference: by which the request calls it.
            stored: where it comes from.
            name: of the file.

        Raises:
            StorageError: it cannot be fetched, or is damaged.
        """
        known = self._paths.get(reference)
        if known is None or known[0] != stored.sha256:
            self._paths[reference] = stored.sha256, self._stage.fetch(stored, name)
        return self._paths[reference][1]

    def reference(self, path: Path) -> str | None:
        """Return by what the request calls a file; None where it is none of these."""
        return next((name for name, (_, each) in self._paths.items() if each == path), None)

    def keep_only(self, references: Collection[str]) -> None:
        """Remove all others."""
        for reference in [each for each in self._paths if each not in references]:
            shutil.rmtree(self._paths.pop(reference)[1].parent, ignore_errors=True)

    def close(self) -> None:
        """Remove all of them."""
        self._paths.clear()
        self._ending.close()


Reader = Callable[[str], Path]
