"""What fails and what looks odd, counted and listed, for whoever answers for results."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, Field

from facefusion.jobs.failures import USUAL, Failures
from facefusion.jobs.quality.report import MeasuredJobs
from facefusion.jobs.states import By
from facefusion.jobs.viewed import Period
from facefusion.service.gateway.access import require
from facefusion.service.gateway.caller import Caller
from facefusion.service.parts import Parts
from facefusion.service.problems import documented
from facefusion.service.route import ServiceRoute
from facefusion.service.values import Answer
from facefusion.service.values import Query as Parameters

ROUTER: Final = APIRouter(prefix="/v1", tags=["analysis"], route_class=ServiceRoute)

Reader = Annotated[Caller, Depends(require("audit:read"))]


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


class FailedJobAnswer(Answer):
    """A job that failed."""

    job: str
    failed: datetime
    error_type: str = Field(description="name of the error, such as NoFaceError")
    error: str
    stage: str = Field(description="kind of the task that failed: whole, plan, segment or merge")
    number: int = Field(description="of the segment")
    worker: str
    version: str
    attempts: int
    seconds: float = Field(description="that workers spent on it")


class FailureList(Answer):
    """What failed, and why."""

    reasons: list[ReasonAnswer] = Field(description="of all jobs that failed then, the most frequent first")
    jobs: list[FailedJobAnswer] = Field(description="the latest of them")


class MeasuredJobAnswer(Answer):
    """A job that was measured; see the documentation of jobs for what the figures are."""

    job: str
    measured: datetime
    version: str
    processors: str
    is_suspicious: bool
    flags: str
    frames: int | None
    faces: int | None
    found: float | None
    changed: float | None
    changed_frames: float | None
    nearer: float | None
    to_source: float | None
    to_target: float | None
    expression: float | None
    pose: float | None
    sharpness: float | None


class MeasuredList(Answer):
    """Jobs that were measured, the latest first."""

    jobs: list[MeasuredJobAnswer]


@ROUTER.get("/failures", responses=documented())
def show_failures(which: Annotated[WhichFailures, Query()], parts: Parts, caller: Reader) -> FailureList:
    """Show which jobs of the caller's tenant failed and have not been tried again, and count why."""
    failures, period = Failures(parts.engine), which.of(caller)
    return FailureList(
        reasons=[
            ReasonAnswer(
                by=dict(zip(which.by, each.by, strict=True)), jobs=each.jobs, seconds=each.seconds, last=each.last
            )
            for each in failures.reasons(period, by=which.by)
        ],
        jobs=[
            FailedJobAnswer(**{name: value for name, value in asdict(each).items() if name != "tenant"})
            for each in failures.latest(period, limit=which.limit)
        ],
    )


@ROUTER.get("/quality", responses=documented())
def show_quality(which: Annotated[WhichMeasured, Query()], parts: Parts, caller: Reader) -> MeasuredList:
    """Show what was measured of finished jobs of the caller's tenant."""
    found = MeasuredJobs(parts.engine).latest(which.of(caller), suspicious=which.suspicious, limit=which.limit)
    return MeasuredList(
        jobs=[
            MeasuredJobAnswer(**{name: value for name, value in asdict(each).items() if name != "tenant"})
            for each in found
        ]
    )
