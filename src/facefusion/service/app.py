"""The REST service as an ASGI application."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, Final

from anyio.to_thread import run_sync
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute

from facefusion import __version__
from facefusion.service import problems
from facefusion.service.background.supervised import Supervised
from facefusion.service.document import openapi_document
from facefusion.service.parts import ServiceParts
from facefusion.service.routes import (
    analysis,
    audit,
    chain,
    checks,
    consents,
    faces,
    frames,
    health,
    inputs,
    jobs,
    keys,
    links,
    live,
    models,
    operations,
    overview,
    people,
    policy,
    previews,
    processors,
    session,
    shown,
    stills,
    system,
    tenants,
    uploads,
    users,
    verify,
)
from facefusion.service.upkeep import Upkeep

ROUTERS: Final = (
    jobs.ROUTER,
    frames.ROUTER,
    inputs.ROUTER,
    links.ROUTER,
    links.SHARED,
    uploads.ROUTER,
    stills.ROUTER,
    people.ROUTER,
    checks.ROUTER,
    faces.ROUTER,
    previews.ROUTER,
    shown.ROUTER,
    models.ROUTER,
    processors.ROUTER,
    consents.ROUTER,
    verify.ROUTER,
    chain.ROUTER,
    audit.ROUTER,
    operations.ROUTER,
    overview.ROUTER,
    analysis.ROUTER,
    keys.ROUTER,
    tenants.ROUTER,
    policy.ROUTER,
    system.ROUTER,
    session.ROUTER,
    users.ROUTER,
    health.ROUTER,
    live.ROUTER,
)
"""The resources that the service has by itself; paths are looked for in this order, and most ask for jobs."""


def create_app(parts: ServiceParts) -> FastAPI:
    """Return the service.

    It lets nobody in by itself: whoever serves it puts in front what sets `request.state.caller`.

    Args:
        parts: what it works with; closed when the application ends.
    """
    app = bare_app(parts.routers)
    upkeep = Supervised("upkeep", Upkeep(parts).run)
    app.state.parts = replace(parts, beside=(*parts.beside, upkeep))
    return app


def bare_app(routers: Sequence[APIRouter] = ()) -> FastAPI:
    """Return the service without what it works with, which is enough to tell what its routes are.

    Args:
        routers: further resources.
    """
    app = FastAPI(
        title="FaceFusion",
        version=__version__,
        description="Edits faces in pictures and video, privately, with every result accountable.",
        openapi_url="/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan,
        generate_unique_id_function=_operation,
        redirect_slashes=False,
    )
    problems.install(app)
    for router in (*ROUTERS, *routers):
        app.include_router(router)
    app.openapi = lambda: _document(app)  # type: ignore[method-assign]
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    parts: ServiceParts = app.state.parts
    over = asyncio.Event()
    beside = [asyncio.create_task(each.run(over), name=each.name) for each in parts.beside]
    try:
        yield
    finally:
        parts.stopping.set()
        over.set()
        await asyncio.gather(*beside)
        await run_sync(parts.close)


def _document(app: FastAPI) -> dict[str, Any]:
    if not app.openapi_schema:
        app.openapi_schema = openapi_document(app)
    return app.openapi_schema


def _operation(route: APIRoute) -> str:
    """Return the name of an operation, such as `jobs.create`: what clients made from the document call it."""
    tag = str(route.tags[0]) if route.tags else "service"
    return f"{tag}.{route.name}"
