"""Whether a consent covers what is to be done."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from facefusion.errors import ConsentRevokedError, ConsentScopeError
from facefusion.trust.consent.record import Consent, Scope


@dataclass(frozen=True, slots=True)
class Use:
    """What is to be done with a face.

    Attributes:
        project: the job's project; None where it names none.
        processors: all that the job runs.
        territory: where the output will be shown; None where nobody said.
    """

    project: str | None = None
    processors: tuple[str, ...] = ()
    territory: str | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a consent does not cover a use.

    Attributes:
        problem: end of a sentence that begins with the consent.
        remedy: what to do.
    """

    problem: str
    remedy: str


def refusals(scope: Scope, use: Use, moment: datetime) -> Iterator[Refusal]:
    """Yield why a consent does not cover a use, that which weighs most first."""
    yield from out_of_time(scope, moment)
    if scope.project is not None and scope.project != use.project:
        asked = "this project" if use.project is not None else "jobs that name no project"
        yield Refusal(f"is for another project than {asked}", "Name the project of the agreement with --project")
    for processor in use.processors:
        if scope.processors and processor not in scope.processors:
            yield Refusal(
                f"does not cover the processor {processor}, only {', '.join(scope.processors)}",
                "Leave the processor away, or ask for its use to be added",
            )
    if scope.territories and use.territory is None:
        yield Refusal(
            f"is for {', '.join(scope.territories)} only, and the job does not say where its output will be shown",
            "Name the place with --territory",
        )
    elif scope.territories and use.territory not in scope.territories:
        yield Refusal(
            f"is for {', '.join(scope.territories)} only, not for {use.territory}",
            "Show the output elsewhere, or ask for the territory to be added",
        )


def out_of_time(scope: Scope, moment: datetime) -> Iterator[Refusal]:
    """Yield why a consent does not hold at a moment."""
    if moment < scope.valid_from:
        yield Refusal(f"holds only from {shown_time(scope.valid_from)} on", "Wait until then")
    if scope.until is not None and moment >= scope.until:
        yield Refusal(f"ended at {shown_time(scope.until)}", "Ask for a new one and record it: facefusion consent add")


def check_live(consent: Consent, moment: datetime) -> None:
    """Make sure that a consent holds at a moment.

    Raises:
        ConsentRevokedError: it was revoked.
        ConsentScopeError: it ended, or has not begun.
    """
    if consent.revocation is not None:
        raise ConsentRevokedError(
            f"The consent {consent.id} was revoked at {shown_time(consent.revocation.at)}",
            "Nothing may be made with this face any more, unless a new consent is given",
        )
    for refusal in out_of_time(consent.scope, moment):
        raise ConsentScopeError(f"The consent {consent.id} {refusal.problem}", refusal.remedy)


def shown_time(moment: datetime) -> str:
    """Return a time as people read it, in UTC."""
    return f"{moment:%Y-%m-%d %H:%M} UTC"
