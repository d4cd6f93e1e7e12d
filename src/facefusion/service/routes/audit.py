"""The audit log: what was done for a tenant, by whom, under which rules."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime, Field

from facefusion.errors import AuditError, ResourceUnknownError
from facefusion.service.gateway.access import require
from facefusion.service.gateway.caller import Caller
from facefusion.service.parts import Parts, ServiceParts
from facefusion.service.problems import documented
from facefusion.service.route import ServiceRoute
from facefusion.service.values import ID_PATTERN, Answer, Digest
from facefusion.service.values import Query as Parameters
from facefusion.trust.audit import Entry, Wanted

ROUTER: Final = APIRouter(prefix="/v1/audit", tags=["audit"], route_class=ServiceRoute)
_PEOPLE: Final = ("actor", "consents", "subjects", "pseudonym")
_MOST: Final = 200
_LINES: Final = "application/jsonl"

Reader = Annotated[Caller, Depends(require("audit:read"))]
Short = Annotated[str, Field(min_length=1, max_length=200)]
Kind = Annotated[str, Field(max_length=40)]


class WhichExported(Parameters):
    """Which entries are wanted; all that is given must hold."""

    since: Annotated[AwareDatetime | None, Field(description="not older")] = None
    until: Annotated[AwareDatetime | None, Field(description="older than this")] = None
    kind: list[Kind] = Field(default=[], max_length=20, description="one of these, such as published, refused, changed")
    result: Annotated[Literal["done", "refused", "failed", "cancelled"] | None, Field()] = None
    job: Annotated[str | None, Field(max_length=64, description="as the log knows it")] = None
    actor: Annotated[Short | None, Field(description="by whom")] = None
    pseudonym: Annotated[
        str | None,
        Field(pattern=ID_PATTERN, description="of who did it, is shown or consented, as entries have it"),
    ] = None
    consent: Annotated[Short | None, Field(description="a consent that it relied on")] = None
    subject: Annotated[Short | None, Field(description="whose face")] = None
    input: Digest | None = None
    output: Digest | None = None
    order: Annotated[Literal["oldest", "newest"], Field(description="which come first")] = "oldest"

    def wanted(self, tenant: str, after: int | None = None) -> Wanted:
        """Return it as the log takes it.

        Args:
            tenant: whose entries.
            after: number of the last entry of the page before; None for the first page.
        """
        values = self.model_dump(include=set(WhichExported.model_fields) - {"kind", "order"})
        if self.order == "newest":
            return Wanted(tenant=tenant, kinds=tuple(self.kind), is_newest_first=True, before=after, **values)
        return Wanted(tenant=tenant, kinds=tuple(self.kind), after=after, **values)


class WhichEntries(WhichExported):
    """Which entries are wanted, page by page."""

    limit: Annotated[int, Field(ge=1, le=_MOST)] = 50
    cursor: Annotated[str | None, Field(min_length=1, max_length=200, description="`next` of the page before")] = None


class EntryAnswer(Answer):
    """An entry."""

    id: str
    time: datetime
    kind: str
    facts: dict[str, Any] = Field(description="what it says, as it was signed")
    people: dict[str, str | None] = Field(description="who its pseudonyms are; null once they were erased")
    previous: str
    digest: str
    signature: str


class EntryPage(Answer):
    """A part of the log."""

    entries: list[EntryAnswer]
    next: str | None = Field(description="cursor of the next page")


@ROUTER.get("", responses=documented())
def search(which: Annotated[WhichEntries, Query()], parts: Parts, caller: Reader) -> EntryPage:
    """Search the log of the caller's tenant, the oldest first unless `order` says otherwise."""
    wanted = which.wanted(caller.tenant, parts.cursors.number(which.cursor))
    found = list(islice(parts.records.audit.entries(wanted), which.limit + 1))
    shown = found[: which.limit]
    more = parts.cursors.cursor(shown[-1].sequence) if len(found) > which.limit else None
    return EntryPage(entries=[_answer(parts, each) for each in shown], next=more)


@ROUTER.get(
    "/export",
    response_class=Response,
    responses=documented(also={200: {"description": "One entry in each line", "content": {_LINES: {}}}}),
)
def export(which: Annotated[WhichExported, Query()], parts: Parts, caller: Reader) -> Response:
    """Return entries as lines of JSON with their signatures, as `facefusion audit export` writes them.

    Whoever has the public key, which `/v1/audit/chain` tells, can check each of them. An entry that was altered ends
    the answer before its end.
    """
    lines = _lines(parts.records.audit.entries(which.wanted(caller.tenant)))
    headers = {"Content-Disposition": 'attachment; filename="audit.jsonl"', "Cache-Control": "no-store"}
    return StreamingResponse(lines, media_type=_LINES, headers=headers | {"X-Content-Type-Options": "nosniff"})


@ROUTER.get("/{entry_id}", responses=documented(404))
def show(entry_id: Annotated[str, Field(pattern=ID_PATTERN)], parts: Parts, caller: Reader) -> EntryAnswer:
    """Show one entry."""
    try:
        return _answer(parts, parts.records.audit.entry(entry_id, tenant=caller.tenant))
    except AuditError as error:
        raise ResourceUnknownError(f"There is no audit entry {entry_id}") from error


def _lines(entries: Iterator[Entry]) -> Iterator[str]:
    return (f"{each.line()}\n" for each in entries)


def _answer(parts: ServiceParts, entry: Entry) -> EntryAnswer:
    facts = entry.facts
    people: dict[str, str | None] = {}
    for name in _PEOPLE:
        value = facts.get(name, [])
        people |= {each: parts.records.audit.name(each) for each in (value if isinstance(value, list) else [value])}
    return EntryAnswer(
        id=entry.id,
        time=entry.time,
        kind=entry.kind,
        facts=facts,
        people=people,
        previous=entry.previous,
        digest=entry.digest,
        signature=entry.signature,
    )
