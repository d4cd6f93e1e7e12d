"""What fails and what looks odd, counted and listed, for whoever answers for results."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, Field

from facefusion.jobs.failures import USUAL, FailedJob, Failures
from facefusion.jobs.quality.report import MeasuredJob, MeasuredJobs
from facefusion.jobs.states import By
from facefusion.jobs.viewed import Period
from facefusion.service.gateway.access import require
from facefusion.service.gateway.caller import Caller
from facefusion.service.parts import Parts
from facefusion.service.problems import documented
from facefusion.service.route import ServiceRoute
from facefusion.service.shown import Shown
from facefusion.service.values import Answer
from facefusion.service.values import Query as Parameters
from facefusion.service.worker_names import with_names, worker_names

ROUTER: Final = APIRouter(prefix="/v1", tags=["analysis"], route_class=ServiceRoute)

Reader = Annotated[Caller, Depends(require("audit:read"))]
_FailedJob = Annotated[
    FailedJob,
    Shown(
        "FailedJobAnswer",
        "A job that failed.",
        {
            "error_type": "name of the error, such as NoFaceError",
            "error": "what happened",
            "stage": "kind of the task that failed: whole, plan, segment or merge",
            "number": "of the segment",
            "worker": "who had the task last; by a name that tells no machine without the scope `platform`",
            "version": "of that worker",
            "attempts": "of all its tasks",
            "seconds": "that workers spent on it",
        },
    ),
]
_MeasuredJob = Annotated[
    MeasuredJob,
    Shown(
        "MeasuredJobAnswer",
        "A job that was measured; see the documentation of jobs for what the figures are.",
        {
            "version": "of the software that measured it",
            "processors": "that made it, with commas between them",
            "is_suspicious": "whether a figure is outside its bounds",
            "flags": "which, with commas between them",
        },
    ),
]


class InPeriod(Parameters):
    """Of which time something is asked."""

    since: Annotated[AwareDatetime | None, Field(description="not earlier")] = None
    until: Annotated[AwareDatetime | None, Field(description="earlier than this")] = None
    limit: Annotated[int, Field(ge=1, le=1000, description="most jobs that are listed, the latest first")] = 100

    def of(self, caller: Caller) -> Period:
        """Return it for the caller's tenant."""
        return Period(caller.tenant, self.since, self.until)


class WhichFailures(InPeriod):
    """Which failures are wanted, and how they are counted."""

    by: list[By] = Field(default=list(USUAL), min_length=1, max_length=5, description="what is counted together")


class WhichMeasured(InPeriod):
    """Which jobs are wanted of those that were measured."""

    suspicious: Annotated[bool, Field(description="only those of which a figure is outside its bounds")] = False


class ReasonAnswer(Answer):
    """How many jobs failed alike."""

    by: dict[str, str] = Field(description="what they have in common")
    jobs: int
    seconds: float = Field(description="that workers spent on them")
    last: datetime = Field(description="when the last of them failed")


class FailureList(Answer):
    """What failed, and why."""

    reasons: list[ReasonAnswer] = Field(description="of all jobs that failed then, the most frequent first")
    jobs: list[_FailedJob] = Field(description="the latest of them")


class MeasuredList(Answer):
    """Jobs that were measured, the latest first."""

    jobs: list[_MeasuredJob]


@ROUTER.get("/failures", responses=documented())
def show_failures(which: Annotated[WhichFailures, Query()], parts: Parts, caller: Reader) -> FailureList:
    """Show which jobs of the caller's tenant failed and have not been tried again, and count why."""
    failures, period = Failures(parts.engine), which.of(caller)
    names = worker_names(parts.records, caller)
    return FailureList(
        reasons=[
            ReasonAnswer(
                by=with_names(dict(zip(which.by, each.by, strict=True)), names),
                jobs=each.jobs,
                seconds=each.seconds,
                last=each.last,
            )
            for each in failures.reasons(period, by=which.by)
        ],
        jobs=[replace(each, worker=names(each.worker)) for each in failures.latest(period, limit=which.limit)],
    )


@ROUTER.get("/quality", responses=documented())
def show_quality(which: Annotated[WhichMeasured, Query()], parts: Parts, caller: Reader) -> MeasuredList:
    """Show what was measured of finished jobs of the caller's tenant."""
    found = MeasuredJobs(parts.engine).latest(which.of(caller), suspicious=which.suspicious, limit=which.limit)
    return MeasuredList(jobs=found)
