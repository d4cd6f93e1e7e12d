"""A bucket as storage."""

from __future__ import annotations

import hashlib
import os
import secrets
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Final
from urllib.parse import quote

from facefusion.errors import OptionsError, StorageDamagedError, StorageMissingError
from facefusion.jobs.storage.base import Stored
from facefusion.jobs.storage.bucket import DIGEST, MARK, Bucket, ConditionError, Found
from facefusion.jobs.storage.faults import missing
from facefusion.jobs.storage.keys import checked_key, checked_prefix, is_below
from facefusion.jobs.storage.putting import Putter
from facefusion.jobs.storage.ranges import ranges_of
from facefusion.jobs.storage.retrying import Patience
from facefusion.jobs.storage.streams import (
    PIECE,
    Stream,
    check_range,
    damaged,
    source_of,
    stream_of,
    stream_of_bytes,
    write_out,
)

_LARGEST_READ: Final = 8 << 20
_LONGEST_URL: Final = 7 * 24 * 60 * 60


class ObjectStorage:
    """Files in a bucket, below a prefix; see `Storage`."""

    __slots__ = ("_above", "_bucket", "_concurrency", "_part", "_patience")

    def __init__(self, bucket: Bucket, path: str, patience: Patience, *, part: int, concurrency: int) -> None:
        """Take a bucket.

        Args:
            bucket: where objects lie.
            path: prefix of their names, without slashes around it; may be empty.
            patience: how often what fails is tried again.
            part: bytes of a part of an upload.
            concurrency: how many requests read or write at once.
        """
        self._bucket = bucket
        self._above = f"{path}/" if path else ""
        self._patience = patience
        self._part = part
        self._concurrency = concurrency

    def put(self, path: Path, key: str, *, cancel: threading.Event | None = None, replace: bool = True) -> Stored:
        """Put a file in; see `Storage`. It is read twice, as its digest goes ahead of it."""
        checked_key(key)
        with source_of(path) as file:
            before = _state(file)
            stream = stream_of(file, cancel)
            digest = hashlib.sha256()
            for piece in stream.pieces():
                digest.update(piece)
            stream = Stream(stream.size, _unchanged(file, before, stream.pieces), digest.hexdigest())
            self.put_stream(stream, key, cancel=cancel, replace=replace)
        return Stored(key, stream.size, digest.hexdigest())

    def put_bytes(self, data: bytes, key: str, *, replace: bool = True) -> Stored:
        """Put a small file in; see `Storage`."""
        stream = stream_of_bytes(data)
        self.put_stream(stream, key, cancel=None, replace=replace)
        return Stored(key, stream.size, stream.sha256 or "")

    def put_stream(self, stream: Stream, key: str, *, cancel: threading.Event | None, replace: bool) -> None:
        """Put in what a stream yields; see `Storage.put`."""
        name = self._name(key)
        notes = {MARK: secrets.token_hex(8)} | ({DIGEST: stream.sha256} if stream.sha256 else {})
        putter = Putter(self._bucket, name, notes, self._patience, replace=replace, cancel=cancel)
        putter.put(stream, part=self._part, concurrency=self._concurrency)
        found = self._patience.calling(lambda: self._bucket.head(name))
        if found is not None and found.notes.get(MARK) == notes[MARK] and found.size != stream.size:
            self._patience.calling(lambda: self._bucket.remove([name]))
            raise damaged(key, f"{found.size} bytes arrived of {stream.size}")

    def get(self, key_or_stored: str | Stored, to: Path, *, cancel: threading.Event | None = None) -> None:
        """Write a file of the storage to a path; see `Storage`."""
        key = key_or_stored.address if isinstance(key_or_stored, Stored) else key_or_stored
        found = self._found(key)
        noted = Stored(key, found.size, found.notes.get(DIGEST, ""))
        known = key_or_stored if isinstance(key_or_stored, Stored) else noted
        if known.size != found.size:
            raise damaged(key, f"it has {found.size} bytes where {known.size} were stored")
        write_out(self._pieces(key, found, 0, found.size, cancel), to, known, cancel)

    def read(self, key: str, *, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Return the bytes of a range; see `Storage`."""
        check_range(start, end)
        found = self._found(key)
        return self._pieces(key, found, start, found.size if end is None else min(end, found.size), None)

    def size(self, key: str) -> int | None:
        """Return the size of a file, or None; see `Storage`."""
        name = self._name(key)
        found = self._patience.calling(lambda: self._bucket.head(name))
        return None if found is None else found.size

    def keys(self, prefix: str) -> Iterator[str]:
        """Yield the keys below a prefix; see `Storage`."""
        for page in self._pages(checked_prefix(prefix)):
            for found in page:
                yield found.name.removeprefix(self._above)

    def delete(self, prefix: str) -> int:
        """Remove the keys below a prefix; see `Storage`."""
        return self._removed(checked_key(prefix.removesuffix("/")), lambda _: True)

    def sweep(self, prefix: str, older_than: timedelta) -> int:
        """Remove old keys below a prefix; see `Storage`."""
        before = datetime.now(UTC) - older_than
        return self._removed(checked_prefix(prefix), lambda found: found.written < before)

    def sweep_unfinished(self, older_than: timedelta) -> int:
        """Remove what was half-written; see `Storage`."""
        before = datetime.now(UTC) - older_than
        return self._patience.calling(lambda: self._bucket.abandon(self._above, before))

    def presigned_get(self, key: str, seconds: int, *, name: str | None = None) -> str | None:
        """Return a URL to read a file; see `Storage`."""
        _check_seconds(seconds)
        full = self._name(key)
        disposition = None if name is None else f"attachment; filename*=UTF-8''{quote(name, safe='')}"
        return self._patience.calling(lambda: self._bucket.url_to_read(full, seconds, disposition))

    def presigned_put(
        self, key: str, seconds: int, *, size: int | None = None, content_type: str | None = None
    ) -> str | None:
        """Return a URL to write a file; see `Storage`."""
        _check_seconds(seconds)
        full = self._name(key)
        return self._patience.calling(lambda: self._bucket.url_to_write(full, seconds, size, content_type))

    def _name(self, key: str) -> str:
        return self._above + checked_key(key)

    def _found(self, key: str) -> Found:
        """Return an object.

        Raises:
            StorageMissingError: there is none, in a bucket that is there.
        """
        name = self._name(key)
        found = self._patience.calling(lambda: self._bucket.head(name))
        if found is None:
            self._patience.calling(lambda: self._bucket.page(name, None))  # tells if the bucket itself is missing
            raise missing(self._bucket.place, key)
        return found

    def _pieces(self, key: str, found: Found, start: int, end: int, cancel: threading.Event | None) -> Iterator[bytes]:
        def reading(first: int, last: int) -> bytes:
            try:
                return self._patience.calling(lambda: self._bucket.read(found, first, last), cancel=cancel)
            except StorageMissingError:
                raise missing(self._bucket.place, key) from None
            except ConditionError:
                raise damaged(key, "it was replaced while it was read") from None

        for block in ranges_of(reading, start, end, step=min(self._part, _LARGEST_READ), ahead=self._concurrency):
            for at in range(0, len(block), PIECE):
                yield block[at : at + PIECE]

    def _pages(self, prefix: str) -> Iterator[list[Found]]:
        """Yield the objects that are a prefix or below it, in pages."""
        above, following = self._above + prefix, None
        while True:
            page = self._patience.calling(lambda at=following: self._bucket.page(above, at))  # type: ignore[misc]
            yield [found for found in page.found if is_below(found.name, above.removesuffix("/"))]
            if page.following is None:
                return
            following = page.following

    def _removed(self, prefix: str, wanted: Callable[[Found], bool]) -> int:
        count = 0
        for page in self._pages(prefix):
            names = [found.name for found in page if wanted(found)]
            if names:
                self._patience.calling(lambda chosen=names: self._bucket.remove(chosen))  # type: ignore[misc]
            count += len(names)
        return count


def _check_seconds(seconds: int) -> None:
    if not 1 <= seconds <= _LONGEST_URL:
        raise OptionsError(
            f"A URL cannot be made for {seconds} seconds", f"It may hold from 1 to {_LONGEST_URL} seconds (seven days)"
        )


def _state(file: BinaryIO) -> tuple[int, int]:
    status = os.fstat(file.fileno())
    return status.st_size, status.st_mtime_ns


def _unchanged(
    file: BinaryIO, before: tuple[int, int], pieces: Callable[[], Iterator[bytes]]
) -> Callable[[], Iterator[bytes]]:
    """Return the pieces of a file, which end with an error where it was written to since its digest was taken."""

    def checked() -> Iterator[bytes]:
        yield from pieces()
        if _state(file) != before:
            raise StorageDamagedError("The file changed while it was stored", "Store it again")

    return checked
