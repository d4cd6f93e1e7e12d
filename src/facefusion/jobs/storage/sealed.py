"""Storage in which everything is encrypted before it leaves this machine, with a key of the customer.

The form is that of `facefusion.trust.privacy.envelope`. Ranges are read by the chunks that they lie in, each of which
is authenticated with its place in the file, so that they are as safe as the whole. Who keeps the files sees their keys
and sizes alone.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from facefusion.errors import InputDamagedError, InputTypeError, StorageDamagedError
from facefusion.jobs.storage.base import Storage, Stored
from facefusion.jobs.storage.faults import missing
from facefusion.jobs.storage.keys import checked_key
from facefusion.jobs.storage.streams import (
    Stream,
    Tally,
    check_range,
    damaged,
    source_of,
    stream_of,
    stream_of_bytes,
    write_out,
)
from facefusion.trust.privacy.envelope import HEADER_BYTES, Opener, joined, sealed, sealed_size


class StreamStorage(Storage, Protocol):
    """Storage that takes streams."""

    def put_stream(self, stream: Stream, key: str, *, cancel: threading.Event | None, replace: bool) -> None:
        """Put in what a stream yields; see `Storage.put`."""


class SealedStorage:
    """Encrypted files in another storage; see `Storage`."""

    __slots__ = ("_inner", "_key")

    def __init__(self, inner: StreamStorage, key: bytes) -> None:
        """Take a storage.

        Args:
            inner: where the encrypted files lie.
            key: of the customer, 32 bytes.
        """
        self._inner = inner
        self._key = key

    def put(self, path: Path, key: str, *, cancel: threading.Event | None = None, replace: bool = True) -> Stored:
        """Put a file in; see `Storage`."""
        with source_of(path) as file:
            return self._put(stream_of(file, cancel), key, cancel, replace)

    def put_bytes(self, data: bytes, key: str, *, replace: bool = True) -> Stored:
        """Put a small file in; see `Storage`."""
        return self._put(stream_of_bytes(data), key, None, replace)

    def get(self, key_or_stored: str | Stored, to: Path, *, cancel: threading.Event | None = None) -> None:
        """Write a file of the storage to a path; see `Storage`."""
        key = key_or_stored.address if isinstance(key_or_stored, Stored) else key_or_stored
        opener, size = self._opener(key)
        known = key_or_stored if isinstance(key_or_stored, Stored) else Stored(key, size, "")
        write_out(self._pieces(key, opener, size, 0, size), to, known, cancel)

    def read(self, key: str, *, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Return the bytes of a range; see `Storage`."""
        check_range(start, end)
        opener, size = self._opener(key)
        return self._pieces(key, opener, size, start, size if end is None else min(end, size))

    def size(self, key: str) -> int | None:
        """Return the size of a file as it was put in, or None; see `Storage`."""
        return None if self._inner.size(key) is None else self._opener(key)[1]

    def keys(self, prefix: str) -> Iterator[str]:
        """Yield the keys below a prefix; see `Storage`."""
        return self._inner.keys(prefix)

    def delete(self, prefix: str) -> int:
        """Remove the keys below a prefix; see `Storage`."""
        return self._inner.delete(prefix)

    def sweep(self, prefix: str, older_than: timedelta) -> int:
        """Remove old keys below a prefix; see `Storage`."""
        return self._inner.sweep(prefix, older_than)

    def sweep_unfinished(self, older_than: timedelta) -> int:
        """Remove what was half-written; see `Storage`."""
        return self._inner.sweep_unfinished(older_than)

    def presigned_get(self, key: str, seconds: int, *, name: str | None = None) -> None:
        """Return None: who has a URL has no key."""
        checked_key(key)

    def presigned_put(
        self, key: str, seconds: int, *, size: int | None = None, content_type: str | None = None
    ) -> None:
        """Return None: what came by a URL would lie unencrypted."""
        checked_key(key)

    def _put(self, stream: Stream, key: str, cancel: threading.Event | None, replace: bool) -> Stored:
        tally = Tally()
        hidden = Stream(sealed_size(stream.size), lambda: sealed(tally.passing(stream.pieces()), self._key))
        self._inner.put_stream(hidden, key, cancel=cancel, replace=replace)
        return Stored(key, tally.size, tally.sha256)

    def _opener(self, key: str) -> tuple[Opener, int]:
        """Return what opens the chunks of a file, and the size of its content."""
        size = self._inner.size(key)
        if size is None:
            raise missing("of encrypted files", key)
        header = b"".join(self._inner.read(key, end=HEADER_BYTES))
        with _telling(key):
            opener = Opener(repr(key), header, self._key)
            return opener, opener.content_size(size)

    def _pieces(self, key: str, opener: Opener, size: int, start: int, end: int) -> Iterator[bytes]:
        if start >= end and size > 0:
            return
        first, last = start // opener.chunk, max(0, size - 1) // opener.chunk
        until = max(0, end - 1) // opener.chunk + 1
        hidden = self._inner.read(
            key, start=HEADER_BYTES + first * opener.sealed_chunk, end=HEADER_BYTES + until * opener.sealed_chunk
        )
        for number, chunk in enumerate(joined(hidden, opener.sealed_chunk), start=first):
            with _telling(key):
                content = opener.opened(number, chunk, is_last=number == last)
            at = number * opener.chunk
            yield content[max(0, start - at) : end - at]


@contextmanager
def _telling(key: str) -> Iterator[None]:
    """Tell of what does not decrypt as of what is damaged.

    Raises:
        StorageDamagedError: it is.
        SecretError: it was encrypted with another key.
    """
    try:
        yield
    except InputTypeError as error:
        raise StorageDamagedError(
            f"{key!r} lies unencrypted in a storage whose files are encrypted", "Put it there again"
        ) from error
    except InputDamagedError as error:
        raise damaged(key, "it does not decrypt") from error
