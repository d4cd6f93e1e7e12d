"""Whether the audit log is as it was written: checked beside requests, as a long log takes a while."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends
from pydantic import Field
from sqlalchemy import Connection, select

from facefusion.jobs.database import reading, writing
from facefusion.service.background.operations import Operation, Teller, Work, operation_of
from facefusion.service.gateway.access import require
from facefusion.service.gateway.caller import Caller
from facefusion.service.parts import Parts, ServiceParts
from facefusion.service.problems import documented
from facefusion.service.route import IdempotencyKey, ServiceRoute
from facefusion.service.routes.operations import OperationError
from facefusion.service.tables import OPERATIONS
from facefusion.service.values import Answer
from facefusion.trust.audit import AuditKeys, Wanted

ROUTER: Final = APIRouter(prefix="/v1/audit/chain", tags=["audit"], route_class=ServiceRoute)
_KIND: Final = "audit.check"
_BROKEN: Final = "AuditBrokenError"

Reader = Annotated[Caller, Depends(require("audit:read"))]
ChainState = Literal["unchecked", "checking", "holds", "broken", "failed"]


class ChainAnswer(Answer):
    """What the last check of the log found."""

    state: ChainState = Field(description="`broken`: it was changed; `failed`: the check did not come to its end")
    begun: datetime | None = Field(description="when the check began")
    checked: datetime | None = Field(description="when it ended; entries of later times are not in it")
    entries: int | None = Field(description="of the caller's tenant that were there and hold")
    problem: OperationError | None = Field(description="what was found, and where")
    public_key: str = Field(description="Ed25519, 64 hexadecimal digits: checks signatures of entries")


@ROUTER.get("", responses=documented())
def show_chain(parts: Parts, caller: Reader) -> ChainAnswer:
    """Show what the last check of the log found; it is kept for some days."""
    with reading(parts.engine) as connection:
        return _answer(parts, _last(connection, caller))


@ROUTER.post("", status_code=202, responses=documented())
def check_chain(parts: Parts, caller: Reader, _key: IdempotencyKey = None) -> ChainAnswer:
    """Hold every entry against the one before, its signature, the collected lines and the head, beside this request.

    Where a check goes on already, it is that one.
    """
    with writing(parts.engine) as connection:
        last = _last(connection, caller)
        if last is not None and last.state == "running":
            return _answer(parts, last)
        begun = parts.operations.begin(
            connection, tenant=caller.tenant, owner=caller.actor, kind=_KIND, about="the audit log"
        )
    parts.operations.run(begun, _checking(parts, caller.tenant))
    return _answer(parts, begun)


def _last(connection: Connection, caller: Caller) -> Operation | None:
    mine = (OPERATIONS.c.tenant == caller.tenant) & (OPERATIONS.c.kind == _KIND)
    row = connection.execute(select(OPERATIONS).where(mine).order_by(OPERATIONS.c.number.desc()).limit(1)).one_or_none()
    return None if row is None else operation_of(row)


def _checking(parts: ServiceParts, tenant: str) -> Work:
    def work(_tell: Teller, _stop: threading.Event) -> Mapping[str, Any]:
        report = parts.records.audit.verify()
        wanted = Wanted(tenant=tenant, before=report.head.sequence + 1)
        return {"entries": sum(1 for _ in parts.records.audit.entries(wanted))}

    return work


def _answer(parts: ServiceParts, last: Operation | None) -> ChainAnswer:
    error = None if last is None or last.error is None else OperationError(**last.error)
    return ChainAnswer(
        state=_state(last, error),
        begun=None if last is None else last.created,
        checked=None if last is None else last.finished,
        entries=None if last is None or last.result is None else int(last.result["entries"]),
        problem=error,
        public_key=AuditKeys.of(parts.records.ring).public_hex,
    )


def _state(last: Operation | None, error: OperationError | None) -> ChainState:
    if last is None:
        return "unchecked"
    if error is not None:
        return "broken" if error.type == _BROKEN else "failed"
    return "checking" if last.state == "running" else "holds"
