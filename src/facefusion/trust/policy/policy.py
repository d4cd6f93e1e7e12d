"""A policy: all rules together, with a digest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self

from pydantic import ConfigDict, Field, ValidationError, model_validator

from facefusion.errors import PolicyError
from facefusion.trust.policy.rule import Order, Rule, Section
from facefusion.trust.policy.schema import (
    AcknowledgementRules,
    AuditRules,
    BlocklistRules,
    ConsentRules,
    ContentRules,
    DisclosureRules,
    ModelRules,
    PrivacyRules,
)
from facefusion.trust.policy.wording import first_problem

_OF_THE_JOB = "the job asks for it"


@dataclass(frozen=True, slots=True)
class NamedRule:
    """A rule with its name and order.

    Attributes:
        name: section and rule, such as `disclosure.label`.
        rule: what it says.
        order: what is stricter.
    """

    name: str
    rule: Rule[Any]
    order: Order


class Policy(Section):
    """What holds for every job; frozen.

    Whoever makes one, from a file or by hand, gets a `ValueError` for a rule that is weaker than what holds always.

    Attributes:
        schema_version: of this form of file (`schema` in TOML).
        name: the policy's name, as records show it.
        description: for whom it is, in one sentence.
        signed: whether it counts only with a signature that is trusted here.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    schema_version: Literal[1] = Field(alias="schema")
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")
    description: str = Field(min_length=1, max_length=500)
    signed: bool = False
    acknowledgement: AcknowledgementRules
    consent: ConsentRules
    content: ContentRules
    blocklist: BlocklistRules
    disclosure: DisclosureRules
    audit: AuditRules
    privacy: PrivacyRules
    models: ModelRules

    @model_validator(mode="after")
    def _not_below_the_floor(self) -> Self:
        for each in self.rules():
            floor = each.order.floor
            if floor is not None and each.order.is_weaker(each.rule.value, floor):
                raise ValueError(
                    f"{each.name} is {shown_value(each.rule.value)}, but no policy may have less than "
                    f"{shown_value(floor)}"
                )
        return self

    @property
    def digest(self) -> str:
        """SHA-256 of all that it says, whatever file it came from, in hexadecimal digits."""
        return hashlib.sha256(self.canonical()).hexdigest()

    def canonical(self) -> bytes:
        """Return all that it says in one form: what is digested and signed."""
        content = self.model_dump(mode="json", by_alias=True)
        return json.dumps(content, sort_keys=True, ensure_ascii=True, separators=(",", ":")).encode()

    def rules(self) -> Iterator[NamedRule]:
        """Yield all rules, section by section."""
        for section_name, section in self:
            if not isinstance(section, Section):
                continue
            for name, field in type(section).model_fields.items():
                [order] = [each for each in field.metadata if isinstance(each, Order)]
                yield NamedRule(f"{section_name}.{name}", getattr(section, name), order)

    def tightened(self, values: Mapping[str, Any], why: str = _OF_THE_JOB) -> Policy:
        """Return this policy with some rules as a job wants them, which may only be stricter.

        Args:
            values: rules such as `disclosure.label`, and what the job asks for; None where it asks for nothing.
            why: the reason that the changed rules get.

        Raises:
            PolicyError: a value is weaker than the policy's, or no value of this rule; the message says which.
        """
        rules = {each.name: each for each in self.rules()}
        content = self.model_dump(by_alias=True)
        for name, value in values.items():
            if value is None or value == rules[name].rule.value:
                continue
            self._check_stricter(rules[name], value)
            section, rule = name.split(".")
            content[section][rule] = {"value": value, "why": why}
        return made(content, f"the policy {self.name}, as the job changes it")

    def _check_stricter(self, named: NamedRule, value: Any) -> None:
        held = named.rule.value
        try:
            weaker = named.order.is_weaker(value, held)
        except (KeyError, TypeError, ValueError):
            return  # no value of this rule at all, which the schema tells
        if weaker:
            raise PolicyError(
                f"The policy {self.name} requires {shown_value(held)} for {named.name}, and the job asks for "
                f"{shown_value(value)}",
                f"It says why: {named.rule.why.rstrip('.')}",
            )


def made(content: Mapping[str, Any], place: str) -> Policy:
    """Return the policy with this content.

    Args:
        content: as TOML has it, without `extends`.
        place: how messages call it.

    Raises:
        PolicyError: it is none; the message names the first problem.
    """
    try:
        return Policy.model_validate(content)
    except ValidationError as error:
        what, hint = first_problem(error, Policy)
        raise PolicyError(f"In {place}: {what}", hint) from error


def shown_value(value: Any) -> str:
    """Return a value as TOML has it."""
    return json.dumps(value) if isinstance(value, bool | str) else f"{value:g}"
