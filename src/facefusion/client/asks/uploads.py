"""Operations on uploads: files that are sent to the service, resumable as of tus 1.0."""

from __future__ import annotations

import base64
import hashlib
from typing import Final

import httpx

from facefusion.client.call import Ask, model, nothing, operation
from facefusion.client.pages import Page
from facefusion.client.values import DirectUpload, Upload
from facefusion.errors import ServiceAnswerError

_TUS: Final = {"Tus-Resumable": "1.0.0"}


def offset(response: httpx.Response) -> int:
    """Read how many bytes of an upload are there.

    Raises:
        ServiceAnswerError: the answer does not say.
    """
    given = response.headers.get("upload-offset", "")
    if not given.isdecimal():
        raise ServiceAnswerError("The service does not say how much is there", status=response.status_code)
    return int(given)


def options(response: httpx.Response) -> dict[str, str]:
    """Read what is possible with uploads, as of tus."""
    return {name: value for name, value in response.headers.items() if name.startswith("tus-")}


def _said(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@operation("OPTIONS", "/v1/uploads", options)
def possible() -> Ask:
    """Ask which parts of tus 1.0 the service understands."""
    return Ask()


@operation("POST", "/v1/uploads", model(Upload))
def begin(size: int, *, name: str = "", type: str = "", sha256: str | None = None) -> Ask:  # noqa: A002 - its name
    """Begin an upload, which is sent in parts.

    Args:
        size: of the whole file in bytes.
        name: of the file.
        type: media type.
        sha256: that the whole shall have.
    """
    given = {"filename": name, "filetype": type, "sha256": sha256}
    metadata = ",".join(f"{key} {_said(value)}" for key, value in given.items() if value)
    headers = {**_TUS, "Upload-Length": str(size)}
    return Ask(headers=headers | ({"Upload-Metadata": metadata} if metadata else {}))


@operation("PATCH", "/v1/uploads/{upload_id}", offset, is_slow=True)
def append(upload_id: str, first: int, part: bytes) -> Ask:
    """Send a part of an upload; returns how many bytes are there after it.

    Args:
        upload_id: of the upload.
        first: byte at which it begins.
        part: its bytes.
    """
    digest = base64.b64encode(hashlib.sha256(part).digest()).decode()
    headers = {**_TUS, "Upload-Offset": str(first), "Upload-Checksum": f"sha256 {digest}"}
    kind = {"Content-Type": "application/offset+octet-stream"}
    return Ask({"upload_id": upload_id}, content=part, headers=headers | kind)


@operation("HEAD", "/v1/uploads/{upload_id}", offset)
def look(upload_id: str) -> Ask:
    """Return how many bytes of an upload are there."""
    return Ask({"upload_id": upload_id}, headers=_TUS)


@operation("GET", "/v1/uploads/{upload_id}", model(Upload))
def show(upload_id: str) -> Ask:
    """Return an upload."""
    return Ask({"upload_id": upload_id})


@operation("GET", "/v1/uploads", model(Page[Upload]))
def page(*, limit: int = 50, cursor: str | None = None) -> Ask:
    """Return a page of uploads, the newest first.

    Args:
        limit: most of them.
        cursor: of the page before; None for the first.
    """
    return Ask(query={"limit": limit, "cursor": cursor})


@operation("DELETE", "/v1/uploads/{upload_id}", nothing)
def remove(upload_id: str) -> Ask:
    """Remove an upload that no job needs."""
    return Ask({"upload_id": upload_id}, headers=_TUS)


@operation("POST", "/v1/uploads/direct", model(DirectUpload))
def direct(name: str, size: int, *, type: str = "", sha256: str | None = None) -> Ask:  # noqa: A002 - its name
    """Ask for an address of the storage where one puts a file oneself; then `complete` it.

    Args:
        name: of the file.
        size: in bytes.
        type: media type.
        sha256: that the file shall have.
    """
    return Ask(json={"name": name, "size": size, "type": type, "sha256": sha256})


@operation("POST", "/v1/uploads/{upload_id}/complete", model(Upload), is_slow=True)
def complete(upload_id: str) -> Ask:
    """Let the service take over a file that was put into storage."""
    return Ask({"upload_id": upload_id})
