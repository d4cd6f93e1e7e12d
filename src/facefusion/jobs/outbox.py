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
    Boolean,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
    bindparam,
    insert,
    literal,
    select,
)

from facefusion.jobs.schema import JOBS, METADATA

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
    "segment.done",
)
"""Kinds of events of which others can be told; those of tasks name machines of ours, and stay inside."""

_NUMBER: Final = BigInteger().with_variant(Integer, "sqlite")
WEBHOOKS: Final = Table(
    "webhooks",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("url", String(2000), nullable=False),
    Column("description", String(200), nullable=False),
    Column("secret", LargeBinary, nullable=False),  # sealed
    Column("old_secret", LargeBinary),  # sealed
    Column("old_secret_until", BigInteger),
    Column("is_enabled", Boolean, nullable=False),
    Column("disabled_reason", String(200)),  # where it was not the tenant who did that
    Column("failing_since", BigInteger),  # none of its messages arrived from then on
    Column("revision", Integer, nullable=False),
    Column("created", BigInteger, nullable=False),
    Index("webhooks_by_tenant", "tenant", "created"),
)
WEBHOOK_KINDS: Final = Table(
    "webhook_kinds",
    METADATA,
    Column("tenant", String(64), primary_key=True),
    Column("kind", String(40), primary_key=True),
    Column("webhook", String(32), ForeignKey("webhooks.id", ondelete="CASCADE"), primary_key=True),
    Index("webhook_kinds_of", "webhook"),
)
DELIVERIES: Final = Table(
    "deliveries",
    METADATA,
    Column("number", _NUMBER, primary_key=True, autoincrement=True),
    Column("message", String(40), nullable=False),
    # No foreign key: a webhook that is removed at the same moment must not undo what happens to a job.
    Column("webhook", String(32), nullable=False),
    Column("tenant", String(64), nullable=False),
    Column("kind", String(40), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("state", String(12), nullable=False),  # waiting, delivered, dead
    Column("since", BigInteger, nullable=False),  # from when on it is tried
    Column("not_before", BigInteger, nullable=False),
    Column("until", BigInteger),  # while somebody is sending it
    Column("token", Integer, nullable=False),  # grows with each try: who has an older one is out
    Column("attempts", Integer, nullable=False),
    Column("status", Integer),  # of HTTP, of the last try
    Column("reason", String(300)),  # why the last try failed
    Column("ended", BigInteger),
    # The job as it was, none of it where the message is of something else.
    Column("job", String(32)),
    Column("job_state", String(16)),
    Column("job_revision", Integer),
    Column("job_created", BigInteger),
    Column("job_started", BigInteger),
    Column("job_finished", BigInteger),
    Column("job_segments", Integer),
    Column("job_segments_done", Integer),
    Column("job_frames", BigInteger),
    Column("job_error", JSON),
    Column("job_result", JSON),
    Column("facts", JSON),
    UniqueConstraint("webhook", "message"),
    Index("deliveries_in_order", "state", "not_before"),
    Index("deliveries_of_webhook", "webhook", "number"),
    Index("deliveries_being_sent", "until"),
)

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


def owe(
    connection: Connection, number: int, tenant: str, now: int, kind: str, facts: Mapping[str, Any] | None = None
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
