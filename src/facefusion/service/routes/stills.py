"""Frames of uploads, as scrubbers and thumbnails need them."""

from __future__ import annotations

import hashlib
import json
from functools import partial
from typing import Annotated, Final

from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, Header, Path, Query, Response
from pydantic import Field

from facefusion.jobs.storage.base import Stored
from facefusion.service.editing.clips import OpenClip, Still
from facefusion.service.editing.pictures import HEADERS, TYPES, Form, encoded, scaled
from facefusion.service.editing.places import Files
from facefusion.service.etags import is_known
from facefusion.service.gateway.access import require
from facefusion.service.gateway.caller import Caller
from facefusion.service.parts import Parts, ServiceParts
from facefusion.service.problems import documented
from facefusion.service.route import ServiceRoute
from facefusion.service.uploads.store import ready
from facefusion.service.uploads.values import Upload
from facefusion.service.values import Id
from facefusion.service.values import Query as Parameters

ROUTER: Final = APIRouter(prefix="/v1/uploads", tags=["uploads"], route_class=ServiceRoute)
_MOST_FRAMES: Final = 1 << 31
_QUALITY: Final = 82

Place = tuple[int | None, float | None]
"""Number of a frame, or its time."""
Sender = Annotated[Caller, Depends(require("uploads:write"))]
STILL: Final = documented(
    404,
    409,
    410,
    also={
        200: {
            "description": "The frame; `X-Frame` tells its number, its time and how many there are, as JSON",
            "content": {kind: {"schema": {"type": "string"}} for kind in TYPES.values()},
        },
        304: {"description": "The client has it already"},
    },
)


class HowShown(Parameters):
    """How a frame is sent."""

    width: Annotated[int | None, Field(ge=16, le=4096, description="most pixels across; its own where missing")] = None
    form: Form = "jpg"


class WhichMoment(HowShown):
    """Which frame, and how it is sent."""

    time: Annotated[float, Field(ge=0, le=1e9, description="seconds from the first frame")]


@ROUTER.get("/{upload_id}/frames", response_class=Response, responses=STILL)
async def show_moment(
    *,
    upload_id: Id,
    which: Annotated[WhichMoment, Query()],
    parts: Parts,
    caller: Sender,
    if_none_match: Annotated[str | None, Header(include_in_schema=False)] = None,
) -> Response:
    """Show the frame of an upload that is seen at a moment."""
    work = partial(_answer, parts, (caller, upload_id), (None, which.time), which, if_none_match)
    return await run_sync(work, limiter=parts.looks)


@ROUTER.get("/{upload_id}/frames/{frame}", response_class=Response, responses=STILL)
async def show_frame(
    *,
    upload_id: Id,
    frame: Annotated[int, Path(ge=0, lt=_MOST_FRAMES, description="its number, from 0; 0 of a picture")],
    how: Annotated[HowShown, Query()],
    parts: Parts,
    caller: Sender,
    if_none_match: Annotated[str | None, Header(include_in_schema=False)] = None,
) -> Response:
    """Show one frame of an upload, as it was sent; quick where frames near each other are asked for."""
    work = partial(_answer, parts, (caller, upload_id), (frame, None), how, if_none_match)
    return await run_sync(work, limiter=parts.looks)


def _answer(parts: ServiceParts, whose: tuple[Caller, str], place: Place, how: HowShown, known: str | None) -> Response:
    caller, upload_id = whose
    return still_answer(parts, parts.uploads.get(upload_id, tenant=caller.tenant), place, how, known)


def still_answer(parts: ServiceParts, upload: Upload, place: Place, how: HowShown, known: str | None) -> Response:
    """Return one frame of an upload as an answer.

    Args:
        parts: of the service.
        upload: which; the caller may see it.
        place: number of the frame, or its time.
        how: it is sent.
        known: entity tags that the client has already.

    Raises:
        UploadError: it is not ready, or neither a picture nor a video.
        FaceFusionError: it cannot be read.
    """
    upload = ready(upload, "picture", "video")
    which = json.dumps([*place, how.width, how.form])
    tag = f'"{hashlib.sha256(f"{upload.sha256} {which}".encode()).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "private, max-age=3600", **HEADERS}
    if is_known(known, tag):
        return Response(status_code=304, headers=headers)
    found = parts.clips.sent.get(upload.id, which)
    if found is None:
        still = _still(parts, upload, *place)
        content = encoded(scaled(still.image, how.width), how.form, _QUALITY)
        height, width = still.image.shape[:2]
        facts = json.dumps(
            {"frame": still.index, "time": still.seconds, "frames": still.frames, "width": width, "height": height}
        )
        parts.clips.sent.put(upload.id, which, content, facts)
        found = content, facts
    return Response(found[0], media_type=TYPES[how.form], headers=headers | {"X-Frame": found[1]})


def _still(parts: ServiceParts, upload: Upload, frame: int | None, time: float | None) -> Still:
    def opened() -> OpenClip:
        files = Files(parts.storage, parts.scratch)
        try:
            path = files.path(upload.id, Stored(upload.key, upload.size, upload.sha256 or ""), upload.name)
        except BaseException:
            files.close()
            raise
        return OpenClip(path, parts.options.limits, is_clip=upload.kind == "video", files=files)

    return parts.clips.still(upload.id, opened, frame, time)
