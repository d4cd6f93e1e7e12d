"""The REST service as an ASGI application."""

from __future__ import annotations

from typing import Final

from fastapi import FastAPI

from facefusion import __version__
from facefusion.service import problems
from facefusion.service.parts import ServiceParts
from facefusion.service.routes import health, jobs

_ROUTERS: Final = (health.ROUTER, jobs.ROUTER)


def create_app(parts: ServiceParts) -> FastAPI:
    """Return the service.

    It lets nobody in by itself: whoever serves it puts in front what sets `request.state.caller`.

    Args:
        parts: what it works with.
    """
    app = FastAPI(
        title="FaceFusion",
        version=__version__,
        description="Edits faces in pictures and video, privately, with every result accountable.",
        openapi_url="/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    app.state.parts = parts
    problems.install(app)
    for router in (*_ROUTERS, *parts.routers):
        app.include_router(router)
    return app
