"""People of an upload: who is to be seen in it, so that each can be given a face."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Response
from pydantic import Field

from facefusion.jobs.keys import portrait_key
from facefusion.service.editing.people import KeptPeople, PeopleState, begun, finding, kept_people, person_of
from facefusion.service.editing.pictures import HEADERS
from facefusion.service.gateway.access import require
from facefusion.service.gateway.caller import Caller
from facefusion.service.parts import Parts
from facefusion.service.problems import documented
from facefusion.service.records import options_of
from facefusion.service.route import IdempotencyKey, ServiceRoute
from facefusion.service.routes.operations import OperationError
from facefusion.service.uploads.store import ready
from facefusion.service.uploads.values import Upload
from facefusion.service.values import Answer, Box, Id

ROUTER: Final = APIRouter(prefix="/v1/uploads", tags=["uploads"], route_class=ServiceRoute)
_MOST_NUMBER: Final = 999

Sender = Annotated[Caller, Depends(require("uploads:write"))]


class PersonAnswer(Answer):
    """Somebody of an upload; where they are seen best is what frame, box and all else are of."""

    number: int = Field(description="the same for the same file; who fills most of the frames is 0")
    reference: str | None = Field(
        description="what a job's map calls them: `reference` of an entry; null where no view of them serves"
    )
    portrait: str = Field(description="where their picture is fetched, below the address of the service")
    frame: int | None = Field(description="number of the frame; null of a long clip, of which the time tells")
    time: float | None = Field(description="of the frame, in seconds from the first; null of a picture")
    box: Box = Field(description="left, top, right, bottom of the face, in pixels")
    yaw: float = Field(description="turn in degrees; positive when the nose points to the right of the picture")
    pitch: float
    roll: float
    width: int = Field(description="of the face in pixels")
    sharpness: float = Field(description="0 (blurred) to 1 (crisp)")
    first: float | None = Field(description="when they are seen first, in seconds; null of a picture")
    last: float | None
    share: float = Field(description="of the frames that were looked at and show them, 0 to 1")
    usable: float = Field(description="of those, the share in which a job works on their face")


class PeopleAnswer(Answer):
    """The people of an upload."""

    upload: str
    state: PeopleState
    operation: str | None = Field(description="that finds them; see /v1/operations")
    share: float = Field(description="of the upload that was looked at, 0 to 1")
    error: OperationError | None = Field(description="why they could not be found")
    looks: int | None = Field(description="frames that were looked at")
    frames: int | None = Field(description="of the upload, as far as is known")
    left_out: int = Field(description="people who are seen less than all of these, and are not told of")
    people: list[PersonAnswer]


@ROUTER.post("/{upload_id}/people", status_code=202, responses=documented(404, 409, 410))
def find(upload_id: Id, parts: Parts, caller: Sender, _key: IdempotencyKey = None) -> PeopleAnswer:
    """Find who is to be seen in a picture or a clip: faces are found, followed and grouped.

    A clip of up to 1500 frames is looked at frame by frame, one of up to 9000 in so many frames spread evenly that
    there are no more looks than that, and of a longer one 300 moments. Where it was asked for before, nothing is begun.
    """
    upload = ready(parts.uploads.get(upload_id, tenant=caller.tenant), "picture", "video")
    operation = begun(parts, upload, caller.actor)
    if operation is not None:
        parts.operations.run(operation, finding(parts, upload, options_of(parts.options, caller), operation))
    return _answer(upload, kept_people(parts, upload))


@ROUTER.get("/{upload_id}/people", responses=documented(404, 409, 410))
def show_people(upload_id: Id, parts: Parts, caller: Sender) -> PeopleAnswer:
    """Show the people of an upload, or how far the search is; they go with the upload."""
    upload = ready(parts.uploads.get(upload_id, tenant=caller.tenant), "picture", "video")
    return _answer(upload, kept_people(parts, upload))


@ROUTER.get(
    "/{upload_id}/people/{number}/portrait",
    response_class=Response,
    responses=documented(404, 409, 410, also={200: {"description": "Their head", "content": {"image/jpeg": {}}}}),
)
def show_portrait(
    upload_id: Id, number: Annotated[int, Path(ge=0, le=_MOST_NUMBER)], parts: Parts, caller: Sender
) -> Response:
    """Show somebody of an upload, where they are seen best."""
    upload = ready(parts.uploads.get(upload_id, tenant=caller.tenant), "picture", "video")
    person_of(parts, upload, number)
    content = b"".join(parts.storage.read(portrait_key(upload.tenant, upload.id, number)))
    headers = {"Cache-Control": "private, max-age=3600", **HEADERS}
    return Response(content, media_type="image/jpeg", headers=headers)


def _answer(upload: Upload, kept: KeptPeople) -> PeopleAnswer:
    found: Any = kept.found or {"people": [], "looks": None, "frames": upload.facts.get("frames"), "left_out": 0}
    error = kept.operation.error if kept.operation is not None else None
    if kept.state == "failed" and error is None:
        error = {"type": "CancelledError", "code": 130, "what": "The search was given up", "hint": "Ask for it again"}
    return PeopleAnswer(
        upload=upload.id,
        state=kept.state,
        operation=None if kept.operation is None else kept.operation.id,
        share=kept.share,
        error=OperationError(**error) if kept.state == "failed" and error is not None else None,
        looks=found["looks"],
        frames=found["frames"],
        left_out=found["left_out"],
        people=[_person(upload, number, each) for number, each in enumerate(found["people"])],
    )


def _person(upload: Upload, number: int, values: dict[str, Any]) -> PersonAnswer:
    shown = {name: value for name, value in values.items() if name != "sha256"}
    return PersonAnswer(
        number=number,
        reference=None if values["sha256"] is None else f"person:{upload.id}/{number}",
        portrait=f"/v1/uploads/{upload.id}/people/{number}/portrait",
        **shown,
    )
