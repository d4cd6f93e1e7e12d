"""Uploads: files that clients send, resumable by tus 1.0, in one piece, or straight into storage."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, Literal

from anyio import CancelScope
from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, Header, Query, Request, Response
from pydantic import Field

from facefusion.errors import MediaTypeError, ProtocolVersionError, RequestInvalidError, TooLargeError, UploadError
from facefusion.jobs.database import reading
from facefusion.service.gateway.access import require
from facefusion.service.gateway.caller import Caller
from facefusion.service.paging import Page, page_of
from facefusion.service.parts import Parts, ServiceParts
from facefusion.service.problems import documented
from facefusion.service.route import IdempotencyKey, ServiceRoute
from facefusion.service.tables import UPLOADS
from facefusion.service.uploads import tus
from facefusion.service.uploads.receiving import pieces
from facefusion.service.uploads.values import (
    MOST_OF_NAME,
    FileKind,
    NewUpload,
    Upload,
    UploadState,
    file_name,
    upload_of,
)
from facefusion.service.values import Answer, Body, Digest, Id

ROUTER: Final = APIRouter(prefix="/v1/uploads", tags=["uploads"], route_class=ServiceRoute)
# So much of a body is in storage before the next is read: what a break in between can cost.
_PIECE: Final = 64 << 20

Sender = Annotated[Caller, Depends(require("uploads:write"))]


class UploadAnswer(Answer):
    """A file that is being sent, or is there."""

    id: str
    name: str
    type: str = Field(description="media type as the client said; empty where it said none")
    state: UploadState
    size: int
    received: int = Field(description="bytes that are there")
    sha256: str | None = Field(description="of the whole file, once it is there")
    kind: FileKind | None = Field(description="what its bytes are, whatever its name says")
    facts: dict[str, Any] = Field(description="more of that: width, height, frames, seconds, …")
    created: datetime
    expires: datetime = Field(description="when it goes, unless a job that is not finished needs it")


class UploadPage(Answer):
    """A part of a list."""

    uploads: list[UploadAnswer]
    next: str | None = Field(description="cursor of the next page")


class DirectUpload(Body):
    """A file that the client will put into storage itself."""

    name: Annotated[str, Field(min_length=1, max_length=MOST_OF_NAME)]
    size: Annotated[int, Field(ge=1)]
    type: Annotated[str, Field(max_length=100)] = ""
    sha256: Digest | None = None


class DirectAnswer(Answer):
    """Where a file is to be put."""

    upload: UploadAnswer
    method: Literal["PUT"] = "PUT"
    url: str = Field(description="address of the storage; whoever has it can write there")
    seconds: int = Field(description="for how long it serves")


def upload_answer(upload: Upload) -> UploadAnswer:
    """Return what clients are told of an upload."""
    names = UploadAnswer.model_fields
    return UploadAnswer(**{name: getattr(upload, name) for name in names})


_BINARY: Final = {"requestBody": {"content": {"application/octet-stream": {"schema": {"type": "string"}}}}}
_PART: Final = {"requestBody": {"content": {tus.PART_TYPE: {"schema": {"type": "string"}}}, "required": True}}
_TUS_HEADERS: Final = {
    name: {"schema": {"type": "string"}} for name in ("Tus-Resumable", "Upload-Offset", "Upload-Expires")
}


@ROUTER.options("", status_code=204, responses={204: {"description": "What is possible here"}})
async def possible(parts: Parts) -> Response:
    """Say which parts of tus 1.0 are understood."""
    return Response(
        status_code=204,
        headers={
            "Tus-Resumable": tus.VERSION,
            "Tus-Version": tus.VERSION,
            "Tus-Extension": tus.EXTENSIONS,
            "Tus-Max-Size": str(parts.settings.max_upload),
            "Tus-Checksum-Algorithm": ",".join(tus.CHECKSUMS),
        },
    )


@ROUTER.post(
    "",
    status_code=201,
    response_model=UploadAnswer,
    responses=documented(400, 409, 412, 415, 460, 507),
    openapi_extra=_BINARY,
)
async def create(
    *,
    request: Request,
    parts: Parts,
    caller: Sender,
    _key: IdempotencyKey = None,
    tus_resumable: Annotated[str | None, Header(description="`1.0.0`: a resumable upload begins")] = None,
    upload_length: Annotated[str | None, Header(description="tus: bytes of the whole file")] = None,
    upload_metadata: Annotated[
        str | None, Header(description="tus: `filename`, `filetype` and `sha256` in base64")
    ] = None,
    upload_checksum: Annotated[str | None, Header(description="tus: digest of the part in this request")] = None,
    content_length: Annotated[str | None, Header(include_in_schema=False)] = None,
    name: Annotated[str, Query(max_length=MOST_OF_NAME, description="name of a file that is sent whole")] = "",
    sha256: Annotated[Digest | None, Query(description="of a file that is sent whole")] = None,
) -> Response:
    """Begin a resumable upload (with `Tus-Resumable`), or send a whole file as the body."""
    is_tus = tus_resumable is not None
    if is_tus:
        _check_version(tus_resumable)
        new = _announced(caller, parts, upload_length, upload_metadata)
    else:
        size = tus.number_of(content_length, "Content-Length")
        kind = request.headers.get("content-type", "")[:100]
        new = NewUpload(caller.tenant, caller.actor, file_name(name), kind, _size(parts, size), sha256)
    upload = await run_sync(parts.uploads.create, new)
    has_part = not is_tus or request.headers.get("content-type") == tus.PART_TYPE
    try:
        if has_part or new.size == 0:
            upload = await _taken(request, parts, upload, 0, tus.checksum_of(upload_checksum))
    except UploadError:
        if not is_tus:
            await run_sync(lambda: parts.uploads.remove(upload.id, tenant=upload.tenant))
        raise
    return _created(request, parts, upload)


@ROUTER.post("/direct", status_code=201, responses=documented(409))
def create_direct(
    order: DirectUpload, request: Request, response: Response, parts: Parts, caller: Sender, _key: IdempotencyKey = None
) -> DirectAnswer:
    """Ask for an address of the storage, where the client puts a file itself; then ask for `complete`."""
    new = NewUpload(
        caller.tenant, caller.actor, file_name(order.name), order.type, _size(parts, order.size), order.sha256
    )
    upload, seconds = parts.uploads.create(new, is_direct=True), parts.settings.presigned_seconds
    url = parts.uploads.address(upload, seconds)
    if url is None:
        parts.uploads.remove(upload.id, tenant=upload.tenant)
        raise UploadError("This storage takes files from the service alone", "Send the file to /v1/uploads")
    response.headers["Location"] = _location(request, parts, upload)
    return DirectAnswer(upload=upload_answer(upload), url=url, seconds=seconds)


@ROUTER.post("/{upload_id}/complete", responses=documented(404, 409, 410, 460, 507))
def complete(upload_id: Id, parts: Parts, caller: Sender, _key: IdempotencyKey = None) -> UploadAnswer:
    """Take over a file that the client has put into storage."""
    upload = parts.uploads.get(upload_id, tenant=caller.tenant)
    return upload_answer(parts.uploads.take_over(upload))


@ROUTER.get("", responses=documented())
def show_all(page: Annotated[Page, Query()], parts: Parts, caller: Sender) -> UploadPage:
    """List uploads, the newest first."""
    before = parts.cursors.number(page.cursor)
    whose = (UPLOADS.c.tenant, caller.tenant)
    with reading(parts.engine) as connection:
        rows = page_of(connection, whose, UPLOADS.c.number, before, page.limit)
    uploads = [upload_of(row) for row in rows]
    shown = [upload_answer(each) for each in uploads[: page.limit]]
    return UploadPage(uploads=shown, next=parts.cursors.next_of(uploads, page.limit))


@ROUTER.head(
    "/{upload_id}",
    response_class=Response,
    responses=documented(404, 410, 412, also={200: {"description": "So much of it is there", "headers": _TUS_HEADERS}}),
)
def look(
    upload_id: Id,
    parts: Parts,
    caller: Sender,
    tus_resumable: Annotated[str | None, Header()] = None,
) -> Response:
    """Say how much of an upload is there (tus)."""
    if tus_resumable is not None:
        _check_version(tus_resumable)
    upload = parts.uploads.get(upload_id, tenant=caller.tenant)
    return Response(status_code=200, headers=_headers(upload) | {"Cache-Control": "no-store"})


@ROUTER.get("/{upload_id}", responses=documented(404, 410))
def show(upload_id: Id, parts: Parts, caller: Sender) -> UploadAnswer:
    """Show one upload."""
    return upload_answer(parts.uploads.get(upload_id, tenant=caller.tenant))


@ROUTER.patch(
    "/{upload_id}",
    status_code=204,
    response_class=Response,
    responses=documented(
        400, 404, 409, 410, 412, 415, 460, 507, also={204: {"description": "It is there", "headers": _TUS_HEADERS}}
    ),
    openapi_extra=_PART,
)
async def append(
    *,
    upload_id: Id,
    request: Request,
    parts: Parts,
    caller: Sender,
    upload_offset: Annotated[str | None, Header(description="byte at which the part begins")] = None,
    tus_resumable: Annotated[str | None, Header()] = None,
    upload_checksum: Annotated[str | None, Header(description="its digest: `sha256 BASE64`")] = None,
) -> Response:
    """Send a part of an upload (tus)."""
    _check_version(tus_resumable)
    if request.headers.get("content-type") != tus.PART_TYPE:
        raise MediaTypeError(f"A part is of the type {tus.PART_TYPE}")
    first, checksum = tus.number_of(upload_offset, "Upload-Offset"), tus.checksum_of(upload_checksum)
    upload = await run_sync(lambda: parts.uploads.get(upload_id, tenant=caller.tenant))
    upload = await _taken(request, parts, upload, first, checksum)
    return Response(status_code=204, headers=_headers(upload))


@ROUTER.delete("/{upload_id}", status_code=204, response_class=Response, responses=documented(404, 409))
def remove(upload_id: Id, parts: Parts, caller: Sender) -> Response:
    """Remove an upload that no job needs."""
    parts.uploads.remove(upload_id, tenant=caller.tenant)
    parts.clips.forget(upload_id)
    parts.shown.forget(caller.tenant)
    return Response(status_code=204, headers={"Tus-Resumable": tus.VERSION})


async def _taken(
    request: Request, parts: ServiceParts, upload: Upload, first: int, checksum: tus.Checksum | None
) -> Upload:
    """Take the body of a request as a part of an upload."""
    if upload.state != "open" or first != upload.received or upload.direct is not None:
        raise UploadError(
            f"A part at byte {first} does not continue the upload {upload.id}", "Ask with HEAD where to go on"
        )
    rest = upload.size - first
    piece = _PIECE if checksum is None else rest + 1
    async for part in pieces(request, most=rest, piece=piece, checksum=checksum, scratch=parts.scratch):
        if part.size or upload.size == 0:
            with CancelScope(shield=True):  # whoever went away finds it when they come back
                upload = await run_sync(parts.uploads.append, upload, upload.received, part.path)
        if upload.state != "open":
            break
    return upload


def _created(request: Request, parts: ServiceParts, upload: Upload) -> Response:
    headers = _headers(upload) | {"Location": _location(request, parts, upload)}
    content = upload_answer(upload).model_dump_json()
    return Response(content, 201, headers, media_type="application/json")


def _headers(upload: Upload) -> dict[str, str]:
    headers = {"Tus-Resumable": tus.VERSION, "Upload-Offset": str(upload.received), "Upload-Length": str(upload.size)}
    return headers | {"Upload-Expires": tus.http_date(upload.expires)}


def _location(request: Request, parts: ServiceParts, upload: Upload) -> str:
    base = parts.settings.public_url or str(request.base_url).rstrip("/")
    return f"{base}/v1/uploads/{upload.id}"


def _announced(caller: Caller, parts: ServiceParts, length: str | None, metadata: str | None) -> NewUpload:
    size, said = _size(parts, tus.number_of(length, "Upload-Length")), tus.metadata_of(metadata)
    digest = said.get("sha256")
    if digest is not None and (len(digest) != 64 or set(digest) - set("0123456789abcdef")):
        raise RequestInvalidError("Upload-Metadata sha256 is none", "It is 64 hexadecimal digits, in base64")
    name, kind = file_name(said.get("filename", "")), said.get("filetype", "")[:100]
    return NewUpload(caller.tenant, caller.actor, name, kind, size, digest)


def _size(parts: ServiceParts, size: int) -> int:
    if size > parts.settings.max_upload:
        raise TooLargeError(f"A file has at most {parts.settings.max_upload} bytes", "Send a smaller file")
    return size


def _check_version(version: str | None) -> None:
    if version != tus.VERSION:
        raise ProtocolVersionError("The header Tus-Resumable is not 1.0.0", "Speak tus 1.0.0")
