"""The tables of the gateway, beside those of jobs."""

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
    String,
    Table,
    UniqueConstraint,
)

from facefusion.jobs.schema import METADATA

# SQLite numbers rows by itself only where the type is INTEGER.
_NUMBER: Final = BigInteger().with_variant(Integer, "sqlite")
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
USERS: Final = Table(
    "users",
    METADATA,
    Column("number", _NUMBER, primary_key=True, autoincrement=True),
    Column("id", String(32), nullable=False, unique=True),
    Column("tenant", String(_TENANT), ForeignKey("tenants.id"), nullable=False),
    Column("name", String(100), nullable=False),
    Column("folded", String(200), nullable=False),  # the name, as it is looked for
    Column("password", String(200), nullable=False),  # Argon2id, with its salt and parameters
    Column("must_change", Boolean, nullable=False),  # somebody else knows the password
    Column("generation", Integer, nullable=False, default=0),  # of the password; sessions of an older one have ended
    Column("role", String(16), nullable=False),
    Column("is_active", Boolean, nullable=False, default=True),
    Column("created", BigInteger, nullable=False),
    Column("created_by", String(200), nullable=False),
    Column("seen", BigInteger),  # to the hour
    UniqueConstraint("tenant", "folded"),
    Index("users_by_tenant", "tenant", "number"),
)
SESSIONS: Final = Table(
    "sessions",
    METADATA,
    Column("digest", String(64), primary_key=True),  # HMAC of the identifier; the identifier itself is nowhere
    Column("way", String(8), nullable=False),  # key, password, local
    Column("key", String(12), ForeignKey("api_keys.id", ondelete="CASCADE")),
    Column("account", _NUMBER, ForeignKey("users.number", ondelete="CASCADE")),
    Column("generation", Integer),  # of the account's password
    Column("start", String(64)),  # digest of the local token
    Column("created", BigInteger, nullable=False),
    Column("seen", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),  # whatever is done with it
    Column("ends", BigInteger, nullable=False),  # if nothing more is done with it
    Index("sessions_by_end", "ends"),
    Index("sessions_by_key", "key"),
    Index("sessions_by_account", "account", "created"),
)
