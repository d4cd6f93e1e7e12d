"""What failed, and what was measured of results."""

from __future__ import annotations

from datetime import datetime

from facefusion.client.values.base import Value


class FailureReason(Value):
    """How many jobs failed alike.

    Attributes:
        by: what they have in common.
        jobs: how many.
        seconds: that workers spent on them.
        last: when the last of them failed.
    """

    by: dict[str, str]
    jobs: int
    seconds: float
    last: datetime


class FailedJob(Value):
    """A job that failed.

    Attributes:
        job: its identifier.
        failed: when.
        error_type: name of the error, such as `NoFaceError`.
        error: what happened.
        stage, number: of the task that failed.
        worker, version: who had it.
        attempts, seconds: that were spent on the job.
    """

    job: str
    failed: datetime
    error_type: str
    error: str
    stage: str
    number: int
    worker: str
    version: str
    attempts: int
    seconds: float


class Failed(Value):
    """What failed in a period.

    Attributes:
        reasons: counted, the most frequent first.
        jobs: the latest.
    """

    reasons: list[FailureReason]
    jobs: list[FailedJob]


class MeasuredJob(Value):
    """A job that was measured; its figures are further fields.

    Attributes:
        job: its identifier.
        measured: when.
        processors: that made it, with commas between them.
        is_suspicious: whether a figure is outside its bounds.
        flags: which, with commas between them.
    """

    job: str
    measured: datetime
    processors: str = ""
    is_suspicious: bool
    flags: str = ""


class MeasuredJobList(Value):
    """Jobs that were measured.

    Attributes:
        jobs: the latest first.
    """

    jobs: list[MeasuredJob]
