"""The audit log: what was done for a tenant, by whom, under which rules."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, Field

from facefusion.errors import AuditError, RequestInvalidError, ResourceUnknownError
from facefusion.service.gateway.access import require
from facefusion.service.gateway.caller import Caller
from facefusion.service.parts import Parts, ServiceParts
from facefusion.service.problems import documented
from facefusion.service.route import ServiceRoute
from facefusion.service.values import Answer, Digest
from facefusion.service.values import Query as Parameters
from facefusion.trust.audit import Entry, Wanted

ROUTER: Final = APIRouter(prefix="/v1/audit", tags=["audit"], route_class=ServiceRoute)
_PEOPLE: Final = ("actor", "consents", "subjects", "pseudonym")
_MOST: Final = 200

Reader = Annotated[Caller, Depends(require("audit:read"))]
Short = Annotated[str, Field(min_length=1, max_length=200)]


class WhichEntries(Parameters):
    """Which entries are wanted; all that is given must hold."""

    since: Annotated[AwareDatetime | None, Field(description="not older")] = None
    kind: Annotated[str | None, Field(max_length=40, description="such as published, refused, changed")] = None
    result: Annotated[Literal["done", "refused", "failed", "cancelled"] | None, Field()] = None
    job: Annotated[str | None, Field(max_length=64, description="as the log knows it")] = None
    actor: Annotated[Short | None, Field(description="by whom")] = None
    consent: Annotated[Short | None, Field(description="a consent that it relied on")] = None
    subject: Annotated[Short | None, Field(description="whose face")] = None
    input: Digest | None = None
    output: Digest | None = None
    limit: Annotated[int, Field(ge=1, le=_MOST)] = 50
    cursor: Annotated[str | None, Field(min_length=1, max_length=200)] = None


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
    """A part of the log, the oldest first."""

    entries: list[EntryAnswer]
    next: str | None


@ROUTER.get("", responses=documented())
def search(which: Annotated[WhichEntries, Query()], parts: Parts, caller: Reader) -> EntryPage:
    """Search the log of the caller's tenant."""
    after, since = _place(which.cursor)
    values = which.model_dump(exclude={"limit", "cursor", "since"})
    wanted = Wanted(tenant=caller.tenant, since=since or which.since, **values)
    found: list[Entry] = []
    for entry in _after(parts.records.audit.entries(wanted), after):
        found.append(entry)
        if len(found) > which.limit:
            break
    shown = found[: which.limit]
    more = _cursor(shown[-1]) if len(found) > which.limit else None
    return EntryPage(entries=[_answer(parts, each) for each in shown], next=more)


@ROUTER.get("/{entry_id}", responses=documented(404))
def show(entry_id: Annotated[str, Field(pattern="^[0-9a-f]{32}$")], parts: Parts, caller: Reader) -> EntryAnswer:
    """Show one entry."""
    try:
        return _answer(parts, parts.records.audit.entry(entry_id, tenant=caller.tenant))
    except AuditError as error:
        raise ResourceUnknownError(f"There is no audit entry {entry_id}") from error


def _after(entries: Iterator[Entry], sequence: int) -> Iterator[Entry]:
    return (entry for entry in entries if entry.sequence > sequence)


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


def _cursor(entry: Entry) -> str:
    text = json.dumps([entry.sequence, entry.time.isoformat()])
    return base64.urlsafe_b64encode(text.encode()).decode()


def _place(cursor: str | None) -> tuple[int, datetime | None]:
    if cursor is None:
        return 0, None
    try:
        sequence, time = json.loads(base64.b64decode(cursor, altchars=b"-_", validate=True))
        return int(sequence), datetime.fromisoformat(time).astimezone(UTC)
    except (binascii.Error, ValueError, TypeError, OverflowError, RecursionError) as error:
        raise RequestInvalidError("The cursor is none that was given out", "Ask for the first page") from error
