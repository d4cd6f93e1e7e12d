"""API keys of a tenant over HTTP: listed, made, replaced and taken back by its administrators."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Final, Literal, Self

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import Field, model_validator

from facefusion.service.gateway.access import require
from facefusion.service.gateway.caller import ROLES, Caller, Role, Scope
from facefusion.service.gateway.keys import ApiKey, KeyStore, KeyText
from facefusion.service.gateway.keys.store import PURPOSE
from facefusion.service.gateway.rights import check_gives, check_rules_over
from facefusion.service.parts import Parts, ServiceParts
from facefusion.service.problems import documented
from facefusion.service.route import IdempotencyKey, SecretRoute, ServiceRoute
from facefusion.service.values import Answer, Body

MOST_DAYS: Final = 3650
_MOST_OVERLAP: Final = 24 * 365
_PREFIX: Final = "/v1/keys"
_SHOWN: Final = APIRouter(prefix=_PREFIX, tags=["keys"], route_class=ServiceRoute)
_MADE: Final = APIRouter(prefix=_PREFIX, tags=["keys"], route_class=SecretRoute)

Admin = Annotated[Caller, Depends(require("admin"))]
KeyId = Annotated[str, Path(pattern="^[0-9a-f]{12}$", description="of the key, as in ff_ID_SECRET")]
Days = Annotated[
    int | None, Field(ge=1, le=MOST_DAYS, description="that it lives; as the service is set up when not given")
]


class KeyOrder(Body):
    """A key that is to be made; it has a role, or scopes of its own."""

    name: Annotated[str, Field(min_length=1, max_length=100, description="what it is for, such as render-farm")]
    role: Role | None = None
    scopes: list[Scope] = Field(default=[], max_length=50)
    days: Days = None

    @model_validator(mode="after")
    def _grants_one_thing(self) -> Self:
        if (self.role is None) == (not self.scopes):
            raise ValueError("a key has a role, or scopes of its own")
        return self


class KeyRotation(Body):
    """How a key is replaced."""

    overlap_hours: Annotated[
        float, Field(ge=0, le=_MOST_OVERLAP, description="that the old key goes on to hold; 0 ends it now")
    ] = 24.0
    days: Days = None


class KeyAnswer(Answer):
    """What is known of a key; its secret is nowhere."""

    id: str
    name: str
    role: Role | None = Field(description="null where it has scopes of its own")
    scopes: list[Scope]
    state: Literal["active", "replaced", "expired", "revoked"] = Field(
        description="`replaced`: another took its place, and it holds for a while"
    )
    created: datetime
    created_by: str
    expires: datetime
    used: datetime | None = Field(description="when it was last used, to the hour")
    revoked: datetime | None
    replaced_by: str | None
    is_own: bool = Field(description="whether it is the key, or in the line of the key, by which this was asked")


class KeySecret(Answer):
    """A key with its secret, which is shown this once."""

    key: KeyAnswer
    secret: str = Field(description="all of the key, as it is sent in the header Authorization")


class KeyList(Answer):
    """Keys of a tenant."""

    keys: list[KeyAnswer]


@_SHOWN.get("", responses=documented())
def list_keys(
    parts: Parts,
    caller: Admin,
    is_all: Annotated[bool, Query(alias="all", description="show those that do not hold any more as well")] = False,
) -> KeyList:
    """List the keys of the tenant, the newest first."""
    store = _store(parts)
    now = store.now()
    return KeyList(keys=[_answer(each, now, caller) for each in store.keys(tenant=caller.tenant, is_all=is_all)])


@_SHOWN.get("/{key_id}", responses=documented(404))
def show_key(key_id: KeyId, parts: Parts, caller: Admin) -> KeyAnswer:
    """Show what is known of a key."""
    store = _store(parts)
    return _answer(store.key(key_id, tenant=caller.tenant), store.now(), caller)


@_MADE.post("", status_code=201, responses=documented())
def create_key(
    order: KeyOrder, parts: Parts, caller: Admin, response: Response, _key: IdempotencyKey = None
) -> KeySecret:
    """Make a key of the caller's tenant, with no more rights than the caller has; it is shown this once."""
    check_gives(caller, ROLES[order.role] if order.role is not None else order.scopes)
    store = _store(parts)
    made = store.create(
        tenant=caller.tenant,
        name=order.name,
        by=caller.actor,
        lives=_lives(order.days, parts),
        role=order.role,
        scopes=order.scopes,
    )
    _note(parts, caller, "added", made[0])
    return _shown_once(store, made, caller, response)


@_MADE.post("/{key_id}/rotate", status_code=201, responses=documented(404))
def rotate_key(
    key_id: KeyId, order: KeyRotation, parts: Parts, caller: Admin, response: Response, _key: IdempotencyKey = None
) -> KeySecret:
    """Make a key in another's place, with the same rights; it is shown this once, and the old one holds for a while."""
    store = _store(parts)
    check_gives(caller, store.key(key_id, tenant=caller.tenant).scopes)
    lives, overlap = _lives(order.days, parts), timedelta(hours=order.overlap_hours)
    made = store.rotate(key_id, by=caller.actor, lives=lives, overlap=overlap)
    _note(parts, caller, "replaced", made[0])
    return _shown_once(store, made, caller, response)


@_SHOWN.delete("/{key_id}", responses=documented(404))
def revoke_key(key_id: KeyId, parts: Parts, caller: Admin) -> KeyAnswer:
    """Take a key back; within seconds it lets nobody in. One that was taken back stays so."""
    store = _store(parts)
    check_rules_over(caller, store.key(key_id, tenant=caller.tenant).scopes)
    key = store.revoke(key_id, tenant=caller.tenant)
    _note(parts, caller, "revoked", key)
    return _answer(key, store.now(), caller)


def _store(parts: ServiceParts) -> KeyStore:
    return KeyStore(parts.engine, parts.records.ring.derived(PURPOSE))


def _lives(days: int | None, parts: ServiceParts) -> timedelta:
    return timedelta(days=parts.settings.key_days if days is None else days)


def _shown_once(store: KeyStore, made: tuple[ApiKey, KeyText], caller: Caller, response: Response) -> KeySecret:
    key, text = made
    response.headers.update({"Location": f"{_PREFIX}/{key.id}", "Cache-Control": "no-store"})
    return KeySecret(key=_answer(key, store.now(), caller), secret=text.text)


def _note(parts: ServiceParts, caller: Caller, action: str, key: ApiKey) -> None:
    parts.records.note(caller, "key", action, subjects=(f"key:{key.line}",))


def _answer(key: ApiKey, now: datetime, caller: Caller) -> KeyAnswer:
    known = {name: getattr(key, name) for name in KeyAnswer.model_fields if hasattr(key, name)}
    known |= {"scopes": sorted(key.scopes), "state": key.state(now), "is_own": caller.actor == f"key:{key.line}"}
    return KeyAnswer(**known)


ROUTER: Final = APIRouter()
ROUTER.include_router(_SHOWN)
ROUTER.include_router(_MADE)
