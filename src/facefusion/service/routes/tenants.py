"""How much tenants may have, and have: each sees its own; whoever runs the service sees and sets all."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Final, Literal, cast

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import Field

from facefusion.jobs.tenants import MOST_PRIORITY, MOST_WEIGHT, Quota, Tenant, Tenants
from facefusion.service.gateway.access import require
from facefusion.service.gateway.caller import Caller
from facefusion.service.gateway.exchange import Exchange
from facefusion.service.gateway.limits import Verdict
from facefusion.service.gateway.quotas import TenantRules
from facefusion.service.parts import Parts, ServiceParts
from facefusion.service.problems import documented
from facefusion.service.route import ServiceRoute
from facefusion.service.values import Answer, Body
from facefusion.service.values import Query as Parameters

ROUTER: Final = APIRouter(prefix="/v1", tags=["tenants"], route_class=ServiceRoute)
_NAME: Final = "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
_MOST: Final = 200

Reader = Annotated[Caller, Depends(require("jobs:read"))]
Platform = Annotated[Caller, Depends(require("platform"))]
Limit = Literal["address", "key", "tenant", "day"]
Count = Annotated[int | None, Field(ge=0, lt=1 << 31)]


class Limits(Body):
    """How much a tenant may have; what is not given is without a limit, or as usual."""

    weight: Annotated[
        int, Field(ge=1, le=MOST_WEIGHT, description="of its share of the workers' time, where others want some too")
    ] = 1
    max_running: Annotated[Count, Field(description="tasks at one time; any number when null")] = None
    max_queued: Annotated[Count, Field(description="jobs that are not finished; any number when null")] = None
    max_priority: Annotated[int, Field(ge=0, le=MOST_PRIORITY, description="the highest of its jobs")] = MOST_PRIORITY
    max_bytes: Annotated[int | None, Field(ge=0, lt=1 << 63, description="in storage; any number when null")] = None
    requests_a_day: Annotated[
        int | None, Field(ge=1, lt=1 << 31, description="that it may make; what holds for all when null")
    ] = None
    paused: Annotated[bool, Field(description="whether none of its tasks is begun; jobs are still taken")] = False
    reviewed: Annotated[bool, Field(description="whether all its results are reviewed by a second person")] = False


class Used(Answer):
    """What a tenant has now."""

    running: int = Field(description="tasks that are being done")
    unfinished: int = Field(description="jobs that are not finished")
    stored: int = Field(description="bytes in storage: uploads, faces and results, with small pictures of each")


class TenantAnswer(Answer):
    """A tenant."""

    id: str
    limits: Limits
    used: Used


class Requests(Answer):
    """A limit of requests, and what is left of it just now; it fills evenly, and nothing begins anew at midnight."""

    limit: Limit = Field(description="`day`: of the tenant in 24 hours; the others: in bursts")
    most: int = Field(description="requests that may come at once, of a day all")
    left: int
    seconds: int = Field(description="in which it is whole again, if nobody asks meanwhile")


class UsageAnswer(TenantAnswer):
    """What the caller's tenant may have, and has."""

    requests: list[Requests] = Field(
        description="the limits that this very request was counted in; none where its caller is not limited"
    )


class TenantList(Answer):
    """Tenants, by name."""

    tenants: list[TenantAnswer]
    next: str | None = Field(description="`after` of the next page; null where this is the last")


class WhichTenants(Parameters):
    """Which part of the list is wanted."""

    limit: Annotated[int, Field(ge=1, le=_MOST, description="most entries of a page")] = 50
    after: Annotated[str | None, Field(max_length=64, description="`next` of the page before")] = None


@ROUTER.get("/usage", responses=documented())
def show_usage(request: Request, parts: Parts, caller: Reader) -> UsageAnswer:
    """Show what the caller's tenant may have, and has."""
    found = _shown(parts, Tenants(parts.engine).get(caller.tenant))
    return UsageAnswer(
        id=found.id, limits=found.limits, used=found.used, requests=_requests(Exchange.taken(request.scope))
    )


@ROUTER.get("/tenants", responses=documented())
def list_tenants(which: Annotated[WhichTenants, Query()], parts: Parts, _caller: Platform) -> TenantList:
    """List all tenants by name, with what each may have and has."""
    found = [each for each in Tenants(parts.engine).all() if which.after is None or each.id > which.after]
    rules, stored = parts.quotas.all_rules(), parts.quotas.all_stored()
    shown = [_answer(each, rules.get(each.id, TenantRules()), stored.get(each.id, 0)) for each in found[: which.limit]]
    return TenantList(tenants=shown, next=shown[-1].id if len(found) > which.limit else None)


@ROUTER.put("/tenants/{tenant}", responses=documented())
def set_limits(
    tenant: Annotated[str, Path(pattern=_NAME, description="its name; it is made known if it is new")],
    limits: Limits,
    parts: Parts,
    caller: Platform,
) -> TenantAnswer:
    """Set what a tenant may have; it holds from the next job and the next task on, for requests within 30 seconds."""
    quota = Quota(
        weight=limits.weight,
        max_running=limits.max_running,
        max_queued=limits.max_queued,
        max_priority=limits.max_priority,
        max_bytes=limits.max_bytes,
        is_paused=limits.paused,
    )
    changed = Tenants(parts.engine).set(tenant, quota)
    parts.quotas.set_rules(tenant, TenantRules(limits.requests_a_day, limits.reviewed))
    parts.records.note(replace(caller, tenant=tenant), "tenant", "replaced")
    return _shown(parts, changed)


def _shown(parts: ServiceParts, tenant: Tenant) -> TenantAnswer:
    return _answer(tenant, parts.quotas.rules(tenant.id), parts.quotas.stored(tenant.id))


def _answer(tenant: Tenant, rules: TenantRules, stored: int) -> TenantAnswer:
    quota = tenant.quota
    limits = Limits(
        weight=quota.weight,
        max_running=quota.max_running,
        max_queued=quota.max_queued,
        max_priority=quota.max_priority,
        max_bytes=quota.max_bytes,
        requests_a_day=rules.requests_a_day,
        paused=quota.is_paused,
        reviewed=rules.is_reviewed,
    )
    used = Used(running=tenant.running, unfinished=tenant.unfinished, stored=stored)
    return TenantAnswer(id=tenant.id, limits=limits, used=used)


def _requests(verdict: Verdict | None) -> list[Requests]:
    if verdict is None:
        return []
    return [
        Requests(
            limit=cast("Limit", bucket.name),
            most=int(bucket.size),
            left=max(0, int(left)),
            seconds=max(0, round((bucket.size - left) / bucket.rate)),
        )
        for bucket, left in zip(verdict.buckets, verdict.left, strict=True)
    ]
