"""Whether the service lives, and whether it can work."""

from __future__ import annotations

import platform
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, Final, Literal

from fastapi import APIRouter, Response
from pydantic import Field
from sqlalchemy import text

from facefusion import __version__
from facefusion.errors import DiskFullError, FaceFusionError, ModelMissingError
from facefusion.inference.catalogue import Catalogue
from facefusion.inference.opening import open_store
from facefusion.jobs.database import reading
from facefusion.service.parts import Parts, ServiceParts
from facefusion.service.problems import documented
from facefusion.service.route import ServiceRoute
from facefusion.service.values import Answer

ROUTER: Final = APIRouter(prefix="/v1", tags=["health"], route_class=ServiceRoute)
_LEAST_FREE: Final = 256 << 20


class Live(Answer):
    """The process answers."""

    status: Literal["live"] = "live"


class Check(Answer):
    """One thing that the service needs."""

    name: str = Field(description="database, storage, models, disk, broker, …")
    is_well: bool
    error: str = Field(description="name of what is wrong; empty where nothing is")


class Beside(Answer):
    """Something that runs beside requests, and is begun again when it failed."""

    name: str = Field(description="webhooks, events, upkeep, …")
    is_well: bool = Field(description="whether it did not fail lately")
    error: str = Field(description="name of what it failed by last; empty where it never did")
    failures: int = Field(description="since the process began")


class Ready(Answer):
    """Whether the service can work; what runs beside requests has no say in that."""

    status: Literal["ready", "not ready", "stopping"]
    checks: list[Check]
    beside: list[Beside]


class Version(Answer):
    """What runs here."""

    name: Literal["facefusion"] = "facefusion"
    version: str
    api: Literal["v1"] = "v1"
    python: str


@ROUTER.get("/health/live", responses=documented())
async def live() -> Live:
    """Say that the process lives; it says nothing of what it needs."""
    return Live()


@ROUTER.get("/health/ready", responses=documented(also={503: {"model": Ready, "description": "It cannot work now"}}))
def ready(parts: Parts, response: Response) -> Ready:
    """Say whether database, storage, models, disk and broker can be used; 503 where one cannot."""
    checks = checked(parts)
    is_well = all(each.is_well for each in checks)
    status: Literal["ready", "not ready", "stopping"] = "ready" if is_well else "not ready"
    if parts.stopping.is_set():
        status = "stopping"
    response.status_code = 200 if status == "ready" else 503
    return Ready(status=status, checks=checks, beside=beside(parts))


@ROUTER.get("/version", responses=documented())
async def show_version() -> Version:
    """Say what runs here."""
    return Version(version=__version__, python=platform.python_version())


def checked(parts: ServiceParts) -> list[Check]:
    """Return how everything is that the service needs."""
    return [_checked(name, call) for name, call in (*_usual(parts), *parts.checks)]


def beside(parts: ServiceParts) -> list[Beside]:
    """Return how everything is that runs beside requests."""
    return [Beside(**asdict(each.health)) for each in parts.beside]


def _usual(parts: ServiceParts) -> tuple[tuple[str, Callable[[], Any]], ...]:
    return (
        ("database", lambda: _database(parts)),
        ("storage", lambda: parts.storage.size("health/none")),
        ("models", lambda: _models(parts)),
        ("disk", lambda: _disk(parts)),
    )


def _checked(name: str, call: Callable[[], Any]) -> Check:
    try:
        call()
    except FaceFusionError as error:
        return Check(name=name, is_well=False, error=type(error).__name__)
    return Check(name=name, is_well=True, error="")


def _database(parts: ServiceParts) -> None:
    with reading(parts.engine) as connection:
        connection.execute(text("SELECT 1"))


def _models(parts: ServiceParts) -> None:
    """Make sure that the weights that come with the package are there.

    Raises:
        ModelMissingError: some are not.
    """
    store = open_store(parts.options.models)
    missing = [card.name for card in Catalogue.bundled() if store.look(card).state != "here"]
    if missing:
        raise ModelMissingError(f"Weights of the package are missing: {', '.join(missing)}", "Install it anew")


def _disk(parts: ServiceParts) -> None:
    folder = parts.scratch or tempfile.gettempdir()
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise DiskFullError(f"The scratch folder cannot be used: {error.strerror}") from error
    if free < _LEAST_FREE:
        raise DiskFullError("The scratch folder is nearly full", "Make room")
