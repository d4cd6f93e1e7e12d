"""A policy as clients see it: every rule with its value, what it means, and what it may be."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import Field

from facefusion.service.values import Answer
from facefusion.trust.policy import InForce, NamedRule, Policy, Rule
from facefusion.trust.policy.loading import read_policy
from facefusion.trust.policy.names import is_profile
from facefusion.trust.policy.own import own_base
from facefusion.trust.policy.signing import check_signature, signature_of

Value = bool | int | float | str

MEANINGS: Final[Mapping[str, str]] = {
    "acknowledgement.required": "Somebody must have said once that the terms of use are known",
    "consent.require": "Whose consent must be on record before their face is used",
    "content.source": "Every source is looked at for content that is refused",
    "content.target": "Every target is looked at for content that is refused",
    "content.output": "Every output is looked at for content that is refused",
    "content.sampling_seconds": "Seconds of a video between two frames that are looked at",
    "content.live_frames": "Of so many frames of a live stream one is looked at",
    "content.threshold_share": "From which share of the usual thresholds on scores count; smaller refuses more",
    "content.youngest": "Age in years of the youngest who may be worked on",
    "blocklist.check": "Faces are held against the lists of faces that are not to be used",
    "blocklist.allow_overrides": "A face on the allow-list is used although it is on the blocklist",
    "disclosure.label": "When a visible label is shown; pictures bear it unless none is asked for",
    "disclosure.label_place": "Where the label stands",
    "disclosure.label_language": "The language of the label",
    "disclosure.label_seconds": "Seconds for which a label at the start or the end is shown",
    "disclosure.label_height": "Height of the label's letters as a share of the picture's short side",
    "disclosure.watermark": "An invisible watermark is put into every output",
    "disclosure.metadata": "The metadata of every output say that software edited it",
    "disclosure.aigc": "The metadata hold the AIGC object of GB 45438-2025 as well",
    "disclosure.provenance": "Whether a signed manifest tells how an output was made",
    "audit.required": "An entry is written for every output and every refusal",
    "audit.retention_days": "Days for which audit entries are kept",
    "privacy.work_folder": "Where what is kept while a job runs may lie",
    "privacy.output_hours": "Hours for which outputs are kept; 0: until somebody deletes them",
    "privacy.encryption": "Whether what is stored must be encrypted",
    "models.licences": "Which weights may be used, by their licence",
}
AT_NEXT_START: Final = frozenset({"privacy.work_folder"})
"""Rules that a worker looks at when it begins, too: where it keeps the inputs of the next jobs."""


class RuleAnswer(Answer):
    """A rule of a policy."""

    name: str = Field(description="such as disclosure.label")
    value: Value
    why: str = Field(description="the reason, shown to people where the rule stops or changes their work")
    meaning: str = Field(description="what it says, in one line")
    is_fixed: bool = Field(description="whether no policy may have another value")
    is_changed: bool = Field(description="whether it is another than that of the profile which the policy extends")
    at_next_start: bool = Field(description="whether workers must be started anew before a change of it holds wholly")
    values: dict[str, Any] = Field(description="what it may be: a JSON Schema")


class PolicyAnswer(Answer):
    """The policy in force."""

    name: str
    description: str
    digest: str = Field(description="SHA-256 of all that it says, as audit entries have it")
    origin: str = Field(
        description="why this one holds: `machine`: it is installed there; `environment`: FACEFUSION_POLICY names it;"
        " `option`: the service was started with it, or with none; `place`: it was set by PUT /v1/policy"
    )
    is_signed: bool = Field(description="whether it counts only with a signature, which was checked just now")
    signed_by: str | None = Field(description="fingerprint of the key by which it is signed; null where it is not")
    can_change: bool = Field(description="whether PUT /v1/policy changes it")
    extends: str | None = Field(description="the profile that it is, or changes; null where it is a file of another's")
    rules: list[RuleAnswer]


def policy_answer(found: InForce, *, home: Path, can_change: bool) -> PolicyAnswer:
    """Return what clients are told of a policy.

    Args:
        found: which holds, and why.
        home: folder of this place.
        can_change: whether it may be changed by the service.

    Raises:
        PolicyError: its signature does not hold any more.
    """
    policy = found.policy
    base = _base(found)
    usual = {} if base is None else {each.name: each.rule for each in read_policy(base).rules()}
    key = check_signature(policy, signature_of(found.source, home), home) if policy.signed else None
    return PolicyAnswer(
        name=policy.name,
        description=policy.description,
        digest=policy.digest,
        origin=found.origin,
        is_signed=policy.signed,
        signed_by=key,
        can_change=can_change,
        extends=base,
        rules=[_rule(each, policy, usual) for each in policy.rules()],
    )


def _base(found: InForce) -> str | None:
    """Return the profile that a policy is, or changes; None where nobody here knows."""
    if found.origin == "place":
        return own_base(Path(found.source))
    return found.source if is_profile(found.source) else None


def _rule(named: NamedRule, policy: Policy, usual: Mapping[str, Rule[Any]]) -> RuleAnswer:
    values = _values(named, policy)
    return RuleAnswer(
        name=named.name,
        value=named.rule.value,
        why=named.rule.why,
        meaning=MEANINGS[named.name],
        is_fixed="const" in values,
        is_changed=named.rule != usual.get(named.name, named.rule),
        at_next_start=named.name in AT_NEXT_START,
        values=values,
    )


def _values(named: NamedRule, policy: Policy) -> dict[str, Any]:
    """Return the JSON Schema of what a rule may be in any policy."""
    section, rule = named.name.split(".")
    kind: Any = type(getattr(policy, section)).model_fields[rule].annotation
    schema: dict[str, Any] = dict(kind.model_json_schema()["properties"]["value"])
    schema.pop("title", None)
    floor, order = named.order.floor, named.order
    if floor is None:
        return schema
    if isinstance(floor, bool):
        return {"type": "boolean", "const": floor}
    is_least = order.strength(floor + 1) > order.strength(floor)
    return schema | ({"minimum": floor} if is_least else {"maximum": floor})
