"""Triggers as clients send and see them."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import Field

from facefusion.service.triggers.rule import Rule
from facefusion.service.triggers.values import Became, NewTrigger, Outcome, Trigger
from facefusion.service.values import Answer, Body, Moment

_Name = Annotated[str, Field(max_length=200, description="what it is for")]
_Source = Annotated[
    str, Field(min_length=1, max_length=1200, examples=["s3://uploads/in/"], description="how addresses begin")
]
_Suffixes = Annotated[
    tuple[Annotated[str, Field(min_length=1, max_length=50)], ...],
    Field(strict=False, max_length=50, examples=[[".mp4", ".mov"]], description="how addresses end; any when empty"),
]
_Priority = Annotated[int, Field(ge=0, le=9)]
_Request = Annotated[
    dict[str, Any],
    Field(description="what a job is to do, as for POST /v1/jobs; texts may hold {address}, {slug} and so on"),
]


class TriggerBody(Body):
    """A trigger that is to be made."""

    source: _Source
    suffixes: _Suffixes = ()
    request: _Request
    priority: _Priority = 4
    name: _Name = ""

    def rule(self) -> Rule:
        """Return the rule."""
        return Rule(self.source, self.suffixes, self.request, self.priority)


class TriggerChange(Body):
    """What is to be changed of a trigger; what is not given stays."""

    source: _Source | None = None
    suffixes: _Suffixes | None = None
    request: _Request | None = None
    priority: _Priority | None = None
    name: _Name | None = None
    is_enabled: bool | None = None

    def rule(self, before: Rule) -> Rule | None:
        """Return the changed rule; None where nothing of it changes."""
        given = {name: getattr(self, name) for name in ("source", "suffixes", "request", "priority")}
        if all(value is None for value in given.values()):
            return None
        return Rule(**{name: getattr(before, name) if value is None else value for name, value in given.items()})


class TriggerAnswer(Answer):
    """A trigger."""

    id: str
    name: str
    source: str
    suffixes: tuple[str, ...]
    request: dict[str, Any]
    priority: int
    is_enabled: bool
    refused: Moment | None = Field(description="when an object last matched and started no job")
    refused_reason: str | None
    revision: int
    created: Moment

    @classmethod
    def of(cls, trigger: Trigger) -> Self:
        """Return it as it is shown."""
        rule = {name: getattr(trigger.rule, name) for name in ("source", "suffixes", "request", "priority")}
        names = ("id", "name", "is_enabled", "refused", "refused_reason", "revision", "created")
        return cls(**{name: getattr(trigger, name) for name in names}, **rule)


class TriggerSecret(Answer):
    """A trigger with its secret, which is shown this once."""

    trigger: TriggerAnswer
    secret: str = Field(examples=["whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"])

    @classmethod
    def of(cls, made: NewTrigger) -> Self:
        """Return it as it is shown."""
        return cls(trigger=TriggerAnswer.of(made.trigger), secret=made.secret)


class TriggerList(Answer):
    """All triggers of a tenant."""

    triggers: list[TriggerAnswer]


class ObjectAnswer(Answer):
    """What became of an object."""

    address: str
    outcome: Outcome
    job: str | None
    reason: str = ""

    @classmethod
    def of(cls, became: Became) -> Self:
        """Return it as it is shown."""
        return cls(address=became.address, outcome=became.outcome, job=became.job, reason=became.reason)


class EventAnswer(Answer):
    """What became of the objects of an event."""

    objects: list[ObjectAnswer]
