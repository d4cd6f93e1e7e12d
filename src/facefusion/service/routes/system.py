"""The system at a glance, and how it was: to whoever runs the service all of it, to a tenant what is the tenant's."""

from __future__ import annotations

import os
import platform
import shutil
import socket
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from facefusion import __version__
from facefusion.inference.opening import own_folder
from facefusion.inference.providers import available_providers
from facefusion.jobs.database import reading
from facefusion.service.gateway.access import require
from facefusion.service.gateway.caller import Caller
from facefusion.service.parts import Parts, ServiceParts
from facefusion.service.problems import documented
from facefusion.service.route import ServiceRoute
from facefusion.service.routes.health import Beside, Check, beside, checked
from facefusion.service.routes.overview import WorkerAnswer, counted, known_workers
from facefusion.service.system.history import MOST_MINUTES, SECONDS, Sample
from facefusion.service.values import Answer
from facefusion.telemetry.cards import CardUse

ROUTER: Final = APIRouter(prefix="/v1/system", tags=["system"], route_class=ServiceRoute)
_POINTS: Final = 240

Admin = Annotated[Caller, Depends(require("admin"))]
Share = Annotated[float | None, Field(ge=0, le=1)]
Of = Literal["tenant", "all"]


class ProcessAnswer(Answer):
    """The process of the service that answers; others may stand beside it."""

    version: str
    python: str
    host: str = Field(description="name of its machine")
    process: int
    began: datetime
    seconds: float = Field(description="for which it has run")


class MachineAnswer(Answer):
    """The machine of the process that answers."""

    system: str = Field(description="such as Linux x86_64")
    cores: int = Field(description="that the process may use")
    busy: Share = Field(description="share of the processor's time in the last seconds; null before it is known")
    memory: int = Field(description="bytes, of the container where that has less than the machine")
    memory_used: int


class CardAnswer(Answer):
    """A graphics card of that machine, as NVIDIA's driver tells of it."""

    number: int
    name: str
    id: str
    memory: int | None = Field(description="bytes; null where the driver does not tell")
    memory_used: int | None
    busy: Share = Field(
        description="share of the last moment in which it computed; null where the driver does not tell"
    )


class DiskAnswer(Answer):
    """The disk on which something lies."""

    what: str = Field(description="storage, scratch, records or models")
    total: int
    free: int


class QueueState(Answer):
    """What there is to do."""

    of: Of = Field(description="`all`: of all tenants, for the scope platform; else of the caller's tenant")
    jobs: dict[str, int] = Field(description="how many are in each state")
    tasks: dict[str, int] = Field(description="how many tasks of unfinished jobs are in each state")
    stored: int = Field(description="bytes in storage")


class SystemAnswer(Answer):
    """How everything is, as the process that answers sees it; workers and queue are the same from all processes.

    A tenant is not told of machines: what is `null` then is for the scope `platform`.
    """

    process: ProcessAnswer | None = Field(description="null without the scope `platform`")
    machine: MachineAnswer | None = Field(description="null without the scope `platform`")
    cards: list[CardAnswer] | None = Field(
        description="none where there is no driver of NVIDIA's; null without the scope `platform`"
    )
    providers: list[str] | None = Field(
        description="execution providers that this process could use; null without the scope `platform`"
    )
    disks: list[DiskAnswer] | None = Field(description="null without the scope `platform`")
    workers: list[WorkerAnswer] | None = Field(description="null without the scope `platform`")
    queue: QueueState
    checks: list[Check]
    beside: list[Beside]


class Point(Answer):
    """What was seen at one time; of several samples in one point, the means, and the sum of what was done."""

    at: datetime
    seconds: float = Field(description="that `jobs` and `frames` stand for")
    waiting: float | None = Field(description="jobs that nobody works at; null where the tenant's were not kept")
    running: float | None
    jobs: int | None = Field(description="that were done")
    frames: int | None = Field(description="that were done")
    busy: Share = Field(description="of the processor; null without the scope `platform`")
    memory_used: int | None = Field(description="null without the scope `platform`")
    cards: list[CardAnswer] | None = Field(description="null without the scope `platform`")


class HistoryAnswer(Answer):
    """What one process saw in the last hours.

    It is kept in its memory alone: each process tells what it saw itself since it began. Of the queue all see the same,
    of processor, memory and cards each those of its own machine.
    """

    process: ProcessAnswer | None = Field(description="null without the scope `platform`")
    of: Of
    interval: float = Field(description="seconds between two samples")
    memory: int | None = Field(
        description="bytes of the machine; null before the first sample, and without the scope `platform`"
    )
    points: list[Point]


@ROUTER.get("", responses=documented())
def show_system(parts: Parts, caller: Admin) -> SystemAnswer:
    """Show how the service and the queue are; with the scope `platform` its machine and its workers, too."""
    tenant = _tenant(caller)
    with reading(parts.engine) as connection:
        jobs, tasks = counted(connection, tenant)
        workers = known_workers(connection) if tenant is None else None
    stored = sum(parts.quotas.all_stored().values()) if tenant is None else parts.quotas.stored(tenant)
    is_all = tenant is None
    return SystemAnswer(
        process=_process(parts) if is_all else None,
        machine=_machine(parts) if is_all else None,
        cards=[_card(each) for each in parts.system.cards.look()] if is_all else None,
        providers=list(available_providers()) if is_all else None,
        disks=_disks(parts) if is_all else None,
        workers=workers,
        queue=QueueState(of=_of(tenant), jobs=jobs, tasks=tasks, stored=stored),
        checks=checked(parts),
        beside=beside(parts),
    )


@ROUTER.get("/history", responses=documented())
def show_history(
    parts: Parts,
    caller: Admin,
    minutes: Annotated[int, Query(ge=1, le=MOST_MINUTES, description="how far back")] = 60,
) -> HistoryAnswer:
    """Show how the queue was in the last minutes, for graphs; with the scope `platform` the machine, too."""
    samples = parts.system.history.since(minutes)
    size = -(-len(samples) // _POINTS) or 1
    tenant = _tenant(caller)
    is_all = tenant is None
    return HistoryAnswer(
        process=_process(parts) if is_all else None,
        of=_of(tenant),
        interval=SECONDS,
        memory=samples[-1].machine.memory if samples and is_all else None,
        points=[_point(samples[place : place + size], tenant) for place in range(0, len(samples), size)],
    )


def _tenant(caller: Caller) -> str | None:
    """Return whose queue somebody sees; everybody's when None."""
    return None if "platform" in caller.scopes else caller.tenant


def _of(tenant: str | None) -> Of:
    return "all" if tenant is None else "tenant"


def _process(parts: ServiceParts) -> ProcessAnswer:
    began = parts.system.began
    return ProcessAnswer(
        version=__version__,
        python=platform.python_version(),
        host=socket.gethostname(),
        process=os.getpid(),
        began=began,
        seconds=(datetime.now(UTC) - began).total_seconds(),
    )


def _machine(parts: ServiceParts) -> MachineAnswer:
    last = parts.system.history.last
    seen = parts.system.machine.look() if last is None else last.machine
    return MachineAnswer(
        system=f"{platform.system()} {platform.machine()}",
        cores=seen.cores,
        busy=seen.busy,
        memory=seen.memory,
        memory_used=seen.memory_used,
    )


def _card(card: CardUse) -> CardAnswer:
    return CardAnswer(**{name: getattr(card, name) for name in CardAnswer.model_fields})


def _disks(parts: ServiceParts) -> list[DiskAnswer]:
    folders = {"records": parts.records.home, "models": own_folder(parts.options.models), **parts.system.folders}
    if parts.scratch is not None:
        folders["scratch"] = parts.scratch
    found = []
    for what, folder in sorted(folders.items()):
        there = next((each for each in (folder, *folder.parents) if each.exists()), folder)
        with suppress(OSError):  # a disk that is away is told by the checks
            room = shutil.disk_usage(there)
            found.append(DiskAnswer(what=what, total=room.total, free=room.free))
    return found


def _point(samples: Sequence[Sample], tenant: str | None) -> Point:
    last = samples[-1]
    loads = [each for each in (sample.load(tenant) for sample in samples) if each is not None]
    busy = [each.machine.busy for each in samples if each.machine.busy is not None]
    is_all = tenant is None
    return Point(
        at=last.at,
        seconds=sum(each.seconds for each in samples),
        waiting=_mean([each.waiting for each in loads]),
        running=_mean([each.running for each in loads]),
        jobs=sum(each.jobs for each in loads) if loads else None,
        frames=sum(each.frames for each in loads) if loads else None,
        busy=_mean(busy) if is_all else None,
        memory_used=max(each.machine.memory_used for each in samples) if is_all else None,
        cards=[_card(each) for each in last.cards] if is_all else None,
    )


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
