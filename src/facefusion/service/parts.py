"""What the service is made of; every route is handed it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Request
from sqlalchemy import Engine

from facefusion.jobs.board import JobBoard
from facefusion.options import Options
from facefusion.service.settings import ServiceSettings

if TYPE_CHECKING:
    from facefusion.jobs.storage.base import Storage


@dataclass(frozen=True, slots=True, eq=False)
class ServiceParts:
    """What the service works with.

    Attributes:
        engine: the database of jobs.
        board: takes jobs and shows them.
        storage: where files lie.
        settings: of the service.
        options: of this place: its policy, its records, its models, its limits.
        routers: further resources, each with its own prefix below `/v1`.
        stopping: set when the service goes down; whatever waits for something ends then.
    """

    engine: Engine
    board: JobBoard
    storage: Storage
    settings: ServiceSettings
    options: Options
    routers: tuple[APIRouter, ...] = ()
    stopping: threading.Event = field(default_factory=threading.Event)


def parts_of(request: Request) -> ServiceParts:
    """Return what the service of a request is made of."""
    parts = request.app.state.parts
    if not isinstance(parts, ServiceParts):
        raise TypeError("the application was not made by create_app")
    return parts


Parts = Annotated[ServiceParts, Depends(parts_of)]
"""A parameter of a route that is handed the parts of the service."""
