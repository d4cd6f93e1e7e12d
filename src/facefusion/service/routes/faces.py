"""Faces: built once from pictures and clips, used by many jobs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Query, Response
from pydantic import Field

from facefusion.engine.facefile.file import SUFFIX, read_face
from facefusion.engine.facefile.sheet import face_sheet
from facefusion.jobs.database import reading, writing
from facefusion.jobs.storage.base import Stored
from facefusion.media.picture import Picture, write_picture
from facefusion.service.faces.building import build, checked
from facefusion.service.faces.store import KeptFace, add_face, built, face_with, read_faces, remove_face
from facefusion.service.gateway.access import require
from facefusion.service.gateway.caller import Caller
from facefusion.service.paging import Page, page_of
from facefusion.service.parts import Parts
from facefusion.service.problems import documented
from facefusion.service.records import options_of
from facefusion.service.route import IdempotencyKey, ServiceRoute
from facefusion.service.routes.operations import OperationError
from facefusion.service.staging import stage
from facefusion.service.tables import FACES
from facefusion.service.uploads.store import ready
from facefusion.service.values import Answer, Body, Id

ROUTER: Final = APIRouter(prefix="/v1/faces", tags=["faces"], route_class=ServiceRoute)
_MOST_SOURCES: Final = 64

Reader = Annotated[Caller, Depends(require("faces:read"))]
Writer = Annotated[Caller, Depends(require("faces:write"))]


class NewFace(Body):
    """A face that is to be built."""

    name: Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]
    uploads: Annotated[
        list[Id], Field(min_length=1, max_length=_MOST_SOURCES, description="pictures and clips of one person")
    ]
    options: dict[str, Any] = Field(
        default={}, description="how the face is found in them: source_face_position, source_face_min_size, …"
    )


class FaceAnswer(Answer):
    """A face."""

    id: str
    name: str
    state: Literal["building", "ready", "failed"]
    operation: str | None = Field(description="that builds it; see /v1/operations")
    error: OperationError | None = Field(description="why it could not be built")
    size: int | None = Field(description="of its file in bytes")
    sha256: str | None = Field(description="of its file")
    facts: dict[str, Any] | None = Field(description="its views, and how much of the face each gives")
    created: datetime


class FacePage(Answer):
    """A part of a list."""

    faces: list[FaceAnswer]
    next: str | None = Field(description="cursor of the next page")


def face_answer(face: KeptFace) -> FaceAnswer:
    """Return what clients are told of a face."""
    error = face.operation.error if face.operation is not None else None
    return FaceAnswer(
        id=face.id,
        name=face.name,
        state=face.state,  # type: ignore[arg-type]
        operation=None if face.operation is None else face.operation.id,
        error=None if error is None else OperationError(**error),
        size=face.size,
        sha256=face.sha256,
        facts=None if face.facts is None else dict(face.facts),
        created=face.created,
    )


@ROUTER.post("", status_code=202, responses=documented(404, 409))
def create(order: NewFace, response: Response, parts: Parts, caller: Writer, _key: IdempotencyKey = None) -> FaceAnswer:
    """Build a face from uploads; it is ready some seconds later."""
    options = options_of(parts.options, caller, **checked(order.options))
    found = [parts.uploads.get(each, tenant=caller.tenant) for each in dict.fromkeys(order.uploads)]
    uploads = [ready(each, "picture", "video") for each in found]
    with writing(parts.engine) as connection:
        operation = parts.operations.begin(
            connection, tenant=caller.tenant, owner=caller.actor, kind="face.build", about=order.name
        )
        face = add_face(connection, tenant=caller.tenant, owner=caller.actor, name=order.name, operation=operation.id)
    parts.operations.run(operation, build(parts, face, uploads, options))
    response.headers["Location"] = f"/v1/faces/{face.id}"
    return face_answer(face)


@ROUTER.get("", responses=documented())
def show_all(page: Annotated[Page, Query()], parts: Parts, caller: Reader) -> FacePage:
    """List faces, the newest first."""
    before = parts.cursors.number(page.cursor)
    with reading(parts.engine) as connection:
        rows = page_of(connection, (FACES.c.tenant, caller.tenant), FACES.c.number, before, page.limit)
        faces = read_faces(connection, rows)
    shown = [face_answer(each) for each in faces[: page.limit]]
    return FacePage(faces=shown, next=parts.cursors.next_of(faces, page.limit))


@ROUTER.get("/{face_id}", responses=documented(404))
def show(face_id: Id, parts: Parts, caller: Reader) -> FaceAnswer:
    """Show one face."""
    with reading(parts.engine) as connection:
        return face_answer(face_with(connection, face_id, tenant=caller.tenant))


@ROUTER.get(
    "/{face_id}/portrait",
    response_class=Response,
    responses=documented(404, 409, also={200: {"description": "The portrait", "content": {"image/png": {}}}}),
)
def show_portrait(face_id: Id, parts: Parts, caller: Reader) -> Response:
    """Show what a face was made to look like from its views, and which part is from which."""
    with reading(parts.engine) as connection:
        face = built(face_with(connection, face_id, tenant=caller.tenant))
    with stage(parts.storage, parts.scratch) as place:
        file, picture = place.folder / f"face{SUFFIX}", place.folder / "portrait.png"
        parts.storage.get(Stored(face.key, face.size or 0, face.sha256 or ""), file)
        write_picture(picture, Picture(face_sheet(read_face(file))), quality=95)
        return Response(picture.read_bytes(), media_type="image/png", headers={"Cache-Control": "private, no-cache"})


@ROUTER.delete("/{face_id}", status_code=204, response_class=Response, responses=documented(404))
def remove(face_id: Id, parts: Parts, caller: Writer) -> Response:
    """Forget a face, with its file."""
    with writing(parts.engine) as connection:
        face = face_with(connection, face_id, tenant=caller.tenant)
        remove_face(connection, face)
    parts.storage.delete(face.key)
    parts.quotas.free(face.tenant, f"faces/{face.id}")
    return Response(status_code=204)
