"""The table of links; times are whole microseconds since 1970 in UTC."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table

from facefusion.jobs.schema import METADATA

# SQLite numbers rows by itself only where the type is INTEGER.
_NUMBER: Final = BigInteger().with_variant(Integer, "sqlite")
LINKS: Final = Table(
    "job_links",
    METADATA,
    Column("number", _NUMBER, primary_key=True, autoincrement=True),
    Column("id", String(32), nullable=False, unique=True),
    Column("job", _NUMBER, ForeignKey("jobs.number", ondelete="CASCADE"), nullable=False),
    Column("owner", String(200), nullable=False),
    Column("label", String(200), nullable=False),
    Column("digest", String(64), nullable=False, unique=True),  # SHA-256 of the token, which is kept nowhere
    Column("created", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Index("links_of_job", "job", "number"),
)
