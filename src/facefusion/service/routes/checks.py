"""Whether an upload serves as a source or as a target, and where it does not, why: before a job is asked for."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends
from pydantic import Field

from facefusion.engine.checked.checking import check
from facefusion.engine.checked.values import Advice, Checked, CheckedFace, Use, Verdict
from facefusion.service.faces.building import checked
from facefusion.service.gateway.access import require
from facefusion.service.gateway.caller import Caller
from facefusion.service.heavy import heavily
from facefusion.service.parts import Parts, ServiceParts
from facefusion.service.problems import documented
from facefusion.service.records import options_of
from facefusion.service.route import ServiceRoute
from facefusion.service.staging import stage
from facefusion.service.uploads.store import ready
from facefusion.service.values import Answer, Body, Box, Id

ROUTER: Final = APIRouter(prefix="/v1/uploads", tags=["uploads"], route_class=ServiceRoute)

Sender = Annotated[Caller, Depends(require("uploads:write"))]


class CheckOrder(Body):
    """For what an upload is wanted."""

    use: Use
    options: dict[str, Any] = Field(
        default={}, description="what a job would be told of faces: source_face_position, source_face_min_size, …"
    )


class CheckedFaceAnswer(Answer):
    """A face, and how well it serves."""

    box: Box = Field(description="left, top, right, bottom, in pixels")
    score: float = Field(description="how sure the detector is, 0 to 1")
    yaw: float = Field(description="turn in degrees; positive when the nose points to the right of the picture")
    pitch: float
    roll: float
    sharpness: float = Field(description="0 (blurred) to 1 (crisp)")
    brightness: float = Field(description="mean grey level of the face, 0 to 255")
    covered: float = Field(description="share of the face that something lies in front of, 0 to 1")
    problems: list[Verdict] = Field(description="all that is wrong with it, the gravest first")
    is_usable: bool = Field(description="whether a job takes it")


class LookAnswer(Answer):
    """A picture, or one moment of a clip."""

    time: float | None = Field(description="seconds; null of a picture")
    faces: list[CheckedFaceAnswer] = Field(description="in the order in which they are counted")


class CheckAnswer(Answer):
    """How well an upload serves."""

    use: Use
    verdict: Verdict = Field(description="the gravest of what is wrong; good where nothing is")
    is_usable: bool = Field(description="whether a job takes it; one that it takes may still be less than good")
    advice: list[Advice] = Field(description="what would help, most of all first")
    width: int
    height: int
    looks: list[LookAnswer] = Field(description="the picture, or some moments of the clip")


@ROUTER.post("/{upload_id}/check", responses=documented(404, 409, 410))
async def check_upload(upload_id: Id, order: CheckOrder, parts: Parts, caller: Sender) -> CheckAnswer:
    """Say whether an upload is good as a source or can be worked on, and where in it a problem is."""
    return await heavily(parts, lambda: _checked(upload_id, order, parts, caller))


def _checked(upload_id: str, order: CheckOrder, parts: ServiceParts, caller: Caller) -> CheckAnswer:
    options = options_of(parts.options, caller, **checked(order.options))
    upload = ready(parts.uploads.get(upload_id, tenant=caller.tenant), "picture", "video")
    with stage(parts.storage, parts.scratch) as place, parts.warm.used() as warm:
        [path] = place.bring([upload])
        with warm.sessions(options, 0, lambda _text: None) as sessions:
            return _answer(check(path, order.use, options, sessions))


def _answer(found: Checked) -> CheckAnswer:
    looks = [LookAnswer(time=look.seconds, faces=[_face(face) for face in look.faces]) for look in found.looks]
    return CheckAnswer(
        use=found.use,
        verdict=found.verdict,
        is_usable=found.is_usable,
        advice=list(found.advice),
        width=found.width,
        height=found.height,
        looks=looks,
    )


def _face(each: CheckedFace) -> CheckedFaceAnswer:
    face = each.face
    left, top, right, bottom = (round(float(value), 1) for value in face.box)
    return CheckedFaceAnswer(
        box=[left, top, right, bottom],
        score=round(face.score, 3),
        yaw=round(face.pose.yaw, 1),
        pitch=round(face.pose.pitch, 1),
        roll=round(face.pose.roll, 1),
        sharpness=round(each.sharpness, 3),
        brightness=round(each.brightness, 1),
        covered=round(each.covered, 3),
        problems=list(each.problems),
        is_usable=each.is_usable,
    )
