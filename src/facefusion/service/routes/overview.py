"""The queue and its workers, at a glance."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends
from pydantic import Field
from sqlalchemy import Connection, func, select

from facefusion.jobs.database import database_time, moment, reading
from facefusion.jobs.schema import JOBS, LEASES, TASKS, WORKERS
from facefusion.service.gateway.access import require
from facefusion.service.gateway.caller import Caller
from facefusion.service.parts import Parts
from facefusion.service.problems import documented
from facefusion.service.route import ServiceRoute
from facefusion.service.values import Answer

ROUTER: Final = APIRouter(prefix="/v1", tags=["overview"], route_class=ServiceRoute)
_SILENT: Final = 60 * 1_000_000

Reader = Annotated[Caller, Depends(require("jobs:read"))]
Platform = Annotated[Caller, Depends(require("platform"))]


class QueueAnswer(Answer):
    """The jobs and tasks of a tenant."""

    jobs: dict[str, int] = Field(description="how many are in each state")
    tasks: dict[str, int] = Field(description="how many tasks of unfinished jobs are in each state")
    stored: int = Field(description="bytes that the tenant has in storage")


class WorkerAnswer(Answer):
    """A worker."""

    id: str
    began: datetime
    seen: datetime
    is_silent: bool = Field(description="whether nothing was heard of it for a minute")
    tasks: int = Field(description="that it is at")
    facts: dict[str, Any]


class WorkerList(Answer):
    """All workers that are known."""

    workers: list[WorkerAnswer]


@ROUTER.get("/queue", responses=documented())
def show_queue(parts: Parts, caller: Reader) -> QueueAnswer:
    """Show how much waits, is done and was done for the caller's tenant."""
    with reading(parts.engine) as connection:
        by_state, of_tasks = counted(connection, caller.tenant)
    return QueueAnswer(jobs=by_state, tasks=of_tasks, stored=parts.quotas.stored(caller.tenant))


@ROUTER.get("/workers", responses=documented())
def show_workers(parts: Parts, _caller: Platform) -> WorkerList:
    """Show who works here, for all tenants."""
    with reading(parts.engine) as connection:
        return WorkerList(workers=known_workers(connection))


def known_workers(connection: Connection) -> list[WorkerAnswer]:
    """Return all workers that are known, by name.

    Args:
        connection: in a transaction.
    """
    busy = select(LEASES.c.worker, func.count()).group_by(LEASES.c.worker)
    now = database_time(connection)
    tasks = {str(worker): int(count) for worker, count in connection.execute(busy)}
    return [
        WorkerAnswer(
            id=row.id,
            began=moment(row.began),
            seen=moment(row.seen),
            is_silent=now - row.seen > _SILENT,
            tasks=tasks.get(row.id, 0),
            facts=dict(row.facts),
        )
        for row in connection.execute(select(WORKERS).order_by(WORKERS.c.id))
    ]


def counted(connection: Connection, tenant: str | None) -> tuple[dict[str, int], dict[str, int]]:
    """Return how many jobs are in each state, and how many tasks of unfinished ones.

    Args:
        connection: in a transaction.
        tenant: whose; everybody's when None.
    """
    jobs = select(JOBS.c.state, func.count()).group_by(JOBS.c.state)
    tasks = select(TASKS.c.state, func.count()).group_by(TASKS.c.state)
    tasks = tasks.where(TASKS.c.state.in_(("waiting", "ready", "held", "leased")))
    if tenant is not None:
        jobs, tasks = jobs.where(JOBS.c.tenant == tenant), tasks.where(TASKS.c.tenant == tenant)
    return (
        {str(state): int(count) for state, count in connection.execute(jobs)},
        {str(state): int(count) for state, count in connection.execute(tasks)},
    )
