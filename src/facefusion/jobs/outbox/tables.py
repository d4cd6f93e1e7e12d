"""The tables of webhooks and of what is to be sent to them; times are microseconds since 1970 in UTC."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
)

from facefusion.jobs.schema import METADATA

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
