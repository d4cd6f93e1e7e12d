"""Taking the body of a request into a file: bounded in memory, and what came before a break is kept."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from anyio.to_thread import run_sync
from starlette.requests import ClientDisconnect, Request

from facefusion.errors import DiskFullError, TooLargeError, UploadDamagedError
from facefusion.service.uploads.tus import Checksum

_BUFFER: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Received:
    """A piece of a body that is in a file.

    Attributes:
        path: of the file, which goes when the next piece is asked for.
        size: in bytes.
        is_last: whether nothing follows it.
        is_broken: whether the client went away after it.
    """

    path: Path
    size: int
    is_last: bool
    is_broken: bool


async def pieces(
    request: Request, *, most: int, piece: int, checksum: Checksum | None = None, scratch: Path | None = None
) -> AsyncIterator[Received]:
    """Yield the body of a request as files, one after the other.

    Args:
        request: whose body it is.
        most: bytes that it may have.
        piece: bytes of a file; with a checksum all is one file, as nothing counts before it holds.
        checksum: that the whole body shall have.
        scratch: folder for the files; the system's when None.

    Raises:
        TooLargeError: the body has more bytes.
        UploadDamagedError: it has another checksum.
        DiskFullError: there is no room for a file.
    """
    digest = checksum.begin() if checksum else None
    body, total, is_broken, is_over = _bytes_of(request), 0, False, False
    while not is_over:
        with keeping():
            opened = tempfile.NamedTemporaryFile(prefix="body-", dir=scratch)  # noqa: SIM115 - the next line does
        with opened as file:
            size, buffer = 0, bytearray()
            while digest is not None or size < piece:
                try:
                    chunk = await anext(body)
                except StopAsyncIteration:
                    is_over = True
                    break
                except ClientDisconnect:
                    is_over = is_broken = True
                    break
                size, total = size + len(chunk), total + len(chunk)
                if total > most:
                    raise TooLargeError(f"There are more than {most} bytes", "Send only what was announced")
                buffer += chunk
                if len(buffer) >= _BUFFER:
                    await run_sync(_write, file, bytes(buffer), digest)
                    buffer.clear()
            await run_sync(_write, file, bytes(buffer), digest)
            _check(checksum, digest, is_over=is_over, is_broken=is_broken)
            yield Received(Path(file.name), size, is_over, is_broken)


async def whole(request: Request, path: Path, *, most: int) -> int:
    """Write the body of a request into one file; return its size.

    Raises:
        TooLargeError: it has more bytes than `most`.
        DiskFullError: there is no room for it.
        ClientDisconnect: the client went away.
    """
    total, buffer = 0, bytearray()
    with keeping():
        opened = path.open("wb")
    with opened as file:
        async for chunk in request.stream():
            total += len(chunk)
            if total > most:
                raise TooLargeError(f"There are more than {most} bytes", "Send a smaller file")
            buffer += chunk
            if len(buffer) >= _BUFFER:
                await run_sync(_write, file, bytes(buffer), None)
                buffer.clear()
        await run_sync(_write, file, bytes(buffer), None)
    return total


@contextlib.contextmanager
def keeping() -> Iterator[None]:
    """Turn what the system says of files on their way into an error of the tree, which names none of them.

    Raises:
        DiskFullError: there is no room.
    """
    try:
        yield
    except OSError as error:
        raise DiskFullError(f"What came cannot be kept: {error.strerror or error}", "Try again later") from error


async def _bytes_of(request: Request) -> AsyncIterator[bytes]:
    async with contextlib.aclosing(request.stream()) as stream:
        async for chunk in stream:
            if chunk:
                yield chunk


def _check(checksum: Checksum | None, digest: Any, *, is_over: bool, is_broken: bool) -> None:
    if checksum is None or not is_over:
        return
    if is_broken or digest.digest() != checksum.digest:
        raise UploadDamagedError("This part has another checksum; nothing of it was kept", "Send it again")


def _write(file: IO[bytes], data: bytes, digest: Any) -> None:
    with keeping():
        file.write(data)
        file.flush()
    if digest is not None:
        digest.update(data)
