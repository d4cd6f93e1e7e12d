"""The tables of the audit log."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Index, LargeBinary, MetaData, String, Table, Text, UniqueConstraint

TABLES: Final = MetaData()

ENTRIES: Final = Table(
    "audit_entry",
    TABLES,
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("id", String(32), nullable=False, unique=True),
    Column("time", String(40), nullable=False, index=True),
    Column("kind", String(20), nullable=False),
    Column("tenant", String(64), nullable=False),
    Column("job", String(64), index=True),
    Column("result", String(20)),
    Column("body", Text, nullable=False),
    Column("previous", String(64), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("signature", String(128), nullable=False),
)
"""The chain itself; what stands beside `body` repeats parts of it, for queries."""

REFERENCES: Final = Table(
    "audit_reference",
    TABLES,
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("what", String(20), primary_key=True),
    Column("value", String(128), primary_key=True),
    Index("audit_reference_value", "value", "what"),
)
"""By what entries are found: digests of outputs, identifiers they bear, pseudonyms."""

PEOPLE: Final = Table(
    "audit_person",
    TABLES,
    Column("pseudonym", String(32), primary_key=True),
    Column("role", String(20), nullable=False),
    Column("tenant", String(64), nullable=False),
    Column("lookup", String(64), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    UniqueConstraint("role", "tenant", "lookup"),
)
"""Who a pseudonym is, encrypted; the only place that says so, and erasure removes the row."""

INPUT_KEYS: Final = Table(
    "audit_input_key",
    TABLES,
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("key", LargeBinary, nullable=False),
)
"""By what the digests of inputs in an entry were made; without it they can be compared with nothing."""
