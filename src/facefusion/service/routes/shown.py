"""Previews that stay open: frames as data for pages with sliders, quick from the second on."""

from __future__ import annotations

import base64
import time
from contextlib import ExitStack
from typing import Annotated, Final, Literal

from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, Request
from pydantic import Field

from facefusion.engine.preview.shown import Shown
from facefusion.faces.types import Face
from facefusion.jobs.own_files import with_own_files
from facefusion.jobs.request import JobRequest
from facefusion.options import Options
from facefusion.service.editing.pictures import TYPES, encoded, encoded_mask
from facefusion.service.editing.places import Files
from facefusion.service.editing.previews import OpenPreview, SessionKey, Wanted
from facefusion.service.editing.referred import stored_of
from facefusion.service.gateway.access import require
from facefusion.service.gateway.caller import Caller
from facefusion.service.heavy import heavily
from facefusion.service.jobs.creation import found
from facefusion.service.parts import Parts, ServiceParts
from facefusion.service.problems import documented
from facefusion.service.records import options_of
from facefusion.service.reviewed import check_shown_at_once
from facefusion.service.route import ServiceRoute
from facefusion.service.routes.previews import PreviewOrder
from facefusion.service.values import Answer, Box

ROUTER: Final = APIRouter(prefix="/v1/previews", tags=["previews"], route_class=ServiceRoute)
_USUAL_SIDE: Final = 1280

Writer = Annotated[Caller, Depends(require("jobs:write"))]
Point = Annotated[list[float], Field(min_length=2, max_length=2)]
Layer = Literal["before", "changes", "landmarks"]


class ShownOrder(PreviewOrder):
    """One frame of a preview that stays open, and what is wanted of it."""

    session: Annotated[
        str,
        Field(
            pattern="^[A-Za-z0-9_-]{1,64}$",
            description="a name that the page gives itself: requests of one session share what was found out, and the"
            " newest takes the place of those that wait",
        ),
    ] = "page"
    history: Annotated[int, Field(ge=0, le=0, description="0: sliders look at single frames")] = 0
    compare: Annotated[Literal[False], Field(description="ask for the layer `before` instead")] = False
    form: Literal["jpg", "webp"] = "jpg"
    quality: Annotated[int, Field(ge=20, le=100, description="of the pictures")] = 85
    layers: list[Layer] = Field(
        default=[],
        max_length=3,
        description="beside the frame after: the frame before, a PNG of where it was changed, landmarks of faces",
    )


class SeenFace(Answer):
    """A face of a frame."""

    box: Box = Field(description="left, top, right, bottom, in pixels of the pictures")
    score: float
    yaw: float = Field(description="turn in degrees; positive when the nose points to the right of the picture")
    pitch: float
    roll: float
    edited: bool = Field(description="whether it was worked on")
    role: int | None = Field(
        description="whose face it gets: a number of the map, or 0; null where it is left as it is"
    )
    landmarks: list[Point] | None = Field(description="where the layer is asked for, in pixels")


class ShownFrame(Answer):
    """A frame as a job would give it, as data; pictures are files in base64."""

    frame: int
    time: float | None = Field(description="seconds from the first frame; null of a picture")
    frames: int
    width: int = Field(description="of the pictures, in pixels")
    height: int
    type: str = Field(description="media type of `after` and `before`")
    after: str = Field(description="the frame after; it bears the label and the mark in its pixels as live frames do")
    before: str | None
    changes: str | None = Field(description="grey PNG of the same size: 255 where the frame was changed")
    faces: list[SeenFace] = Field(description="all that were found, in the order in which they are counted")
    milliseconds: int = Field(description="that the work took, without waiting")


@ROUTER.post("/frames", responses=documented(404, 409))
async def show_frame(order: ShownOrder, request: Request, parts: Parts, caller: Writer) -> ShownFrame:
    """Show one frame from a preview that stays open; what is shown is in the audit log once, and counted.

    The first request of a session takes as long as opening the files and models does. Of several that wait, the newest
    is answered and the others are told so (409). A session closes by itself some minutes after its last request.
    """
    request.state.changes_nothing = True  # the audit log has it from the door of the preview: once, and counted
    session = SessionKey(caller.tenant, caller.actor, order.session)
    check = parts.shown.turn(session)
    job = await run_sync(lambda: found(parts, caller, order.request()).request)

    def work() -> ShownFrame:
        check()
        began = time.perf_counter()
        wanted = Wanted(order.frame, order.time, order.max_side or _USUAL_SIDE, "changes" in order.layers)
        seen, count = parts.shown.show(
            session, lambda: _opened(parts), lambda files: _options(files, parts, caller, job), wanted, check
        )
        return _answer(order, seen, count, began)

    return await heavily(parts, work)


def _opened(parts: ServiceParts) -> OpenPreview:
    with ExitStack() as ending:
        files = Files(parts.storage, parts.scratch)
        ending.callback(files.close)
        warm = ending.enter_context(parts.warm.used())
        return OpenPreview(files, ending.pop_all(), warm)


def _options(files: Files, parts: ServiceParts, caller: Caller, request: JobRequest) -> Options:
    """Return the options of a request whose files are brought here; files of earlier ones go."""

    def read(text: str) -> str:
        return str(files.path(text, *stored_of(text, parts, caller, request)))

    values = request.values(read, lambda name: str(files.folder / name))
    files.keep_only(request.references())
    del values["output_path"]
    options = options_of(parts.options, caller, **values | {"work_dir": files.folder})
    options = with_own_files(options, request.options, read)
    check_shown_at_once(parts, caller, options.processors)
    return options


def _answer(order: ShownOrder, seen: Shown, count: int, began: float) -> ShownFrame:
    height, width = seen.after.shape[:2]
    edited = {tuple(face.box.tolist()): face for face in seen.edited}
    has_landmarks = "landmarks" in order.layers
    return ShownFrame(
        frame=seen.index,
        time=seen.time,
        frames=count,
        width=width,
        height=height,
        type=TYPES[order.form],
        after=_text(encoded(seen.after, order.form, order.quality)),
        before=_text(encoded(seen.before, order.form, order.quality)) if "before" in order.layers else None,
        changes=None if seen.changed is None else _text(encoded_mask(seen.changed)),
        faces=[_face(face, edited.get(tuple(face.box.tolist())), has_landmarks=has_landmarks) for face in seen.faces],
        milliseconds=round((time.perf_counter() - began) * 1000),
    )


def _face(face: Face, edited: Face | None, *, has_landmarks: bool) -> SeenFace:
    left, top, right, bottom = (round(float(each), 1) for each in face.box)
    points = [[round(float(x), 1), round(float(y), 1)] for x, y in face.mesh[:, :2]] if has_landmarks else None
    return SeenFace(
        box=[left, top, right, bottom],
        score=round(face.score, 3),
        yaw=round(face.pose.yaw, 1),
        pitch=round(face.pose.pitch, 1),
        roll=round(face.pose.roll, 1),
        edited=edited is not None,
        role=None if edited is None else edited.role,
        landmarks=points,
    )


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()
