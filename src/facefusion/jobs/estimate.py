"""How far a job is, when it will begin and when it will end, as far as that can be said.

What is said rests on attempts that were measured: with the same processors, and of the same size and on the devices
that are there, where enough of those are known. It is a range, whose ends were right in eight of ten cases. Where
nothing was measured, or no worker is there, nothing is said but why.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Engine, Row, func, select

from facefusion.jobs.database import Clock, database_time, reading
from facefusion.jobs.leasing import work_of
from facefusion.jobs.measures import FEWEST, Measure, Range, alike, last_seconds, measures, quantiles, sum_of
from facefusion.jobs.rows import job_with
from facefusion.jobs.schema import ATTEMPTS, JOBS, LEASES, TASKS, TENANTS, WORKERS
from facefusion.jobs.states import ACTIVE, TaskKind
from facefusion.jobs.values import Job

THERE_SECONDS: Final = 60.0
"""How long ago a worker was heard of, at most, to count as there."""


@dataclass(frozen=True, slots=True)
class Stage:
    """What is left to do of one kind of a job's tasks.

    Attributes:
        kind: of the tasks.
        tasks: that are left, those at work included.
        takes: seconds until all of them are done, by workers that are there, from the moment when they may be begun;
            None where that cannot be said.
        rests_on: attempts that were measured.
    """

    kind: TaskKind
    tasks: int
    takes: Range | None
    rests_on: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """What can be said of a job's time.

    Attributes:
        progress: share of its frames that are done, from 0 to 1; None where their number is not known.
        frames_done: frames that are done, those of tasks at work included.
        begins: seconds until its first task is begun; zeros once it is; None where that cannot be said.
        ends: seconds until it is finished; zeros once it is; None where that cannot be said.
        rests_on: attempts that were measured.
        why_not: why `ends` cannot be said; empty where it can.
        stages: what is left of each kind of tasks, in the order in which they are done.
    """

    progress: float | None
    frames_done: int
    begins: Range | None
    ends: Range | None
    rests_on: int
    why_not: str
    stages: tuple[Stage, ...] = ()


@dataclass(frozen=True, slots=True)
class _Place:
    """Who is there to work, and how much of them a tenant gets."""

    workers: int
    devices: frozenset[str]
    share: float


@dataclass(frozen=True, slots=True)
class _Ahead:
    """The tasks that are begun before those of a job.

    Attributes:
        rows: how many there are of each tenant, kind and state.
        hidden: segments of each job that is not planned yet; None where that is not known.
        seconds: how long the last tasks of each kind took.
    """

    rows: Sequence[Row[Any]]
    hidden: float | None
    seconds: Mapping[str, Sequence[float]]

    def is_free(self, workers: int) -> bool:
        """Whether a worker has nothing to do before it."""
        running = sum(row.many for row in self.rows if row.state == "leased")
        return running < workers and not any(row.state == "ready" for row in self.rows)

    def longest(self) -> float:
        """Return the seconds of the longest kind of task: so long a worker may be away from the next."""
        return max((sum(each) / len(each) for each in self.seconds.values()), default=0.0)

    def took(self, tenant: str | None) -> Range | None:
        """Return the seconds of one worker for all tasks of a tenant, or of all; None where that is not known."""
        counts: dict[str, float] = {}
        for row in self.rows:
            if tenant in {None, row.tenant}:
                counts[row.kind] = counts.get(row.kind, 0) + row.many
        if plans := counts.get("plan"):
            if self.hidden is None:
                return None
            counts["segment"] = counts.get("segment", 0) + plans * self.hidden
            counts["merge"] = counts.get("merge", 0) + plans
        total = _NOW
        for kind, count in counts.items():
            took = sum_of(self.seconds.get(kind, ()), count)
            if took is None:
                return None
            total += took
        return total


_NOW: Final = Range(0.0, 0.0, 0.0)
_ALL: Final[tuple[TaskKind, ...]] = ("plan", "whole", "segment", "merge")


class Estimator:
    """Says how far jobs are and when they end.

    Args:
        engine: the database.
        clock: tells the time.
    """

    def __init__(self, engine: Engine, *, clock: Clock = database_time) -> None:
        self._engine, self._clock = engine, clock

    def estimate(self, job_id: str, *, tenant: str | None) -> Estimate:
        """Return what can be said of a job's time.

        Args:
            job_id: of the job.
            tenant: whose it must be; anybody's when None.

        Raises:
            JobUnknownError: there is none, or it is another tenant's.
            JobsUnavailableError: the database cannot be used.
        """
        with reading(self._engine) as connection:
            job, now = job_with(connection, job_id, tenant=tenant), self._clock(connection)
            tasks = _tasks(connection, job)
            progress, done = _progress(job, tasks)
            if job.state not in ACTIVE:
                return Estimate(progress, done, _NOW, _NOW, 0, "")
            place = _place(connection, job, now)
            begins = _NOW if job.state != "queued" else _begins(connection, job, place)
            stages = _stages(connection, job, tasks, place, now)
            work, why_not = _work_left(stages)
            if not why_not and place.workers == 0:
                why_not = "no worker is there"
            if not why_not and job.is_paused:
                why_not = "it is paused"
            ends = None if why_not or work is None or begins is None else begins + work
            why_not = why_not or ("" if ends else "too little is known of what lies ahead of it")
            known = sum(stage.rests_on for stage in stages if stage.takes is not None)
            return Estimate(progress, done, None if job.is_paused else begins, ends, known, why_not, stages)


def _tasks(connection: Connection, job: Job) -> Sequence[Row[Any]]:
    """Return a job's tasks with what their workers last said."""
    wanted = (
        select(TASKS, func.coalesce(LEASES.c.frames, 0).label("done_frames"), ATTEMPTS.c.began)
        .outerjoin(LEASES, LEASES.c.task == TASKS.c.id)
        .outerjoin(ATTEMPTS, (ATTEMPTS.c.task == LEASES.c.task) & (ATTEMPTS.c.token == LEASES.c.token))
        .where(TASKS.c.job == job.number)
    )
    return connection.execute(wanted).all()


def _progress(job: Job, tasks: Sequence[Row[Any]]) -> tuple[float | None, int]:
    making = [task for task in tasks if task.kind in {"segment", "whole"}]
    frames = sum((task.frames or 0) if task.state == "done" else task.done_frames for task in making)
    if job.state in {"succeeded", "review", "rejected"}:
        return 1.0, max(frames, job.frames or 0)
    if job.state == "merging":
        return 1.0, frames
    if job.frames:
        return min(1.0, frames / job.frames), frames
    if job.segments and not frames:
        return job.segments_done / job.segments, frames
    return (0.0 if job.state in {"queued", "planning"} else None), frames


def _place(connection: Connection, job: Job, now: int) -> _Place:
    there = select(WORKERS.c.facts).where(WORKERS.c.seen >= now - round(THERE_SECONDS * 1e6))
    facts = connection.execute(there).scalars().all()
    workers = sum(max(1, int(each.get("slots", 1))) for each in facts)
    devices = frozenset(str(each["device"]) for each in facts if each.get("device"))
    busy = select(LEASES.c.tenant).union(select(TASKS.c.tenant).where(TASKS.c.state == "ready"))
    weights = connection.execute(select(TENANTS.c.id, TENANTS.c.weight, TENANTS.c.max_running)).all()
    active = set(connection.execute(busy).scalars()) | {job.tenant}
    mine = next(row for row in weights if row.id == job.tenant)
    share = workers * mine.weight / sum(row.weight for row in weights if row.id in active)
    most = workers if mine.max_running is None else min(workers, mine.max_running)
    return _Place(workers, devices, min(most, max(1.0, share)) if most else 0.0)


def _stages(connection: Connection, job: Job, tasks: Sequence[Row[Any]], place: _Place, now: int) -> tuple[Stage, ...]:
    """Return what is left of each kind of a job's tasks, and how long it takes."""
    work = work_of(job.request)
    left = [task for task in tasks if task.state not in {"done", "cancelled", "dead", "left"}]
    stages = []
    for kind in _ALL:
        mine = [task for task in left if task.kind == kind]
        if not mine:
            continue
        found = alike(measures(connection, kind, work), height=_height(connection, job), devices=place.devices)
        own = measures(connection, kind, work, job=job.number)
        found = own if len(own) >= 5 else found  # nothing is more like a job than itself
        took = _stage(mine, found, job, place, now) if place.workers else None
        stages.append(Stage(kind, len(mine), took, len(found)))
    return tuple(stages)


def _work_left(stages: Sequence[Stage]) -> tuple[Range | None, str]:
    """Return how long all stages take from their beginning, or why that cannot be said."""
    if any(stage.kind == "plan" for stage in stages):
        return None, "it is not planned yet"
    unknown = next((stage.kind for stage in stages if stage.takes is None and stage.rests_on < FEWEST), None)
    if unknown is not None:
        return None, f"no {unknown} with these processors was measured yet"
    if any(stage.takes is None for stage in stages):
        return None, ""  # nobody is there to do them, which is told otherwise
    return sum((stage.takes for stage in stages if stage.takes is not None), _NOW), ""


def _stage(tasks: Sequence[Row[Any]], found: Sequence[Measure], job: Job, place: _Place, now: int) -> Range | None:
    """Return how long workers that are there take for all tasks of one kind; None where too little was measured."""
    pace = quantiles([one.seconds / one.frames for one in found if one.frames])
    flat = quantiles([one.seconds for one in found])
    lefts = [_left(task, pace, flat, job, now) for task in tasks]
    known = [left for left in lefts if left is not None]
    if len(known) < len(lefts):
        return None
    most = float(min(len(known), place.workers))
    share = max(1.0, min(most, place.share))
    rounds = math.ceil(len(known) / share)
    return Range(
        max(sum(left.low for left in known) / most, *(left.low for left in known)),
        max(sum(left.likely for left in known) / share, *(left.likely for left in known)),
        rounds * max(left.high for left in known),
    )


def _left(task: Row[Any], pace: Range | None, flat: Range | None, job: Job, now: int) -> Range | None:
    """Return the seconds that one task still takes a worker."""
    frames = task.frames or (job.frames if task.kind != "segment" else None)
    if frames and pace is not None:
        frames = max(0, frames - task.done_frames)
        return Range(frames * pace.low, frames * pace.likely, frames * pace.high)
    if flat is None:
        return None
    spent = 0.0 if task.began is None else max(0.0, (now - task.began) / 1e6)
    return Range(*(max(0.0, seconds - spent) for seconds in (flat.low, flat.likely, flat.high)))


def _height(connection: Connection, job: Job) -> int | None:
    """Return the lines of a job's frames, as whoever planned or did some of it told."""
    told = select(ATTEMPTS.c.facts).join(TASKS, TASKS.c.id == ATTEMPTS.c.task)
    told = told.where(TASKS.c.job == job.number, ATTEMPTS.c.outcome == "done").limit(5)
    heights = [(facts or {}).get("height") for facts in connection.execute(told).scalars()]
    return next((height for height in heights if isinstance(height, int)), None)


def _begins(connection: Connection, job: Job, place: _Place) -> Range | None:
    """Return when the first task of a job is begun, from what lies ahead of it; None where that cannot be said."""
    if not place.share:
        return None
    ahead = _ahead(connection, job)
    if ahead.is_free(place.workers):
        return _NOW
    mine, all_of_them = ahead.took(job.tenant), ahead.took(None)
    if mine is None or all_of_them is None:
        return None
    fair, even = mine.likely / place.share, all_of_them.likely / place.workers
    likely = min(fair, even)
    return Range(
        min(mine.low / place.workers, likely),
        likely,
        max(all_of_them.high / place.workers, min(mine.high / place.share, all_of_them.high)) + ahead.longest(),
    )


def _ahead(connection: Connection, job: Job) -> _Ahead:
    rank = -job.priority
    is_ahead = (TASKS.c.rank < rank) | ((TASKS.c.rank == rank) & (TASKS.c.job < job.number))
    is_open = TASKS.c.state.in_(("ready", "leased", "waiting")) & (TASKS.c.job != job.number)
    columns = TASKS.c.tenant, TASKS.c.kind, TASKS.c.state
    counted = select(*columns, func.count().label("many")).group_by(*columns)
    rows = connection.execute(counted.where(is_open, is_ahead | (TASKS.c.state == "leased"))).all()
    has_plans = any(row.kind == "plan" for row in rows)
    hidden = _segments_of_others(connection) if has_plans else 0.0
    return _Ahead(rows, hidden, last_seconds(connection))


def _segments_of_others(connection: Connection) -> float | None:
    """Return how many segments jobs have that are not planned yet, by those that were; None where none was."""
    latest = select(JOBS.c.segments).where(JOBS.c.segments.is_not(None)).order_by(JOBS.c.number.desc()).limit(50)
    mean = connection.execute(select(func.avg(latest.subquery().c.segments))).scalar_one()
    return None if mean is None else float(mean)
