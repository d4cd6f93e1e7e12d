"""Jobs: asked for, looked at, stopped, fetched."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends

from facefusion.service.gateway.access import require
from facefusion.service.gateway.caller import Caller
from facefusion.service.parts import Parts
from facefusion.service.problems import documented

ROUTER: Final = APIRouter(prefix="/v1/jobs", tags=["jobs"])

Reader = Annotated[Caller, Depends(require("jobs:read"))]


@ROUTER.get("/{job_id}", responses=documented(404))
def show(job_id: str, parts: Parts, caller: Reader) -> dict[str, Any]:
    """Show one job."""
    job = parts.board.job(job_id, tenant=caller.tenant)
    return {"id": job.id, "state": job.state}
