"""The tables of the gateway, beside those of jobs."""

from __future__ import annotations

from typing import Final

from sqlalchemy import JSON, BigInteger, Boolean, Column, ForeignKey, Index, String, Table

from facefusion.jobs.schema import METADATA

_TENANT: Final = 64

API_KEYS: Final = Table(
    "api_keys",
    METADATA,
    Column("id", String(12), primary_key=True),
    Column("line", String(12), nullable=False),  # the first of the keys that took each other's place
    Column("tenant", String(_TENANT), ForeignKey("tenants.id"), nullable=False),
    Column("name", String(100), nullable=False),
    Column("digest", String(64), nullable=False),  # HMAC of the whole key; the key itself is nowhere
    Column("grants", JSON, nullable=False),  # a role, or scopes
    Column("created", BigInteger, nullable=False),
    Column("created_by", String(200), nullable=False),
    Column("expires", BigInteger, nullable=False),
    Column("used", BigInteger),  # to the hour
    Column("revoked", BigInteger),
    Column("replaced_by", String(12)),
    Index("api_keys_by_tenant", "tenant", "created"),
)
RULES: Final = Table(
    "tenant_rules",
    METADATA,
    Column("tenant", String(_TENANT), ForeignKey("tenants.id", ondelete="CASCADE"), primary_key=True),
    Column("requests_a_day", BigInteger),  # None: what holds for all
    Column("is_reviewed", Boolean, nullable=False, default=False),
)
