"""Operations on uploads: files that are sent to the service, resumable as of tus 1.0."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import Any, Final

import httpx

from facefusion.client.call import Ask, content, model, nothing, operation, values
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


@operation("POST", "/v1/uploads/{upload_id}/check", values, has_key=False, is_harmless=True, is_slow=True)
def check(upload_id: str, use: str, *, options: Mapping[str, Any] | None = None) -> Ask:
    """Return whether a file serves, and what is wrong where it does not, as JSON values.

    Args:
        upload_id: of the file.
        use: for what it is wanted: `source` or `target`.
        options: what a job would be told of faces.
    """
    return Ask({"upload_id": upload_id}, json={"use": use, "options": dict(options or {})})


@operation("GET", "/v1/uploads/{upload_id}/frames/{frame}", content, is_slow=True)
def frame(upload_id: str, number: int, *, width: int | None = None, form: str = "jpg") -> Ask:
    """Return a frame, as the bytes of a picture.

    Args:
        upload_id: of a picture or clip.
        number: of the frame, from 0.
        width: of the picture, in pixels; as it is when None.
        form: `jpg` or `webp`.
    """
    return Ask({"upload_id": upload_id, "frame": str(number)}, query={"width": width, "form": form})


@operation("GET", "/v1/uploads/{upload_id}/frames", content, is_slow=True)
def moment(upload_id: str, time: float, *, width: int | None = None, form: str = "jpg") -> Ask:
    """Return the frame that is seen at a moment, in seconds; else as `frame`."""
    return Ask({"upload_id": upload_id}, query={"time": time, "width": width, "form": form})


@operation("POST", "/v1/uploads/{upload_id}/people", values)
def find_people(upload_id: str) -> Ask:
    """Have the people of a picture or clip looked for; `people` tells how far that is."""
    return Ask({"upload_id": upload_id})


@operation("GET", "/v1/uploads/{upload_id}/people", values)
def people(upload_id: str) -> Ask:
    """Return who is seen in a picture or clip, as JSON values; in jobs they are called `person:UPLOAD/N`."""
    return Ask({"upload_id": upload_id})


@operation("GET", "/v1/uploads/{upload_id}/people/{number}/portrait", content)
def person_portrait(upload_id: str, number: int) -> Ask:
    """Return a picture of somebody who is seen there, as bytes."""
    return Ask({"upload_id": upload_id, "number": str(number)})
