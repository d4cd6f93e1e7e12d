"""The policy in force over HTTP: what it says, and another one for this place where that may be."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Header, Response
from pydantic import Field

from facefusion.errors import PolicyError, PolicyFixedError, PreconditionError, RequestInvalidError
from facefusion.service.etags import is_known, tag_of
from facefusion.service.gateway.access import require
from facefusion.service.gateway.caller import Caller
from facefusion.service.parts import Parts, ServiceParts
from facefusion.service.policy_shown import MEANINGS, PolicyAnswer, Value, policy_answer
from facefusion.service.problems import documented
from facefusion.service.route import ServiceRoute, answered
from facefusion.service.values import Answer, Body
from facefusion.trust.policy import PROFILES, InForce, policy_in_force
from facefusion.trust.policy.own import check_own_policy, set_own_policy

ROUTER: Final = APIRouter(prefix="/v1/policy", tags=["policy"], route_class=ServiceRoute)

Reader = Annotated[Caller, Depends(require("jobs:read"))]
Platform = Annotated[Caller, Depends(require("platform"))]
_IfMatch = Annotated[str | None, Header(alias="If-Match", description="entity tag of the policy that is to be changed")]


class RuleOrder(Body):
    """What a rule is to say."""

    value: Value
    why: Annotated[str, Field(min_length=1, max_length=500, pattern=r"\S", description="the reason, for people")]


class PolicyOrder(Body):
    """A policy: what a profile says, but for some rules."""

    extends: Annotated[str, Field(max_length=20, description=f"a profile: {', '.join(PROFILES)}")]
    name: Annotated[str, Field(pattern="^[a-z0-9][a-z0-9._-]{0,63}$", description="as records show it")]
    description: Annotated[str, Field(min_length=1, max_length=500, description="for whom it is")]
    rules: dict[str, RuleOrder] = Field(
        default={}, max_length=len(MEANINGS), description="by name, such as disclosure.label"
    )


class PolicySet(Answer):
    """The policy that holds from now on, and for what."""

    policy: PolicyAnswer
    holds_from: str = Field(
        description="`next-job`: jobs that begin from now on keep to it, in every process that uses this folder of"
        " records; what is being done is finished under the one before"
    )
    at_next_start: list[str] = Field(description="rules that hold wholly once workers are started anew")


@ROUTER.get("", response_model=PolicyAnswer, responses=documented())
def show_policy(parts: Parts, caller: Reader) -> Response:
    """Show the policy in force: every rule, its value, why, and what it means."""
    shown = _shown(parts, _in_force(parts), caller)
    return answered(shown, ETag=_tag(shown))


@ROUTER.put("", responses=documented(409, 412))
def set_policy(order: PolicyOrder, parts: Parts, caller: Platform, if_match: _IfMatch = None) -> PolicySet:
    """Set the policy of this place: a profile, with changes; not where it is signed, or was chosen elsewhere."""
    before = _in_force(parts)
    _check_open(before, parts)
    if if_match is not None and not is_known(if_match, _tag(_shown(parts, before, caller))):
        raise PreconditionError("The policy was changed meanwhile", "Look at it again, then decide anew")
    content = _content(order)
    try:
        policy = check_own_policy(content)
    except PolicyError as error:
        raise RequestInvalidError(error.what, error.hint) from error
    set_own_policy(content, home=parts.records.home)
    parts.records.note(caller, "policy", "replaced", policy={"name": policy.name, "digest": policy.digest})
    now = _shown(parts, _in_force(parts), caller)
    was = {each.name: each.rule.value for each in before.policy.rules()}
    changed = [each.name for each in now.rules if each.value != was[each.name]]
    later = [each.name for each in now.rules if each.at_next_start and each.name in changed]
    return PolicySet(policy=now, holds_from="next-job", at_next_start=later)


def _tag(shown: PolicyAnswer) -> str:
    return tag_of(shown.model_dump_json().encode())


def _in_force(parts: ServiceParts) -> InForce:
    return policy_in_force(parts.options.trust.policy, home=parts.records.home)


def _check_open(found: InForce, parts: ServiceParts) -> None:
    """Make sure that a policy may be changed by the service.

    Raises:
        PolicyFixedError: it may not.
    """
    if found.policy.signed:
        raise PolicyFixedError(
            f"The policy {found.policy.name} is signed, and is changed by whoever may sign one alone",
            "They sign another: facefusion policy sign",
        )
    if not _is_own(found, parts):
        where = {
            "machine": "is installed on this machine",
            "environment": "is named by FACEFUSION_POLICY",
        }.get(found.origin, "was chosen when the service was started")
        raise PolicyFixedError(
            f"The policy {found.policy.name} {where}, and holds whatever is set here", "Change it there"
        )


def _is_own(found: InForce, parts: ServiceParts) -> bool:
    usual = type(parts.options.trust).model_fields["policy"].default
    return found.origin == "place" or (found.origin == "option" and parts.options.trust.policy == usual)


def _shown(parts: ServiceParts, found: InForce, caller: Caller) -> PolicyAnswer:
    can_change = "platform" in caller.scopes and not found.policy.signed and _is_own(found, parts)
    return policy_answer(found, home=parts.records.home, can_change=can_change)


def _content(order: PolicyOrder) -> dict[str, Any]:
    """Return what is asked for as a file of it has it.

    Raises:
        RequestInvalidError: there is no such profile or rule.
    """
    if order.extends not in PROFILES:
        raise RequestInvalidError(f"There is no profile {order.extends!r}", f"The profiles are {', '.join(PROFILES)}")
    content: dict[str, Any] = {
        "schema": 1,
        "name": order.name,
        "extends": order.extends,
        "description": order.description,
    }
    for name, rule in order.rules.items():
        if name not in MEANINGS:
            raise RequestInvalidError(f"There is no rule {name!r}", "GET /v1/policy shows them")
        section, _, key = name.partition(".")
        content.setdefault(section, {})[key] = {"value": rule.value, "why": rule.why}
    return content
