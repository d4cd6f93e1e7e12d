"""Fetching a file: after a break it goes on where it was, and it is there whole or not at all."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Self

import httpx

from facefusion.client.call import Call
from facefusion.client.problems import error_of
from facefusion.client.settings import unreachable
from facefusion.client.watching import MOST_BREAKS, wait_of
from facefusion.errors import (
    OutputUnwritableError,
    ServiceAnswerError,
    ServiceUnreachableError,
    StorageDamagedError,
)

_RANGE: Final = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")


class Download:
    """A file that is being fetched; a context manager, which leaves nothing behind that is not whole.

    Args:
        path: where it will be.
        sha256: that it shall have; not compared when None.
    """

    def __init__(self, path: Path, *, sha256: str | None) -> None:
        self._path, self._wanted = path, sha256
        self._part = path.with_name(f".{path.name}.{os.getpid()}.part")
        self._tag: str | None = None
        self._have = 0
        self._size: int | None = None
        self._file: IO[bytes] | None = None
        self._breaks, self._had = 0, 0

    def __enter__(self) -> Self:
        """Begin.

        Raises:
            OutputUnwritableError: the file cannot be written.
        """
        try:
            self._file = self._part.open("wb")
        except OSError as error:
            raise OutputUnwritableError(f"{self._path} cannot be written: {error.strerror or error}") from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove what is not whole."""
        if self._file is not None:
            self._file.close()
        self._part.unlink(missing_ok=True)

    @property
    def is_whole(self) -> bool:
        """Whether all bytes are there."""
        return self._size is not None and self._have >= self._size

    def missing(self, call: Call[Any]) -> Call[Any]:
        """Return the call that asks for what is missing.

        Args:
            call: that asks for the whole file.
        """
        wanted = {**call.headers, "Accept-Encoding": "identity"}
        if self._have and self._tag:
            wanted |= {"Range": f"bytes={self._have}-", "If-Range": self._tag}
        return replace(call, headers=wanted)

    def begun(self, response: httpx.Response) -> None:
        """Take the head of an answer.

        Raises:
            ServiceAnswerError: it is not the part that was asked for.
            FaceFusionError: what the answer tells of.
        """
        if response.status_code >= 400:
            raise error_of(response)
        found = _RANGE.fullmatch(response.headers.get("content-range", ""))
        if response.status_code == 206:
            if found is None or int(found[1]) != self._have:
                raise ServiceAnswerError("The service sent another part of the file than was asked for", status=206)
            self._size = None if found[2] == "*" else int(found[2])
        elif response.status_code == 200:
            self._restart()
            length = response.headers.get("content-length", "")
            self._size = int(length) if length.isdecimal() else None
        else:
            raise ServiceAnswerError(
                f"The service answered {response.status_code} instead of a file", status=response.status_code
            )
        tag = response.headers.get("etag", "")
        self._tag = tag if tag.startswith('"') else None

    def feed(self, chunk: bytes) -> None:
        """Take some bytes.

        Raises:
            OutputUnwritableError: they cannot be written.
        """
        try:
            self._opened().write(chunk)
        except OSError as error:
            raise OutputUnwritableError(f"{self._path} cannot be written: {error.strerror or error}") from error
        self._have += len(chunk)

    def ended(self) -> None:
        """Take the end of an answer that was not cut off."""
        self._size = self._have if self._size is None else self._size

    def broken(self, error: httpx.TransportError | ServiceUnreachableError) -> float:
        """Return the seconds after which to go on, after a break.

        Raises:
            ServiceUnreachableError: there were too many between which nothing came.
        """
        self._breaks = 0 if self._have > self._had else self._breaks + 1
        self._had = self._have
        if self._breaks > MOST_BREAKS:
            raise unreachable(error) from error
        return wait_of(self._breaks)

    def finish(self) -> Path:
        """Put the file in its place.

        Raises:
            StorageDamagedError: it has not the digest that it should have.
            OutputUnwritableError: it cannot be written.
        """
        try:
            self._opened().close()
            if self._wanted is not None:
                with self._part.open("rb") as file:
                    found = hashlib.file_digest(file, "sha256").hexdigest()
                if found != self._wanted:
                    raise StorageDamagedError(
                        f"What was fetched has the SHA-256 {found}, not {self._wanted}", "Fetch it again"
                    )
            self._part.replace(self._path)
        except OSError as error:
            raise OutputUnwritableError(f"{self._path} cannot be written: {error.strerror or error}") from error
        return self._path

    def _restart(self) -> None:
        file = self._opened()
        file.seek(0)
        file.truncate()
        self._have = 0

    def _opened(self) -> IO[bytes]:
        if self._file is None:
            raise ValueError("the download was not begun")
        return self._file
