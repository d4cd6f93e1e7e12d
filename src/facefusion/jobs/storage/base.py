"""Where files of jobs are kept, as the rest of the house sees it."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol, Self


@dataclass(frozen=True, slots=True)
class Stored:
    """A file that was put into storage.

    Attributes:
        address: its key; every method that takes a key takes it.
        size: in bytes, of what was put in, also where it lies encrypted.
        sha256: its digest, in 64 hexadecimal digits, of what was put in.
    """

    address: str
    size: int
    sha256: str

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {"address": self.address, "size": self.size, "sha256": self.sha256}

    @classmethod
    def of_json(cls, values: Mapping[str, Any]) -> Self:
        """Return what `to_json` made values of."""
        return cls(str(values["address"]), int(values["size"]), str(values["sha256"]))


class Storage(Protocol):
    """Files under keys such as `tenant/jobs/3f9c/result-2/film.mp4`; see `checked_key` for what a key may be.

    A key is there whole or not at all, whoever dies when. What is away for seconds is tried again within each call.
    All methods may be called from several threads, and after a fork.

    Every method raises:
        StorageAddressError: the key is none, or the place may not be used as it is set up.
        StorageUnavailableError: the storage cannot be reached, or failed, for longer than the settings wait.
    """

    def put(self, path: Path, key: str, *, cancel: threading.Event | None = None, replace: bool = True) -> Stored:
        """Put a file in; a few parts of it are in memory at a time.

        Args:
            path: file to read; it must not change meanwhile.
            key: where it shall lie.
            cancel: the upload stops soon after this is set, and leaves nothing.
            replace: whether a file that is there already is replaced.

        Raises:
            InputMissingError: the file cannot be read.
            StorageDamagedError: it changed while it was read, or did not arrive whole.
            OutputExistsError: `replace` is false, and the key is there.
            DiskFullError: there is no room.
            CancelledError: `cancel` was set.
        """

    def put_bytes(self, data: bytes, key: str, *, replace: bool = True) -> Stored:
        """Put a small file in, as of `put`."""

    def get(self, key_or_stored: str | Stored, to: Path, *, cancel: threading.Event | None = None) -> None:
        """Write a file of the storage to a path, where it appears whole or not at all.

        Args:
            key_or_stored: with a `Stored` its size and digest are checked; with a key only what the storage knows.
            to: file to write, replaced if it is there; its folder must be there.
            cancel: the download stops soon after this is set, and leaves nothing.

        Raises:
            StorageMissingError: there is no such key.
            StorageDamagedError: its size or digest is another.
            OutputUnwritableError, DiskFullError: `to` cannot be written.
            CancelledError: `cancel` was set.
        """

    def read(self, key: str, *, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Return the bytes from `start` up to, not including, `end`, in pieces of some megabytes at most.

        Errors about the key are raised at once, not with the first piece. A range beyond the end is cut there.

        Raises:
            StorageMissingError: there is no such key.
            StorageDamagedError: it is cut off, was replaced while it was read, or fails to decrypt.
            OptionsError: the range is none.
        """

    def size(self, key: str) -> int | None:
        """Return the size of a file in bytes, or None where there is none."""

    def keys(self, prefix: str) -> Iterator[str]:
        """Yield the keys that are `prefix` or below it, in no order; an empty prefix means all.

        `a/b` is below `a`, `ab` is not.
        """

    def delete(self, prefix: str) -> int:
        """Remove the keys that are `prefix` or below it; return how many there were. An empty prefix is refused."""

    def sweep(self, prefix: str, older_than: timedelta) -> int:
        """Remove the keys below a prefix that were put longer ago than this; return how many there were."""

    def sweep_unfinished(self, older_than: timedelta) -> int:
        """Remove what writers that were killed left half-written longer ago than this; return how many there were."""

    def presigned_get(self, key: str, seconds: int, *, name: str | None = None) -> str | None:
        """Return a URL by which anybody may read a file for a time.

        Args:
            key: of the file.
            seconds: for how long, at most seven days.
            name: under which a browser saves it.

        Returns:
            None where the storage has no such URLs, or cannot decrypt: then the service hands the file out itself.
        """

    def presigned_put(
        self, key: str, seconds: int, *, size: int | None = None, content_type: str | None = None
    ) -> str | None:
        """Return a URL to which anybody may write one file (HTTP PUT) for a time.

        Args:
            key: of the file.
            seconds: for how long, at most seven days.
            size: the bytes it has to have, where the storage can ask for that.
            content_type: the type it has to be sent as, where the storage can ask for that.

        Returns:
            None where there are no such URLs, or it would lie unencrypted: then the service takes the file itself.
        """
