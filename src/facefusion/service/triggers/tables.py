"""The tables of triggers, beside those of jobs; times are whole microseconds since 1970 in UTC."""

from __future__ import annotations

from typing import Final

from sqlalchemy import JSON, BigInteger, Boolean, Column, ForeignKey, Index, Integer, LargeBinary, String, Table

from facefusion.jobs.schema import METADATA

TRIGGERS: Final = Table(
    "triggers",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("name", String(200), nullable=False),
    Column("source", String(1200), nullable=False),
    Column("suffixes", JSON, nullable=False),
    Column("request", JSON, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("is_enabled", Boolean, nullable=False),
    Column("secret", LargeBinary, nullable=False),  # sealed
    Column("refused", BigInteger),  # when an object last started no job though it matched
    Column("refused_reason", String(400)),
    Column("revision", Integer, nullable=False),
    Column("created", BigInteger, nullable=False),
    Index("triggers_by_tenant", "tenant", "created"),
)
TRIGGERED: Final = Table(
    "triggered",
    METADATA,
    Column("trigger", String(32), ForeignKey("triggers.id", ondelete="CASCADE"), primary_key=True),
    Column("object", String(64), primary_key=True),  # digest of its address and version
    Column("job", String(32)),  # None for a moment within the transaction that starts it
    Column("at", BigInteger, nullable=False),
    Index("triggered_by_age", "at"),
)
