"""Pages of jobs, and how far each is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Connection, Engine, func, literal, select

from facefusion.jobs.database import looking
from facefusion.jobs.newest import newest_jobs, oldest_jobs
from facefusion.jobs.rows import job_of
from facefusion.jobs.schema import JOBS, LEASES, SAMPLES, TASKS
from facefusion.jobs.states import JobState
from facefusion.jobs.values import Job
from facefusion.jobs.words import matching, terms_of

MADE: Final = frozenset({"succeeded", "review", "rejected"})
"""States of jobs all of whose frames are finished."""


@dataclass(frozen=True, slots=True)
class WantedJobs:
    """Which jobs are wanted; all that is not None must hold.

    Attributes:
        tenant: whose.
        states: in one of which they are; any when empty.
        owner: who asked for them.
        since: created not before.
        until: created before.
        priority: that they have.
        suspicious: whether something unusual was measured of them; not asked where false.
        question: beginnings of words that all are found by; anything when None.
        is_oldest_first: how they are sorted.
    """

    tenant: str
    states: tuple[JobState, ...] = ()
    owner: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    priority: int | None = None
    suspicious: bool = False
    question: str | None = None
    is_oldest_first: bool = False


def jobs_page(engine: Engine, wanted: WantedJobs, *, beyond: int | None, limit: int) -> list[Job]:
    """Return a page of jobs, and one more where there is one.

    Args:
        engine: the database of jobs.
        wanted: which.
        beyond: number of the last job of the page before; None for the first page.
        limit: most jobs.

    Raises:
        JobsUnavailableError: the database cannot be used.
    """
    holds: list[ColumnElement[bool]] = []
    if wanted.owner is not None:
        holds.append(JOBS.c.owner == wanted.owner)
    if wanted.since is not None:
        holds.append(JOBS.c.created >= _micros(wanted.since))
    if wanted.until is not None:
        holds.append(JOBS.c.created < _micros(wanted.until))
    if wanted.priority is not None:
        holds.append(JOBS.c.priority == wanted.priority)
    if wanted.suspicious:
        holds.append(JOBS.c.number.in_(select(SAMPLES.c.job).where(SAMPLES.c.is_suspicious)))
    terms = None if wanted.question is None else terms_of(wanted.question)
    if terms == []:
        return []
    with looking(engine) as connection:
        if terms is not None:
            holds.append(matching(connection, wanted.tenant, terms))
        if wanted.is_oldest_first:
            query = oldest_jobs(engine, wanted.tenant, wanted.states, *holds, after=beyond, limit=limit + 1)
        else:
            query = newest_jobs(engine, wanted.tenant, wanted.states, *holds, before=beyond, limit=limit + 1)
        return [job_of(row) for row in connection.execute(query).all()]


def how_far(engine: Engine, job: Job) -> int:
    """Return how many frames of a job are finished; nobody is asked where that is known without.

    Args:
        engine: the database of jobs.
        job: which.

    Raises:
        JobsUnavailableError: the database cannot be used.
    """
    if job.state in MADE:
        return job.frames or 0
    if job.state == "queued":
        return 0
    with looking(engine) as connection:
        return frames_done(connection, job)


def frames_done(connection: Connection, job: Job) -> int:
    """Return how many frames of a job are finished, as far as workers have told.

    Args:
        connection: in a transaction.
        job: which.
    """
    return int(connection.execute(select(frames_of(literal(job.number)))).scalar_one())


def frames_of(number: ColumnElement[int]) -> ColumnElement[int]:
    """Return what counts the finished frames of a job in a statement, as `frames_done` does.

    Args:
        number: of the job; a column of the statement, or a value.
    """
    done = select(func.coalesce(func.sum(TASKS.c.frames), 0)).where(
        (TASKS.c.job == number) & (TASKS.c.state == "done") & (TASKS.c.kind == "segment")
    )
    going = (
        select(func.coalesce(func.sum(LEASES.c.frames), 0))
        .join(TASKS, TASKS.c.id == LEASES.c.task)
        .where((TASKS.c.job == number) & TASKS.c.kind.in_(("segment", "whole")))
    )
    return done.correlate(JOBS).scalar_subquery() + going.correlate(JOBS).scalar_subquery()


def _micros(moment: datetime) -> int:
    return round(moment.timestamp() * 1e6)
