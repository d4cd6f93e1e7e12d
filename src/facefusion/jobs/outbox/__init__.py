"""The outbox: what others are to be told of jobs, written in the transaction in which it happens.

A row is a message to one webhook. It holds the job as it was at that moment, so that whoever sends it needs the job no
more, and every try of it says the same. Where nobody wants to be told, this costs one look into an index.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    Connection,
    Integer,
    String,
    bindparam,
    exists,
    insert,
    literal,
    literal_column,
    select,
)

from facefusion.jobs.outbox.tables import DELIVERIES, WEBHOOK_KINDS, WEBHOOKS
from facefusion.jobs.schema import JOBS

JOB_KINDS: Final = (
    "job.queued",
    "job.planning",
    "job.running",
    "job.merging",
    "job.review",
    "job.succeeded",
    "job.failed",
    "job.cancelled",
    "job.rejected",
    "job.paused",
    "job.resumed",
    "job.measured",
    "segment.done",
    "storage.full",
)
"""Kinds of events of which others can be told; those of tasks name machines of ours, and stay inside.

`job.whole` says why a job is done whole after all, in words; that it begins anew `job.queued` tells, which follows.
"""

_TOLD: Final = frozenset(JOB_KINDS)
_OF_THE_JOB: Final = {
    "job": JOBS.c.id,
    "job_state": JOBS.c.state,
    "job_revision": JOBS.c.revision,
    "job_created": JOBS.c.created,
    "job_started": JOBS.c.started,
    "job_finished": JOBS.c.finished,
    "job_segments": JOBS.c.segments,
    "job_segments_done": JOBS.c.segments_done,
    "job_frames": JOBS.c.frames,
    "job_error": JOBS.c.error,
    "job_result": JOBS.c.result,
}
_NOW: Final = bindparam("now", type_=BigInteger)
_VALUES: Final = {
    "message": bindparam("message", type_=String),
    "webhook": WEBHOOKS.c.id,
    "tenant": WEBHOOKS.c.tenant,
    "kind": WEBHOOK_KINDS.c.kind,
    "at": _NOW,
    "state": literal("waiting"),
    "since": _NOW,
    "not_before": _NOW,
    "token": literal(0),
    "attempts": literal(0),
    "facts": bindparam("more", type_=JSON),
    **_OF_THE_JOB,
}
_OWED: Final = insert(DELIVERIES).from_select(
    list(_VALUES),
    select(*_VALUES.values())
    .select_from(WEBHOOK_KINDS.join(WEBHOOKS, WEBHOOKS.c.id == WEBHOOK_KINDS.c.webhook))
    .join(JOBS, JOBS.c.number == bindparam("number", type_=BigInteger))
    .where(WEBHOOK_KINDS.c.tenant == bindparam("whose", type_=String))
    .where(WEBHOOK_KINDS.c.kind == bindparam("what", type_=String))
    .where(WEBHOOKS.c.is_enabled),
    include_defaults=False,
)


def new_message() -> str:
    """Return the identifier of a message; all webhooks that get it know it by the same."""
    return f"msg_{secrets.token_hex(12)}"


def is_heard(tenant: ColumnElement[str]) -> ColumnElement[bool]:
    """Return the question whether a tenant has any webhook, for a statement that looks at its jobs anyway."""
    one = literal_column("1", Integer)
    return exists(select(one).select_from(WEBHOOK_KINDS).where(WEBHOOK_KINDS.c.tenant == tenant))


def owe(
    connection: Connection, number: int, tenant: str, *, now: int, kind: str, facts: Mapping[str, Any] | None = None
) -> None:
    """Write down that all webhooks which want to know of an event of a job are to be told.

    Args:
        connection: in the transaction in which it happens, with the job as it is after it.
        number: of the job.
        tenant: whose it is.
        now: the time.
        kind: of the event; one of which nobody is told is left alone.
        facts: more of it, as JSON values.
    """
    if kind in _TOLD:
        values = {"message": new_message(), "number": number, "whose": tenant, "what": kind, "now": now}
        connection.execute(_OWED, {**values, "more": dict(facts or {})})
