"""Small pictures of what jobs make: frames while they are at work, a thumbnail of the result."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Header, Response
from pydantic import Field

from facefusion.errors import ResourceUnknownError, StorageMissingError
from facefusion.jobs.database import looking
from facefusion.jobs.frames import frame_seen, frames_seen
from facefusion.jobs.rows import job_with
from facefusion.service.etags import is_known
from facefusion.service.gateway.access import require
from facefusion.service.gateway.caller import Caller
from facefusion.service.gateway.review import check_visible
from facefusion.service.jobs.answers import FrameList, frame_answer
from facefusion.service.parts import Parts, ServiceParts
from facefusion.service.problems import documented
from facefusion.service.route import ServiceRoute
from facefusion.service.values import Id

ROUTER: Final = APIRouter(prefix="/v1/jobs", tags=["jobs"], route_class=ServiceRoute)

Reader = Annotated[Caller, Depends(require("jobs:read"))]
IfNoneMatch = Annotated[str | None, Header()]
_PICTURE: Final[dict[int, dict[str, Any]]] = {
    200: {"description": "The picture", "content": {"image/jpeg": {"schema": {"type": "string"}}}},
    304: {"description": "It is as the client has it"},
}


@ROUTER.get("/{job_id}/frames", responses=documented(404))
def show_frames(job_id: Id, parts: Parts, caller: Reader) -> FrameList:
    """List small pictures of frames of a job that is not finished, with all marks of the output.

    There are some two dozen at most. They go when the job is finished, which has a thumbnail then. A job that takes
    only seconds has none, and where the policy keeps unfinished work in memory nothing is shown.
    """
    with looking(parts.engine) as connection:
        job = job_with(connection, job_id, tenant=caller.tenant)
        check_visible(job, caller)
        return FrameList(frames=[frame_answer(job, each) for each in frames_seen(connection, job)])


@ROUTER.get("/{job_id}/frames/{number}", response_class=Response, responses=documented(404, also=_PICTURE))
def show_frame(
    job_id: Id,
    number: Annotated[int, Field(ge=0, lt=1 << 53, description="of the frame in the output")],
    parts: Parts,
    caller: Reader,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Show a small picture of one frame."""
    with looking(parts.engine) as connection:
        job = job_with(connection, job_id, tenant=caller.tenant)
        check_visible(job, caller)
        seen = frame_seen(connection, job, number)
    return _picture(parts, seen.frame.key, f'"{seen.id}"', if_none_match)


@ROUTER.get("/{job_id}/thumbnail", response_class=Response, responses=documented(404, also=_PICTURE))
def show_thumbnail(job_id: Id, parts: Parts, caller: Reader, if_none_match: IfNoneMatch = None) -> Response:
    """Show a small picture of the result of a job."""
    job = parts.board.job(job_id, tenant=caller.tenant)
    check_visible(job, caller)
    stored = (job.result or {}).get("thumbnail")
    if not stored:
        raise ResourceUnknownError(f"Job {job_id} has no thumbnail", "Those that are finished have one, as a rule")
    return _picture(parts, str(stored["address"]), f'"{stored["sha256"]}"', if_none_match)


def _picture(parts: ServiceParts, key: str, tag: str, known: str | None) -> Response:
    """Return a picture of the storage, which browsers may keep: what is seen under one tag never changes."""
    if is_known(known, tag):
        return Response(status_code=304, headers={"ETag": tag})
    try:
        content = b"".join(parts.storage.read(key))
    except StorageMissingError as error:  # the job went on meanwhile
        raise ResourceUnknownError("This picture is not there any more") from error
    headers = {
        "ETag": tag,
        "Cache-Control": "private, no-cache",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox; default-src 'none'",
    }
    return Response(content, media_type="image/jpeg", headers=headers)
