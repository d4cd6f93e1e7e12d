"""Sending a file, part by part; after a break it goes on where the service has it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, Final

from facefusion.client.asks import uploads
from facefusion.client.flow import Flow, Wait
from facefusion.client.values import Upload
from facefusion.errors import (
    AccessUnavailableError,
    AuditError,
    DiskFullError,
    FaceFusionError,
    InputMissingError,
    JobsUnavailableError,
    OverloadedError,
    ServiceAnswerError,
    ServiceUnreachableError,
    StorageUnavailableError,
    UploadDamagedError,
    UploadError,
)

PART_BYTES: Final = 8 << 20
_TRIES: Final = 8
_LONGEST_WAIT: Final = 30.0
_DIGEST_BYTES: Final = 1 << 20
_PASSING: Final = (
    *(ServiceUnreachableError, UploadError, JobsUnavailableError, StorageUnavailableError),
    *(DiskFullError, OverloadedError, AuditError, AccessUnavailableError),
)
"""What may be over when the part is sent again."""

Progress = Callable[[int, int], None]
"""Told how many bytes are there, and of how many."""


def send(
    path: Path | str,
    *,
    name: str | None = None,
    type: str = "",  # noqa: A002 - its name
    resume: str | None = None,
    part: int = PART_BYTES,
    progress: Progress | None = None,
) -> Flow[Upload]:
    """Send a file, and return it as the service knows it.

    Its digest goes along, so that what arrives is what was sent. Where the connection breaks, sending goes on; where it
    stays broken, the error has a note with the upload's identifier, by which one goes on later.

    Args:
        path: of the file.
        name: by which the service calls it; its own when None.
        type: media type.
        resume: identifier of an upload of this file that was begun before.
        part: bytes that are sent at one time.
        progress: told how far it is.

    Raises:
        InputMissingError: the file cannot be read, or changed while it was sent.
        UploadDamagedError: what arrived is not what was sent.
        ServiceUnreachableError: the service cannot be reached.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            size, digest = _measured(file)
            if resume is None:
                begun = yield uploads.begin(size, name=name or path.name, type=type, sha256=digest)
                upload_id, offset = begun.id, begun.received
            else:
                upload_id, offset = resume, (yield uploads.look(resume))
            try:
                yield from _parts(file, upload_id, offset, size, part=part, progress=progress)
            except FaceFusionError as error:
                error.add_note(f"Send the file again with resume={upload_id!r} to go on")
                raise
    except OSError as error:
        raise InputMissingError(f"{path} cannot be read: {error.strerror or error}") from error
    done: Upload = yield uploads.show(upload_id)
    if done.state != "ready" or done.sha256 != digest:
        raise UploadDamagedError(f"What arrived of {path} is not what was sent", "Send the file again")
    return done


def _parts(
    file: IO[bytes], upload_id: str, offset: int, size: int, *, part: int, progress: Progress | None
) -> Flow[None]:
    failed = 0
    while offset < size:
        try:
            if failed:
                shown: Upload = yield uploads.show(upload_id)
                offset = shown.received
                if shown.state == "failed":
                    return  # whoever began it is told
            if offset < size:
                offset = yield uploads.append(upload_id, offset, _part(file, offset, min(part, size - offset)))
            failed = 0
        except FaceFusionError as error:
            failed += 1
            if failed > _TRIES or not _passes(error):
                raise
            yield Wait(min(_LONGEST_WAIT, 0.25 * 2.0**failed))
        if progress is not None:
            progress(offset, size)


def _passes(error: FaceFusionError) -> bool:
    # Proxies answer for a service that is away, each in words of its own.
    is_away = isinstance(error, ServiceAnswerError) and error.status >= 500
    return is_away or isinstance(error, _PASSING)


def _part(file: IO[bytes], offset: int, size: int) -> bytes:
    file.seek(offset)
    content = file.read(size)
    if not content:
        raise InputMissingError("The file became shorter while it was sent", "Send it again")
    return content


def _measured(file: IO[bytes]) -> tuple[int, str]:
    """Return size and SHA-256 of a file."""
    digest, size = hashlib.sha256(), 0
    while chunk := file.read(_DIGEST_BYTES):
        digest.update(chunk)
        size += len(chunk)
    return size, digest.hexdigest()
