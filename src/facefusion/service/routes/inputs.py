"""What jobs were made from: the target, and the pictures of new faces, for those who look at a result beside them."""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping
from typing import Annotated, Any, Final

from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, Header, Query, Request, Response
from pydantic import Field

from facefusion.errors import FaceFusionError, JobUnknownError, ResourceUnknownError, StorageMissingError
from facefusion.jobs.reference import Reference
from facefusion.jobs.request import JobRequest
from facefusion.jobs.values import Job
from facefusion.service.editing.referred import stored_of
from facefusion.service.gateway.access import require
from facefusion.service.gateway.caller import Caller
from facefusion.service.gateway.review import check_input
from facefusion.service.jobs.downloads import handed_out
from facefusion.service.parts import Parts, ServiceParts
from facefusion.service.problems import documented
from facefusion.service.route import ServiceRoute
from facefusion.service.routes.jobs import FILE, HowToFetch
from facefusion.service.routes.stills import STILL, WhichMoment, still_answer
from facefusion.service.values import Id

ROUTER: Final = APIRouter(prefix="/v1/jobs", tags=["jobs"], route_class=ServiceRoute)
_SHOWN: Final = ("image/", "video/", "audio/")

Reader = Annotated[Caller, Depends(require("jobs:read"))]
How = Annotated[HowToFetch, Query()]


@ROUTER.get("/{job_id}/target", response_class=Response, responses=documented(404, also=FILE))
def fetch_target(job_id: Id, request: Request, how: How, parts: Parts, caller: Reader) -> Response:
    """Fetch the picture or video that a job edits, as long as it is kept.

    It needs the scope `uploads:write`, by which files are sent, or `review:write` where the job needs a review.
    """
    job = parts.board.job(job_id, tenant=caller.tenant)
    output = _input(parts, caller, job, str(job.request["target"]))
    return _fetched(parts, request, output, how)


@ROUTER.get("/{job_id}/target/frames", response_class=Response, responses=STILL)
async def show_target(
    *,
    job_id: Id,
    which: Annotated[WhichMoment, Query()],
    parts: Parts,
    caller: Reader,
    if_none_match: Annotated[str | None, Header(include_in_schema=False)] = None,
) -> Response:
    """Show the frame of the target that is seen at a moment, where browsers cannot play it; scopes as of the target."""

    def shown() -> Response:
        job = parts.board.job(job_id, tenant=caller.tenant)
        check_input(job, caller)
        reference = Reference.parse(str(job.request["target"]))
        if reference.kind != "upload":
            raise ResourceUnknownError(f"The target of job {job.id} is no upload", "Fetch it whole")
        try:
            upload = parts.uploads.get(reference.value, tenant=caller.tenant)
        except ResourceUnknownError as error:
            raise _gone(str(reference)) from error
        return still_answer(parts, upload, (None, which.time), which, if_none_match)

    return await run_sync(shown, limiter=parts.looks)


@ROUTER.get("/{job_id}/sources/{number}", response_class=Response, responses=documented(404, also=FILE))
def fetch_source(
    *,
    job_id: Id,
    number: Annotated[int, Field(ge=0, le=1000, description="which of the sources of the request, from 0")],
    request: Request,
    how: How,
    parts: Parts,
    caller: Reader,
) -> Response:
    """Fetch a source of a job, as long as it is kept; scopes as of its target. Faces have a portrait instead."""
    job = parts.board.job(job_id, tenant=caller.tenant)
    check_input(job, caller)
    sources = job.request.get("sources", ())
    if number >= len(sources):
        raise ResourceUnknownError(f"Job {job.id} has no source {number}")
    return _fetched(parts, request, _input(parts, caller, job, str(sources[number])), how)


def _fetched(parts: ServiceParts, request: Request, output: Mapping[str, Any], how: HowToFetch) -> Response:
    try:
        return handed_out(parts, request, output, may_redirect=how.redirect)
    except StorageMissingError as error:
        raise _gone(str(output["name"])) from error


def _input(parts: ServiceParts, caller: Caller, job: Job, named: str) -> Mapping[str, Any]:
    """Return a file of a request as `handed_out` takes it.

    Raises:
        NotAllowedError: the caller may not see it.
        ResourceUnknownError: it is not kept any more, or lies at an address of the tenant's own, or is a face.
    """
    check_input(job, caller)
    request = JobRequest.parse(job.request)
    if Reference.parse(named).kind in {"address", "face"}:
        raise ResourceUnknownError(
            f"{named.partition(':')[0]}: is not handed out here", "Faces have a portrait; addresses are your own"
        )
    try:
        stored, name = stored_of(named, parts, caller, request)
    except (ResourceUnknownError, JobUnknownError) as error:
        raise _gone(named) from error
    kind = mimetypes.guess_type(name)[0] or ""
    safe = kind if kind.startswith(_SHOWN) and "svg" not in kind else "application/octet-stream"
    return {"address": stored.address, "size": stored.size, "sha256": stored.sha256, "name": name, "media_type": safe}


def _gone(named: str) -> FaceFusionError:
    return ResourceUnknownError(f"{named} is not kept any more", "Uploads go some time after the job is finished")
