"""What the service is made of; every route is handed it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import anyio
from fastapi import APIRouter, Depends, Request
from sqlalchemy import Engine

from facefusion.jobs.board import JobBoard
from facefusion.jobs.storage import Storage, StorageSettings
from facefusion.options import Options
from facefusion.service.background.operations import Operations
from facefusion.service.background.supervised import Supervised
from facefusion.service.editing.clips import OpenClips
from facefusion.service.editing.previews import OpenPreviews
from facefusion.service.feed import EventFeed
from facefusion.service.gateway.quotas import Quotas
from facefusion.service.gateway.review import ReviewRules
from facefusion.service.gateway.users import Passwords
from facefusion.service.live.seats import LiveSeats
from facefusion.service.paging import Cursors
from facefusion.service.records import Records
from facefusion.service.settings import ServiceSettings
from facefusion.service.system.watch import SystemWatch
from facefusion.service.uploads.store import UploadStore
from facefusion.service.warm import WarmEngine
from facefusion.telemetry.telemetry import Telemetry


@dataclass(frozen=True, slots=True, eq=False)
class ServiceParts:
    """What the service works with.

    Attributes:
        engine: the database of jobs.
        board: takes jobs and shows them.
        storage: where files lie.
        settings: of the service.
        options: of this place: its policy, its records, its models, its limits.
        records: of this place: consents, and the audit log.
        uploads: files that clients send.
        operations: what goes on beside requests.
        cursors: of pages.
        feed: tells what happens to jobs.
        quotas: how much each tenant may store.
        reviews: whose results a second person looks at.
        scratch: folder for files on their way; the system's when None.
        wake: told that there is work, and how many tasks; nobody is when None.
        checks: what tells more of whether the service can work, by name; each returns nothing, or raises.
        routers: further resources, each with its own prefix below `/v1`.
        places: how storage is used at addresses of users' own.
        beside: what runs as long as the service does.
        stopping: set when the service goes down; whatever waits for something ends then.
        heavy: how many requests load models at one time.
        strangers: how many files of those who come without a key are looked into at one time.
        warm: models that stay loaded between previews.
        system: knows how the machine is, and was.
        shown: previews that stay open between requests.
        clips: clips that stay open while frames of them are asked for.
        looks: how many frames of clips are decoded at one time.
        live: who has a live session.
        passwords: makes what is kept of those of users, few at a time.
        telemetry: takes figures and traces.
    """

    engine: Engine
    board: JobBoard
    storage: Storage
    settings: ServiceSettings
    options: Options
    records: Records
    uploads: UploadStore
    operations: Operations
    cursors: Cursors
    feed: EventFeed
    quotas: Quotas
    reviews: ReviewRules = field(default_factory=ReviewRules)
    scratch: Path | None = None
    wake: Callable[[int], None] | None = None
    checks: tuple[tuple[str, Callable[[], Any]], ...] = ()
    routers: tuple[APIRouter, ...] = ()
    places: StorageSettings = field(default_factory=StorageSettings)
    beside: tuple[Supervised, ...] = ()
    stopping: threading.Event = field(default_factory=threading.Event)
    heavy: anyio.CapacityLimiter = field(default_factory=lambda: anyio.CapacityLimiter(1))
    strangers: anyio.CapacityLimiter = field(default_factory=lambda: anyio.CapacityLimiter(1))
    warm: WarmEngine = field(default_factory=lambda: WarmEngine(0))
    system: SystemWatch = field(default_factory=SystemWatch)
    shown: OpenPreviews = field(default_factory=OpenPreviews)
    clips: OpenClips = field(default_factory=OpenClips)
    looks: anyio.CapacityLimiter = field(default_factory=lambda: anyio.CapacityLimiter(2))
    live: LiveSeats = field(default_factory=lambda: LiveSeats(0))
    passwords: Passwords = field(default_factory=Passwords)
    telemetry: Telemetry = field(default_factory=Telemetry)

    def close(self) -> None:
        """Stop what goes on, and close what is open."""
        self.stopping.set()
        self.shown.close()
        self.clips.close()
        self.operations.close()
        self.records.close()


def make_parts(
    engine: Engine,
    storage: Storage,
    settings: ServiceSettings,
    options: Options,
    *,
    quotas: Quotas | None = None,
    reviews: ReviewRules | None = None,
    scratch: Path | None = None,
    wake: Callable[[int], None] | None = None,
    checks: tuple[tuple[str, Callable[[], Any]], ...] = (),
    routers: tuple[APIRouter, ...] = (),
) -> ServiceParts:
    """Return what the service works with; arguments as of `ServiceParts`.

    Args:
        engine: the database of jobs, with all tables.
        storage: where files lie.
        settings: of the service.
        options: of this place.
        quotas: how much each tenant may store; no limits when None.
        reviews: whose results a second person looks at; nobody's when None.
        scratch: folder for files on their way.
        wake: told that there is work.
        checks: what tells more of whether the service can work.
        routers: further resources.

    Raises:
        TrustError: the records of this place cannot be used.
    """
    records = Records.open(options)
    quotas = quotas or Quotas(engine)
    uploads = UploadStore(engine, storage, options.limits, quotas, seconds=settings.upload_seconds, scratch=scratch)
    stopping = threading.Event()
    feed = EventFeed(engine, settings.poll_seconds, stopping)
    return ServiceParts(
        engine,
        JobBoard(engine),
        storage,
        settings,
        options,
        records,
        uploads,
        Operations(engine, settings.background),
        Cursors(records.ring.derived("cursors of the service")),
        feed,
        quotas,
        reviews or ReviewRules(),
        scratch=scratch,
        wake=wake,
        checks=checks,
        routers=routers,
        beside=(Supervised("events", feed.run),),
        stopping=stopping,
        heavy=anyio.CapacityLimiter(settings.previews),
        warm=WarmEngine(settings.warm_seconds),
        live=LiveSeats(settings.max_live),
    )


def parts_of(request: Request) -> ServiceParts:
    """Return what the service of a request is made of."""
    parts = request.app.state.parts
    if not isinstance(parts, ServiceParts):
        raise TypeError("the application was not made by create_app")
    return parts


async def _given(request: Request) -> ServiceParts:
    """Hand a route its parts; not in a thread of its own, as nothing is waited for."""
    return parts_of(request)


Parts = Annotated[ServiceParts, Depends(_given)]
"""A parameter of a route that is handed the parts of the service."""
