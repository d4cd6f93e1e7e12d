"""What all routes have in common that change a job: whose it is, and what the client has seen of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header, Response

from facefusion.jobs.board import JobBoard
from facefusion.jobs.values import Job
from facefusion.service.etags import revision_wanted
from facefusion.service.gateway.access import require
from facefusion.service.gateway.caller import Caller
from facefusion.service.jobs.answers import job_answer, tag_of_job
from facefusion.service.parts import Parts, ServiceParts
from facefusion.service.route import IdempotencyKey, answered
from facefusion.service.values import Id

IfMatch = Annotated[
    str | None, Header(description="entity tag of the job as the client has seen it; else nothing is done")
]


@dataclass(frozen=True, slots=True)
class Steering:
    """A job that somebody wants to change.

    Attributes:
        parts: of the service.
        caller: who wants to.
        job_id: of the job, which may be none of theirs.
        if_match: entity tag that the job must have; None where any will do.
    """

    parts: ServiceParts
    caller: Caller
    job_id: str
    if_match: str | None

    @property
    def tenant(self) -> str:
        """Whose the job must be."""
        return self.caller.tenant

    @property
    def board(self) -> JobBoard:
        """A board that changes nothing but what the client has seen."""
        return JobBoard(self.parts.engine, check=lambda job: revision_wanted(self.if_match, job.revision))


async def _held(
    job_id: Id, parts: Parts, caller: Annotated[Caller, Depends(require("jobs:write"))], if_match: IfMatch = None
) -> Steering:
    return Steering(parts, caller, job_id, if_match)


Held = Annotated[Steering, Depends(_held)]
"""A parameter of a route that does the same however often it is called."""


async def _steered(held: Held, _key: IdempotencyKey = None) -> Steering:
    return held


Steered = Annotated[Steering, Depends(_steered)]
"""A parameter of a route that takes an idempotency key."""


async def _judged(
    *,
    job_id: Id,
    parts: Parts,
    caller: Annotated[Caller, Depends(require("review:write"))],
    if_match: IfMatch = None,
    _key: IdempotencyKey = None,
) -> Steering:
    return Steering(parts, caller, job_id, if_match)


Judged = Annotated[Steering, Depends(_judged)]
"""A parameter of a route of reviewers."""


def told(job: Job) -> Response:
    """Return what a client is told of a job that it changed."""
    return answered(job_answer(job), ETag=tag_of_job(job, None))


def woken(parts: ServiceParts, job: Job) -> Job:
    """Return a job of which there is something to do now, and tell workers so."""
    if parts.wake is not None:
        parts.wake(1)
    return job
