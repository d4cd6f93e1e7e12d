"""Operations: what the service does beside requests, such as building a face file."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from facefusion.errors import NotAllowedError
from facefusion.jobs.database import reading
from facefusion.service.background.operations import Operation, OperationState, operation_of
from facefusion.service.gateway.access import require
from facefusion.service.gateway.caller import Caller
from facefusion.service.paging import Page, page_of
from facefusion.service.parts import Parts
from facefusion.service.problems import documented
from facefusion.service.route import IdempotencyKey, ServiceRoute
from facefusion.service.tables import OPERATIONS
from facefusion.service.values import Answer, Id

ROUTER: Final = APIRouter(prefix="/v1/operations", tags=["operations"], route_class=ServiceRoute)

Reader = Annotated[Caller, Depends(require("jobs:read"))]


class OperationError(Answer):
    """Why something failed."""

    type: str = Field(description="name of the error, such as NoFaceError")
    code: int = Field(description="exit code of the command line for it")
    what: str
    hint: str = ""


class OperationProgress(Answer):
    """How far something is."""

    what: str = Field(description="it is at, such as the name of a model")
    done: int = Field(description="of that, in bytes or pieces")
    total: int | None = Field(description="that there is of it; null where nobody knows")
    step: int = Field(description="the how-manieth such thing it is, from 1")
    steps: int | None = Field(description="how many there are; null where nobody knows")


class OperationAnswer(Answer):
    """Something that the service does beside requests."""

    id: str
    kind: str = Field(description="such as face.build, models.pull, models.import")
    state: OperationState
    about: str = Field(description="what it makes or changes")
    notes: list[str] = Field(description="what users should know, one sentence each")
    progress: OperationProgress | None = Field(description="how far it is; null where that is not told")
    is_cancelled: bool = Field(description="whether it was asked to end; it has once it is not running any more")
    result: dict[str, Any] | None
    error: OperationError | None
    created: datetime
    finished: datetime | None


class OperationPage(Answer):
    """A part of a list."""

    operations: list[OperationAnswer]
    next: str | None = Field(description="cursor of the next page")


def operation_answer(operation: Operation) -> OperationAnswer:
    """Return what clients are told of an operation."""
    values: dict[str, Any] = {name: getattr(operation, name) for name in OperationAnswer.model_fields}
    values["notes"] = list(operation.notes)
    values["progress"] = None if operation.progress is None else OperationProgress(**operation.progress)
    values["error"] = None if operation.error is None else OperationError(**operation.error)
    return OperationAnswer(**values)


@ROUTER.get("", responses=documented())
def show_all(page: Annotated[Page, Query()], parts: Parts, caller: Reader) -> OperationPage:
    """List operations, the newest first; each is kept for some days."""
    before = parts.cursors.number(page.cursor)
    whose = (OPERATIONS.c.tenant, caller.tenant)
    with reading(parts.engine) as connection:
        rows = page_of(connection, whose, OPERATIONS.c.number, before, page.limit)
    found = [operation_of(row) for row in rows]
    shown = [operation_answer(each) for each in found[: page.limit]]
    return OperationPage(operations=shown, next=parts.cursors.next_of(found, page.limit))


@ROUTER.get("/{operation_id}", responses=documented(404))
def show(operation_id: Id, parts: Parts, caller: Reader) -> OperationAnswer:
    """Show one operation."""
    return operation_answer(parts.operations.get(operation_id, tenant=caller.tenant))


@ROUTER.post("/{operation_id}/cancel", responses=documented(404, 409))
def cancel(operation_id: Id, parts: Parts, caller: Reader, _key: IdempotencyKey = None) -> OperationAnswer:
    """Ask an operation to end: those who asked for it and administrators may. What it did up to then may stay."""
    found = parts.operations.get(operation_id, tenant=caller.tenant)
    if found.owner != caller.actor and "admin" not in caller.scopes:
        raise NotAllowedError("Somebody else asked for this operation", "Ask them, or an administrator", reason="owner")
    return operation_answer(parts.operations.cancel(operation_id, tenant=caller.tenant))
