"""Users: people of a tenant who sign in with a name and a password."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Response
from fastapi.routing import APIRoute
from pydantic import Field

from facefusion.jobs.database import reading
from facefusion.service.gateway.access import require
from facefusion.service.gateway.caller import ROLES, Caller, Role
from facefusion.service.gateway.rights import check_gives, check_rules_over
from facefusion.service.gateway.tables import USERS
from facefusion.service.gateway.users import User, UserStore, made_password
from facefusion.service.gateway.users.store import user_of
from facefusion.service.paging import Page, page_of
from facefusion.service.parts import Parts, ServiceParts
from facefusion.service.problems import documented
from facefusion.service.values import Answer, Body, Id

# A digest of a password is not kept: these routes know no idempotency keys. No two users have one name.
ROUTER: Final = APIRouter(prefix="/v1/users", tags=["users"], route_class=APIRoute)

Admin = Annotated[Caller, Depends(require("admin"))]
GivenPassword = Annotated[
    str | None,
    Field(
        min_length=1, max_length=1024, repr=False, description="one is made by chance, and told once, when not given"
    ),
]


class NewUser(Body):
    """A user that is to be."""

    name: Annotated[str, Field(min_length=1, max_length=100, description="by which they sign in, such as an address")]
    role: Role
    password: GivenPassword = None


class UserChange(Body):
    """What becomes another thing; the rest stays."""

    role: Role | None = None
    active: Annotated[bool | None, Field(description="whether they are let in")] = None


class UserPassword(Body):
    """Another password for a user."""

    password: GivenPassword = None


class UserAnswer(Answer):
    """A user."""

    id: str
    name: str
    role: Role
    active: bool
    must_change_password: bool = Field(description="whether they have to take another password when they sign in")
    actor: str = Field(description="by what name entries and jobs know them")
    created: datetime
    created_by: str
    seen: datetime | None = Field(description="when they last used the service, to the hour; null if never")


class UserMade(UserAnswer):
    """A user with the password that they sign in with the first time."""

    password: str | None = Field(repr=False, description="told this once; null where it was given with the request")


class UserPage(Answer):
    """A part of a list."""

    users: list[UserAnswer]
    next: str | None = Field(description="cursor of the next page")


def user_answer(user: User) -> UserAnswer:
    """Return what admins are told of a user."""
    return UserAnswer(
        id=user.id,
        name=user.name,
        role=user.role,
        active=user.is_active,
        must_change_password=user.must_change,
        actor=user.actor,
        created=user.created,
        created_by=user.created_by,
        seen=user.seen,
    )


@ROUTER.post("", status_code=201, responses=documented(409))
def create(order: NewUser, response: Response, parts: Parts, caller: Admin) -> UserMade:
    """Make a user of one's own tenant, with no more rights than one has.

    Who is given a password has to take another when they sign in the first time.
    """
    check_gives(caller, ROLES[order.role])
    password = order.password or made_password()
    user = _store(parts).create(
        tenant=caller.tenant, name=order.name, password=password, role=order.role, by=caller.actor
    )
    parts.records.note(caller, "user", "added", subjects=(user.actor,))
    response.headers["Location"] = f"/v1/users/{user.id}"
    return _made(user, None if order.password else password)


@ROUTER.get("", responses=documented())
def show_all(page: Annotated[Page, Query()], parts: Parts, caller: Admin) -> UserPage:
    """List the users of one's own tenant, the newest first."""
    before = parts.cursors.number(page.cursor)
    whose = (USERS.c.tenant, caller.tenant)
    with reading(parts.engine) as connection:
        found = [user_of(row) for row in page_of(connection, whose, USERS.c.number, before, page.limit)]
    shown = [user_answer(each) for each in found[: page.limit]]
    return UserPage(users=shown, next=parts.cursors.next_of(found, page.limit))


@ROUTER.get("/{user_id}", responses=documented(404))
def show(user_id: Id, parts: Parts, caller: Admin) -> UserAnswer:
    """Show one user."""
    return user_answer(_store(parts).get(user_id, tenant=caller.tenant))


@ROUTER.patch("/{user_id}", responses=documented(404, 409))
def change(user_id: Id, order: UserChange, parts: Parts, caller: Admin) -> UserAnswer:
    """Give a user another role, shut them out, or let them in again; it holds for their sessions, too, within seconds.

    A tenant's last active admin stays one: make somebody else an admin first.
    """
    _check_rules_over(parts, caller, user_id)
    if order.role is not None:
        check_gives(caller, ROLES[order.role])
    user = _store(parts).change(user_id, tenant=caller.tenant, role=order.role, is_active=order.active)
    action = "revoked" if order.active is False else "replaced"
    parts.records.note(caller, "user", action, subjects=(user.actor,))
    return user_answer(user)


@ROUTER.post("/{user_id}/password", responses=documented(404))
def set_password(user_id: Id, order: UserPassword, parts: Parts, caller: Admin) -> UserMade:
    """Give a user another password, which they have to replace when they sign in; all their sessions end."""
    _check_rules_over(parts, caller, user_id)
    password = order.password or made_password()
    user = _store(parts).set_password(user_id, password, tenant=caller.tenant)
    parts.records.note(caller, "user", "replaced", subjects=(user.actor,))
    return _made(user, None if order.password else password)


@ROUTER.delete("/{user_id}", status_code=204, responses=documented(404, 409))
def remove(user_id: Id, parts: Parts, caller: Admin) -> None:
    """Remove a user, who is signed out; what they made stays. A tenant's last active admin stays, too."""
    _check_rules_over(parts, caller, user_id)
    user = _store(parts).remove(user_id, tenant=caller.tenant)
    parts.records.note(caller, "user", "removed", subjects=(user.actor,))


def _check_rules_over(parts: ServiceParts, caller: Caller, user_id: str) -> None:
    check_rules_over(caller, ROLES[_store(parts).get(user_id, tenant=caller.tenant).role])


def _store(parts: ServiceParts) -> UserStore:
    return UserStore(parts.engine, parts.passwords)


def _made(user: User, password: str | None) -> UserMade:
    return UserMade(**user_answer(user).model_dump(), password=password)
