"""Jobs that wait for too long, and tasks whose workers are gone."""

from __future__ import annotations

from typing import Final

from sqlalchemy import exists, func, select

from facefusion.jobs.database import database_time, reading
from facefusion.jobs.schema import JOBS, LEASES, TASKS
from facefusion.jobs.states import ACTIVE
from facefusion.service.cluster.values import Finding, Place

_MICRO: Final = 1_000_000
_LONG_SECONDS: Final = 3600.0
_OPEN: Final = ("waiting", "ready", "held", "leased")


def look_queue(place: Place) -> Finding:
    """Look how many jobs wait, how long, and whether one has nothing left to be done and is not finished."""
    is_active = JOBS.c.state.in_(sorted(ACTIVE)) & ~JOBS.c.is_paused
    has_tasks = exists().where((TASKS.c.job == JOBS.c.number) & TASKS.c.state.in_(_OPEN))
    with place.database() as engine, reading(engine) as connection:
        now = database_time(connection)
        active = connection.execute(select(func.count()).select_from(JOBS).where(is_active)).scalar_one()
        stuck = list(connection.execute(select(JOBS.c.id).where(is_active & ~has_tasks).limit(3)).scalars())
        ready = select(func.min(JOBS.c.queued), func.count()).join(TASKS, TASKS.c.job == JOBS.c.number)
        is_due = (TASKS.c.state == "ready") & (TASKS.c.not_before <= now)
        oldest, count = connection.execute(ready.where(is_active & is_due)).one()
    found = f"{active} jobs are not finished, {count} tasks could be begun"
    if stuck:
        return Finding(
            "fail", f"{found}; nothing is left to do of {', '.join(stuck)}", "cancel them and hand them in again"
        )
    waits = 0.0 if oldest is None else (now - oldest) / _MICRO
    if waits > _LONG_SECONDS:
        return Finding(
            "warn", f"{found}, the oldest for {waits / 3600:.1f} hours", "begin more workers: facefusion capacity"
        )
    return Finding("ok", found)


def look_leases(place: Place) -> Finding:
    """Look whether tasks are still held by workers that are gone."""
    lease = place.serving.jobs.lease_seconds
    with place.database() as engine, reading(engine) as connection:
        now = database_time(connection)
        held = connection.execute(select(func.count()).select_from(LEASES)).scalar_one()
        late = select(LEASES.c.worker).where(LEASES.c.until < now - round((lease + 60) * _MICRO))
        gone = sorted(set(connection.execute(late).scalars()))
    if gone:
        return Finding(
            "fail",
            f"{held} tasks are held, some of them by workers that are gone: {', '.join(gone[:4])}",
            "a beat or an idle worker takes them within seconds: begin a worker, and look whether one can be begun",
        )
    return Finding("ok", f"{held} tasks are held, each by a worker that is there")
