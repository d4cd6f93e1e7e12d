"""The lock file: digests of weights for which the catalogue has none, as they were when they first came."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Self

from filelock import FileLock
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from facefusion.errors import CatalogueError
from facefusion.inference.store.files import make_folder, write_whole, writing

LOCK_FILE: Final = "models.lock"
LOCKS: Final = ".locks"
"""Folder of the files that keep two runs from doing the same."""


class Pin(BaseModel):
    """What the weights of a model must be.

    Attributes:
        file: their name.
        sha256: their digest, hexadecimal.
        bytes: their size.
        source: where they came from: an address, `bundle`, `added` or `trusted` by the user.
        recorded: when, ISO 8601.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    bytes: int = Field(gt=0)
    source: str
    recorded: str

    @classmethod
    def now(cls, file: str, sha256: str, size: int, source: str) -> Self:
        """Return what is recorded at this moment."""
        moment = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        return cls(file=file, sha256=sha256, bytes=size, source=source, recorded=moment)


class _Content(BaseModel):
    model_config = ConfigDict(extra="forbid")

    models: dict[str, Pin] = {}


class LockFile:
    """The lock file of a folder of weights.

    Args:
        folder: the folder; it need not be there until something is recorded.

    Attributes:
        path: of the lock file.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / LOCK_FILE

    def pins(self) -> Mapping[str, Pin]:
        """Return what is recorded, by the names of the models.

        Raises:
            CatalogueError: the file is damaged.
        """
        try:
            return _Content.model_validate_json(self.path.read_bytes()).models
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except (OSError, ValidationError) as error:
            raise CatalogueError(
                f"The lock file {self.path} cannot be read", "Mend it, or remove it and trust the files anew"
            ) from error

    def record(self, pins: Mapping[str, Pin]) -> None:
        """Add to what is recorded.

        Raises:
            CatalogueError: the file is damaged.
            OutputError: it cannot be written.
        """
        self._change(pins, ())

    def forget(self, *names: str) -> None:
        """Take models out, where they are in it; errors as of `record`."""
        if any(name in self.pins() for name in names):
            self._change({}, names)

    def _change(self, added: Mapping[str, Pin], removed: tuple[str, ...]) -> None:
        folder = self.path.parent
        make_folder(folder / LOCKS)
        with writing(folder), FileLock(folder / LOCKS / LOCK_FILE):
            kept = {name: pin for name, pin in self.pins().items() if name not in removed}
            content = _Content(models=dict(sorted((kept | dict(added)).items())))
            write_whole(self.path, content.model_dump_json(indent=2).encode() + b"\n")
