"""Whether the service lives, and whether it can work."""

from __future__ import annotations

from typing import Final, Literal

from fastapi import APIRouter
from pydantic import BaseModel

from facefusion.service.problems import documented

ROUTER: Final = APIRouter(prefix="/v1", tags=["health"])


class Live(BaseModel):
    """The service answers."""

    status: Literal["live"] = "live"


@ROUTER.get("/health/live", responses=documented())
async def live() -> Live:
    """Say that the process lives; it says nothing of what it needs."""
    return Live()
