"""Whose results a second person looks at before anybody gets them."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Final

from facefusion.errors import JobStateError, NotAllowedError
from facefusion.jobs.values import Job
from facefusion.options.gateway import ReviewOptions
from facefusion.service.gateway.caller import Caller
from facefusion.service.gateway.quotas import TenantRules

_LOT: Final = random.SystemRandom()
"""Nobody who asks for a job can tell whether it will be drawn."""


@dataclass(frozen=True, slots=True)
class ReviewRules:
    """Which jobs need a review.

    Attributes:
        is_all: whether all do.
        tenants: all of whose jobs do.
        processors: all jobs with one of which do.
        share: of all other jobs that does, from 0 to 1.
        draw: returns a number from 0 to 1.
    """

    is_all: bool = False
    tenants: frozenset[str] = frozenset()
    processors: frozenset[str] = frozenset()
    share: float = 0.0
    draw: Callable[[], float] = field(default=_LOT.random)

    @classmethod
    def of(cls, options: ReviewOptions) -> ReviewRules:
        """Return what the options say."""
        return cls(
            options.review == "all",
            frozenset(options.review_tenants),
            frozenset(options.review_processors),
            options.review_share,
        )

    def needs_review(self, tenant: str, processors: Collection[str], rules: TenantRules | None = None) -> bool:
        """Return whether a job that is asked for needs a review; what is decided once is kept with the job.

        Args:
            tenant: for whom it is done.
            processors: that it works with.
            rules: of the tenant; None where there are none.
        """
        return self.always(tenant, processors, rules) or self.draw() < self.share

    def always(self, tenant: str, processors: Collection[str], rules: TenantRules | None = None) -> bool:
        """Return whether all such jobs need a review, drawn by lot or not; arguments as of `needs_review`."""
        if self.is_all or tenant in self.tenants or (rules is not None and rules.is_reviewed):
            return True
        return not self.processors.isdisjoint(processors)


def check_reviewer(job: Job, caller: Caller) -> None:
    """Make sure that somebody may approve or reject the result of a job.

    Args:
        job: whose result it is.
        caller: who wants to.

    Raises:
        NotAllowedError: they may not review, or asked for the job themselves.
        JobStateError: the job waits for no review.
    """
    if "review:write" not in caller.scopes:
        raise NotAllowedError("A review needs the scope review:write", reason="scope", scope="review:write")
    if job.owner == caller.actor:
        raise NotAllowedError(
            "Whoever asks for a job does not review it", "Let somebody else look at it", reason="own-review"
        )
    if job.state != "review":
        raise JobStateError(f"Job {job.id} is {job.state} and waits for no review")


def check_fetchable(job: Job, caller: Caller) -> None:
    """Make sure that somebody may fetch the result of a job: all who may see it, once it needs no review any more.

    A reviewer who did not ask for the job sees the result before, as they could not decide otherwise.

    Args:
        job: whose result it is.
        caller: who wants it.

    Raises:
        NotAllowedError: it waits for a review, or was rejected.
        JobStateError: there is no result yet, or there will be none.
    """
    if job.state == "succeeded":
        return
    if job.state == "review":
        if "review:write" in caller.scopes and job.owner != caller.actor:
            return
        raise NotAllowedError("The result waits for a review", "Ask again when it is approved", reason="not-reviewed")
    if job.state == "rejected":
        raise NotAllowedError("The result was rejected in a review", "The job says why", reason="rejected")
    raise JobStateError(f"Job {job.id} is {job.state} and has no result", "Wait until it has succeeded")


def is_visible(job: Job, caller: Caller) -> bool:
    """Return whether somebody may see pictures of what a job makes, before or after it is finished.

    Those of a result that needs a review are for whoever may review it, until it is approved.

    Args:
        job: that makes them.
        caller: who wants to see them.
    """
    if job.state in {"succeeded", "rejected"}:
        return job.state == "succeeded"
    return not job.needs_review or ("review:write" in caller.scopes and job.owner != caller.actor)


def check_visible(job: Job, caller: Caller) -> None:
    """Make sure that somebody may see pictures of what a job makes; arguments as of `is_visible`.

    Raises:
        NotAllowedError: they may not.
    """
    if not is_visible(job, caller):
        raise NotAllowedError(
            "What this job makes is shown when it is approved", "Ask again then", reason="not-reviewed"
        )


def check_input(job: Job, caller: Caller) -> None:
    """Make sure that somebody may see what a job is made from: who may send files, and reviewers where it needs them.

    Args:
        job: whose files they are.
        caller: who wants to see them.

    Raises:
        NotAllowedError: they may not.
    """
    if "uploads:write" in caller.scopes or (job.needs_review and "review:write" in caller.scopes):
        return
    raise NotAllowedError(
        "Files that others sent are shown to those who may send files", reason="scope", scope="uploads:write"
    )
