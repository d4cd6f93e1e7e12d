"""Previews: one frame of a target as a job would give it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Response
from pydantic import Field

from facefusion.engine.preview.preview import Preview
from facefusion.jobs.own_files import with_own_files
from facefusion.jobs.request import JobRequest
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
from facefusion.service.routes.jobs import Text
from facefusion.service.staging import Stage, stage
from facefusion.service.values import Body

ROUTER: Final = APIRouter(prefix="/v1/previews", tags=["previews"], route_class=ServiceRoute)
_TYPES: Final = {"png": "image/png", "jpg": "image/jpeg", "webp": "image/webp"}

Writer = Annotated[Caller, Depends(require("jobs:write"))]


class PreviewOrder(Body):
    """One frame that is to be seen as a job would give it."""

    sources: list[Text] = Field(default=[], max_length=64, description="as of a job; no addresses")
    target: Text
    options: dict[str, Any] = Field(default={}, description="as of a job")
    frame: Annotated[int | None, Field(ge=0, description="its number, from 0")] = None
    time: Annotated[float | None, Field(ge=0, description="a moment instead, in seconds")] = None
    history: Annotated[int, Field(ge=0, le=50, description="frames before it that are gone through first")] = 0
    max_side: Annotated[int | None, Field(ge=64, le=8192, description="longest side of the picture")] = None
    compare: Annotated[bool, Field(description="whether the frame before is beside it, on the left")] = False
    form: Literal["png", "jpg", "webp"] = "png"

    def request(self) -> JobRequest:
        """Return it as of a job.

        Raises:
            OptionsError: something in it is unknown or impossible.
        """
        values = {"target": self.target, "output": f"preview.{self.form}"}
        return JobRequest.parse({**values, "sources": self.sources, "options": dict(self.options)})


@ROUTER.post(
    "",
    response_class=Response,
    responses=documented(
        404,
        409,
        also={
            200: {
                "description": "The frame; `X-Preview` tells its number, its time and the faces in it, as JSON",
                "content": {kind: {"schema": {"type": "string"}} for kind in _TYPES.values()},
            }
        },
    ),
)
async def show(order: PreviewOrder, parts: Parts, caller: Writer) -> Response:
    """Show one frame, with everything that a job would do to it; it bears the same marks, and is in the audit log."""
    return await heavily(parts, lambda: _shown(order, parts, caller))


def _shown(order: PreviewOrder, parts: ServiceParts, caller: Caller) -> Response:
    request = found(parts, caller, order.request()).request
    with stage(parts.storage, parts.scratch) as place:
        output = place.folder / f"preview.{order.form}"
        read = _reading(place, parts, caller, request)
        values = request.values(read, lambda name: str(place.folder / name))
        options = options_of(parts.options, caller, **values | {"output_path": output, "work_dir": place.folder})
        options = with_own_files(options, request.options, read)
        check_shown_at_once(parts, caller, options.processors)
        with parts.warm.used() as warm, Preview(options, warm=warm) as preview:
            seen = preview.show(order.frame, time=order.time, history=order.history, max_side=order.max_side)
            preview.write(output, seen, compare=order.compare)
            count = preview.count
        facts = {
            "frame": seen.index,
            "time": seen.time,
            "frames": count,
            "faces": len(seen.faces),
            "edited": len(seen.edited),
        }
        headers = {"Cache-Control": "no-store", "X-Preview": json.dumps(facts), "X-Content-Type-Options": "nosniff"}
        return Response(output.read_bytes(), media_type=_TYPES[order.form], headers=headers)


def _reading(place: Stage, parts: ServiceParts, caller: Caller, request: JobRequest) -> Callable[[str], str]:
    """Return what brings the files of a request here, each once."""
    brought: dict[str, str] = {}

    def read(text: str) -> str:
        if text not in brought:
            brought[text] = str(place.fetch(*stored_of(text, parts, caller, request)))
        return brought[text]

    return read
