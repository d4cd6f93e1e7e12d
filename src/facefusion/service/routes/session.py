"""Sessions: who one is, signing in and out in a browser, and one's own password."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, Literal, Self

from fastapi import APIRouter, Query, Request, Response
from fastapi.routing import APIRoute
from pydantic import Field, model_validator

from facefusion.service.gateway.access import nobody
from facefusion.service.gateway.caller import ROLES, Role
from facefusion.service.gateway.sessions.door import Door
from facefusion.service.gateway.visitor import Visitor
from facefusion.service.problems import documented
from facefusion.service.route import answered
from facefusion.service.values import Answer, Body

# An answer that sets a cookie is not kept to be given again, nor a digest of a password: these routes know no
# idempotency keys.
ROUTER: Final = APIRouter(prefix="/v1/session", tags=["session"], route_class=APIRoute)
_LONGEST_PASSWORD: Final = 1024

Password = Annotated[str, Field(min_length=1, max_length=_LONGEST_PASSWORD)]


class SignIn(Body):
    """By what somebody signs in: a key, or a name and a password."""

    key: Annotated[
        str | None,
        Field(
            min_length=1,
            max_length=200,
            repr=False,
            description="an API key, or the token of this start of the service",
        ),
    ] = None
    name: Annotated[str | None, Field(min_length=1, max_length=200)] = None
    password: Annotated[str | None, Field(min_length=1, max_length=_LONGEST_PASSWORD, repr=False)] = None
    tenant: Annotated[
        str | None, Field(min_length=1, max_length=64, description="of the user; the service's own when not given")
    ] = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        by_name = self.name is not None and self.password is not None
        is_mixed = self.key is not None and (self.name, self.password, self.tenant) != (None, None, None)
        if is_mixed or (self.key is None and not by_name):
            raise ValueError("either a key, or a name and a password")
        return self


class NewPassword(Body):
    """Another password in place of the one that somebody has."""

    current: Annotated[Password, Field(repr=False)]
    new: Annotated[Password, Field(repr=False)]


class SessionAnswer(Answer):
    """Who calls, and how they were let in."""

    way: Literal["local", "key", "token", "password"] = Field(
        description="what they showed: they are the user of this machine, or have a key, a token or a password"
    )
    tenant: str
    actor: str = Field(description="by what name entries and jobs know them")
    name: str | None = Field(description="of the user or the key; null where there is none")
    user: str | None = Field(description="identifier of the user; null where they did not sign in with a password")
    role: Role | None = Field(description="null where they have scopes of their own")
    scopes: list[str]
    must_change_password: bool = Field(description="whether they have to take another password before anything else")
    since: datetime | None = Field(description="when they signed in; null where no session is used")
    ends: datetime | None = Field(description="when the session ends, or what they showed; null where it does not end")
    idle_seconds: int | None = Field(description="after which the session ends if nothing is asked")
    csrf: str | None = Field(
        description="what is sent as X-CSRF-Token with all that changes something; null where no cookie is used"
    )


def session_answer(visitor: Visitor, idle_seconds: int) -> SessionAnswer:
    """Return what somebody is told of themselves.

    Raises:
        AuthenticationError: nobody is known.
    """
    caller, session = visitor.caller, visitor.session
    if caller is None or visitor.way is None:
        raise nobody(visitor.fault)
    found = None if session is None else session.found
    return SessionAnswer(
        way=visitor.way,
        tenant=caller.tenant,
        actor=caller.actor,
        name=visitor.name,
        user=None if found is None else found.user_id,
        role=next((role for role, scopes in ROLES.items() if scopes == caller.scopes), None)
        if visitor.way == "local"
        else visitor.role,
        scopes=sorted(caller.scopes),
        must_change_password=found is not None and found.must_change,
        since=None if found is None else found.created,
        ends=visitor.expires,
        idle_seconds=None if found is None else idle_seconds,
        csrf=None if session is None else session.csrf,
    )


@ROUTER.get("", responses=documented(), response_model=SessionAnswer)
async def show(request: Request) -> Response:
    """Tell who calls, in whatever way they come; and for pages that come by a cookie, their X-CSRF-Token."""
    door = Door.of(request)
    return answered(session_answer(door.visitor, door.idle_seconds))


@ROUTER.post("", status_code=201, responses=documented(), response_model=SessionAnswer)
async def create(order: SignIn, request: Request) -> Response:
    """Sign in, and get a cookie; a session that there was ends."""
    door = Door.of(request)
    if order.key is not None:
        visitor, cookie = await door.with_key(order.key)
    else:
        visitor, cookie = await door.with_password(order.tenant, order.name or "", order.password or "")
    return _signed_in(visitor, cookie, door, 201)


@ROUTER.delete("", status_code=204, responses=documented())
async def remove(
    request: Request,
    everywhere: Annotated[
        bool, Query(description="whether all other sessions of the same user or key end, too; keys themselves stay")
    ] = False,
) -> Response:
    """Sign out: the session ends, wherever its cookie is."""
    gone = await Door.of(request).sign_out(everywhere=everywhere)
    return Response(status_code=204, headers={"Set-Cookie": gone})


@ROUTER.post("/password", responses=documented(), response_model=SessionAnswer)
async def password(order: NewPassword, request: Request) -> Response:
    """Take another password; all sessions end but this one, which goes on under another cookie."""
    door = Door.of(request)
    visitor, cookie = await door.change_password(order.current, order.new)
    return _signed_in(visitor, cookie, door, 200)


def _signed_in(visitor: Visitor, cookie: str, door: Door, status: int) -> Response:
    return answered(session_answer(visitor, door.idle_seconds), status, **{"Set-Cookie": cookie})
