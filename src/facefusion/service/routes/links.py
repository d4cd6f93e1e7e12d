"""Links to results: made, listed, taken back by those who may; followed by whoever has one."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field

from facefusion.errors import StorageMissingError
from facefusion.service.gateway.access import require
from facefusion.service.gateway.caller import Caller
from facefusion.service.jobs.downloads import handed_out, output_of
from facefusion.service.links.store import Link, LinkStore, Shared, unknown
from facefusion.service.parts import Parts
from facefusion.service.problems import documented
from facefusion.service.route import IdempotencyKey, SecretRoute, ServiceRoute
from facefusion.service.values import Answer, Body, Id

ROUTER: Final = APIRouter(prefix="/v1/jobs", tags=["jobs"], route_class=SecretRoute)
SHARED: Final = APIRouter(prefix="/v1/shared", tags=["shared"], route_class=ServiceRoute)

Reader = Annotated[Caller, Depends(require("jobs:read"))]
Writer = Annotated[Caller, Depends(require("jobs:write"))]
Token = Annotated[str, Field(max_length=200, description="of a link")]
_MOST_HOURS: Final = 30 * 24


class NewLink(Body):
    """A link that is to be made."""

    hours: Annotated[int, Field(ge=1, le=_MOST_HOURS, description="after which it ends")] = 72
    label: Annotated[str, Field(max_length=200, description="what it is for; whoever follows it does not see that")] = (
        ""
    )


class LinkAnswer(Answer):
    """A link to the result of a job."""

    id: str
    owner: str = Field(description="who made it")
    label: str
    created: datetime
    expires: datetime


class LinkMade(LinkAnswer):
    """A link that was just made."""

    token: str = Field(description="by which the result is fetched without a key; told this once")
    url: str = Field(description="what it leads to, below the address of the service")


class LinkList(Answer):
    """The links of a job that have not ended."""

    links: list[LinkAnswer]


class SharedAnswer(Answer):
    """What a link leads to; nothing of whoever made it."""

    name: str
    media_type: str
    size: int
    kind: str = Field(description="picture or video")
    is_synthetic: Literal[True] = Field(default=True, description="faces in it were edited by a computer")
    disclosure: list[str] = Field(description="marks in it that say so")
    expires: datetime
    url: str = Field(description="where the file is fetched, below the address of the service")


@ROUTER.post("/{job_id}/links", status_code=201, responses=documented(404, 409))
def create_link(
    *,
    job_id: Id,
    order: NewLink,
    response: Response,
    parts: Parts,
    caller: Writer,
    _key: IdempotencyKey = None,
) -> LinkMade:
    """Make a link by which anybody who has it may fetch the result, without a key, until it ends or is taken back."""
    store = LinkStore(parts.engine)
    link, token = store.create(
        job_id, tenant=caller.tenant, owner=caller.actor, hours=order.hours, label=order.label.strip()
    )
    response.headers["Location"] = f"/v1/jobs/{job_id}/links"
    return LinkMade(**_values(link), token=token, url=f"/v1/shared/{token}")


@ROUTER.get("/{job_id}/links", responses=documented(404))
def show_links(job_id: Id, parts: Parts, caller: Reader) -> LinkList:
    """List the links of a job that have not ended, the newest first; their tokens are known to nobody here."""
    return LinkList(
        links=[LinkAnswer(**_values(each)) for each in LinkStore(parts.engine).of(job_id, tenant=caller.tenant)]
    )


@ROUTER.delete("/{job_id}/links/{link_id}", status_code=204, response_class=Response, responses=documented(404))
def remove_link(job_id: Id, link_id: Id, parts: Parts, caller: Writer) -> Response:
    """Take a link back; nobody gets anything by it any more."""
    LinkStore(parts.engine).remove(job_id, link_id, tenant=caller.tenant)
    return Response(status_code=204)


@SHARED.get("/{token}", responses=documented(404))
def show_shared(token: Token, request: Request, response: Response, parts: Parts) -> SharedAnswer:
    """Say what a link leads to; it needs no key. What is unknown, has ended or was taken back is told in one way."""
    shared = LinkStore(parts.engine).find(token)
    _noted(request, shared)
    output, result = output_of(shared.job, 0), shared.job.result or {}
    response.headers["Cache-Control"] = "private, no-store"
    return SharedAnswer(
        **{name: output[name] for name in ("name", "media_type", "size")},
        kind=str(result.get("kind", "")),
        disclosure=list(result.get("disclosure", ())),
        expires=shared.expires,
        url=f"/v1/shared/{token}/file",
    )


_FILE: Final[dict[int, dict[str, Any]]] = {
    200: {"description": "The file", "content": {"*/*": {"schema": {"type": "string"}}}},
    206: {"description": "A part of it", "content": {"*/*": {"schema": {"type": "string"}}}},
    304: {"description": "It is as the client has it"},
    416: {"description": "It has no such part"},
}


@SHARED.get("/{token}/file", response_class=Response, responses=documented(404, also=_FILE))
def fetch_shared(token: Token, request: Request, parts: Parts) -> Response:
    """Fetch the file that a link leads to; it needs no key, and comes from the service itself, never from a storage."""
    shared = LinkStore(parts.engine).find(token)
    try:
        answer = handed_out(parts, request, output_of(shared.job, 0), may_redirect=False)
    except StorageMissingError as error:  # its time of keeping is over
        raise unknown() from error
    # A player asks for many parts: the first of them tells that somebody looks, all others are counted. What was sent
    # says which it is, as there are many ways to ask.
    _noted(request, shared, is_first=answer.headers.get("content-range", "bytes 0-").startswith("bytes 0-"))
    answer.headers["Cache-Control"] = "private, no-store"
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer


def _noted(request: Request, shared: Shared, *, is_first: bool = True) -> None:
    """Have the gateway note for the audit log that a link was followed: which, and nothing of by whom."""
    caller = Caller(shared.job.tenant, f"link:{shared.link}", frozenset())
    if is_first:
        request.state.followed = caller, shared.job.id
    else:
        request.state.followed_on = caller


def _values(link: Link) -> dict[str, Any]:
    return {name: getattr(link, name) for name in LinkAnswer.model_fields}
