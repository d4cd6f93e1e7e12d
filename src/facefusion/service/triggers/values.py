"""Triggers, and what became of events, as values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Row

from facefusion.jobs.database import maybe_moment, moment
from facefusion.service.triggers.rule import Rule

Outcome = Literal["started", "known", "ignored", "refused"]
"""`known`: a job was started for this content before; `ignored`: the rule does not match; `refused`: see the reason."""


@dataclass(frozen=True, slots=True)
class Trigger:
    """Objects that start jobs.

    Attributes:
        id: by which it is called.
        tenant: whose it is.
        name: what it is for, in the tenant's words.
        rule: which objects start which jobs.
        is_enabled: whether they do.
        refused: when an object last matched and started no job.
        refused_reason: why.
        revision: grows with each change.
        created: when.
    """

    id: str
    tenant: str
    name: str
    rule: Rule
    is_enabled: bool
    refused: datetime | None
    refused_reason: str | None
    revision: int
    created: datetime


@dataclass(frozen=True, slots=True)
class NewTrigger:
    """A trigger with its secret, which is shown this once.

    Attributes:
        trigger: as it is kept.
        secret: with which events for it may be signed.
    """

    trigger: Trigger
    secret: str


@dataclass(frozen=True, slots=True)
class Became:
    """What became of an object.

    Attributes:
        address: where it is.
        outcome: what became of it.
        job: that was started for it, now or before; None else.
        reason: why it was refused; empty else.
    """

    address: str
    outcome: Outcome
    job: str | None = None
    reason: str = ""


def trigger_of(row: Row[Any]) -> Trigger:
    """Return the trigger of a row of `TRIGGERS`."""
    rule = Rule(row.source, tuple(row.suffixes), row.request, row.priority)
    return Trigger(
        *(row.id, row.tenant, row.name, rule, row.is_enabled, maybe_moment(row.refused), row.refused_reason),
        revision=row.revision,
        created=moment(row.created),
    )
