"""Putting an object into a bucket: small ones at once, others in parts, several of them on their way."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import replace as changed
from typing import Final, TypeVar

from facefusion.errors import OutputExistsError, StorageError, StorageMissingError, StorageUnavailableError
from facefusion.jobs.storage.bucket import MARK, Bucket, ConditionError, Parts, PartTag
from facefusion.jobs.storage.retrying import Patience, stop_if
from facefusion.jobs.storage.settings import MIB
from facefusion.jobs.storage.streams import Stream, check_sent
from facefusion.trust.privacy.envelope import joined

_MOST_PARTS: Final = 9000  # stores take 10,000
_LOOK: Final = 0.2
_ENDING_ATTEMPTS: Final = 2
_Value = TypeVar("_Value")


class Putter:
    """Puts one object into a bucket."""

    def __init__(
        self,
        bucket: Bucket,
        name: str,
        notes: Mapping[str, str],
        patience: Patience,
        *,
        replace: bool,
        cancel: threading.Event | None,
    ) -> None:
        """Take what is put where.

        Args:
            bucket: it goes there.
            name: of the object.
            notes: noted with it; `MARK` is of this call alone.
            patience: how often each request is made.
            replace: whether an object that is there already is replaced.
            cancel: stops it.
        """
        self._bucket = bucket
        self._name = name
        self._notes = notes
        self._patience = patience
        self._replace = replace
        self._cancel = cancel

    def put(self, stream: Stream, *, part: int, concurrency: int) -> None:
        """Put a stream in.

        Args:
            stream: what is put in.
            part: bytes of a part, as wished.
            concurrency: how many parts are on their way at once; one more is in memory.

        Raises:
            OutputExistsError: it must not be replaced, and there is one.
            StorageDamagedError: the stream was not as long as it said.
            CancelledError: it was stopped.
            StorageError, DiskFullError: it cannot be put there.
        """
        if not self._replace and self._calling(lambda: self._bucket.head(self._name)) is not None:
            raise self._taken()  # a store that knows no conditions is asked at least
        if stream.size > part:
            self._put_large(stream, part_size(part, stream.size), concurrency)
            return
        data = b"".join(stream.pieces())
        check_sent(len(data), stream)
        self._settled(lambda: self._bucket.put(self._name, data, self._notes, replace=self._replace))

    def _put_large(self, stream: Stream, part: int, concurrency: int) -> None:
        """Put a stream in by parts, from the start again where somebody else ended the upload.

        Another writer of the same name does so with Azure, where parts of all of them lie together.
        """
        for _ in range(self._patience.attempts):
            with suppress(StorageMissingError):
                self._put_in_parts(stream, part, concurrency)
                return
        raise StorageUnavailableError(f"The upload of {self._name!r} was ended by somebody else", "Store it again")

    def _put_in_parts(self, stream: Stream, part: int, concurrency: int) -> None:
        parts = self._calling(
            lambda: self._bucket.begin(self._name, self._notes, size=stream.size, part=part, replace=self._replace)
        )
        try:
            tags = self._sent(parts, stream, part, concurrency if self._bucket.takes_parts_at_once else 1)
            self._settled(lambda: parts.finish(tags))
        except BaseException:
            with suppress(StorageError):  # what cannot be told now is removed by the sweep, or by a rule of the bucket
                changed(self._patience, attempts=_ENDING_ATTEMPTS).calling(parts.abandon)
            raise

    def _sent(self, parts: Parts, stream: Stream, size: int, concurrency: int) -> list[PartTag]:
        """Send all parts; return what names them."""
        halt = threading.Event()
        window = _Window(concurrency, self._cancel)
        pool = ThreadPoolExecutor(concurrency, thread_name_prefix="facefusion-storage")
        sent = 0

        def send(number: int, data: bytes) -> PartTag:
            return self._patience.calling(lambda: parts.send(number, data), cancel=halt)

        try:
            for number, data in enumerate(joined(stream.pieces(), size), start=1):
                window.make_room()
                window.add(pool.submit(send, number, data))
                sent += len(data)
            tags = window.finished()
        except BaseException:
            halt.set()
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
        check_sent(sent, stream)
        return tags

    def _settled(self, call: Callable[[], None]) -> None:
        """Make the call after which the object is there, and find out what became of one whose answer was lost."""

        def once() -> None:
            try:
                call()
            except (ConditionError, StorageMissingError):
                found = self._bucket.head(self._name)
                if found is not None and found.notes.get(MARK) == self._notes[MARK]:
                    return
                if found is not None and not self._replace:
                    raise self._taken() from None
                raise

        self._calling(once)

    def _calling(self, call: Callable[[], _Value]) -> _Value:
        return self._patience.calling(call, cancel=self._cancel)

    def _taken(self) -> OutputExistsError:
        return OutputExistsError(f"{self._name!r} is in the storage already", "Choose another name")


class _Window:
    """Parts that are on their way."""

    def __init__(self, most: int, cancel: threading.Event | None) -> None:
        self._most = most
        self._cancel = cancel
        self._all: list[Future[PartTag]] = []
        self._running: set[Future[PartTag]] = set()

    def add(self, future: Future[PartTag]) -> None:
        self._all.append(future)
        self._running.add(future)

    def make_room(self) -> None:
        """Wait until one more part may be sent; raise what one of them raised."""
        self._wait(self._most - 1)

    def finished(self) -> list[PartTag]:
        """Wait for all parts; return what names them, in order."""
        self._wait(0)
        return [future.result() for future in self._all]

    def _wait(self, left: int) -> None:
        stop_if(self._cancel)
        while len(self._running) > left:
            done, self._running = wait(self._running, timeout=_LOOK, return_when=FIRST_COMPLETED)
            for future in done:
                future.result()
            stop_if(self._cancel)


def part_size(wished: int, size: int) -> int:
    """Return how large parts are: as wished, or as it takes to have no more than a store takes; in whole MiB."""
    least = max(wished, -(-size // _MOST_PARTS))
    return -(-least // MIB) * MIB
