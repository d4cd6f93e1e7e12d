"""The tables of the service, beside those of jobs; times are whole microseconds since 1970 in UTC."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
)

from facefusion.jobs.schema import METADATA

# SQLite numbers rows by itself only where the type is INTEGER.
_NUMBER: Final = BigInteger().with_variant(Integer, "sqlite")
_TENANT: Final = 64
_ID: Final = 32
_NAME: Final = 255

UPLOADS: Final = Table(
    "uploads",
    METADATA,
    Column("number", _NUMBER, primary_key=True, autoincrement=True),
    Column("id", String(_ID), nullable=False, unique=True),
    Column("tenant", String(_TENANT), nullable=False),
    Column("owner", String(200), nullable=False),
    Column("name", String(_NAME), nullable=False),
    Column("type", String(_NAME), nullable=False),  # as the client says
    Column("state", String(8), nullable=False),  # open, ready, failed
    Column("size", BigInteger, nullable=False),
    Column("received", BigInteger, nullable=False, default=0),
    Column("wanted_sha256", String(64)),
    Column("sha256", String(64)),
    Column("kind", String(16)),  # what the bytes are: picture, video, sound, face, other
    Column("facts", JSON, nullable=False, default=dict),
    Column("direct", String(400)),  # where the client puts it itself, until it is taken over
    Column("created", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Index("uploads_by_tenant", "tenant", "number"),
    Index("uploads_by_end", "expires"),
)
UPLOAD_PARTS: Final = Table(
    "upload_parts",
    METADATA,
    Column("upload", _NUMBER, ForeignKey("uploads.number", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("first", BigInteger, primary_key=True, autoincrement=False),
    Column("size", BigInteger, nullable=False),
    Column("key", String(400), nullable=False),
)
UPLOAD_USES: Final = Table(
    "upload_uses",
    METADATA,
    Column("upload", _NUMBER, ForeignKey("uploads.number", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("job", _NUMBER, ForeignKey("jobs.number", ondelete="CASCADE"), primary_key=True, autoincrement=False),
)
UPLOAD_PEOPLE: Final = Table(
    "upload_people",
    METADATA,
    Column("upload", _NUMBER, ForeignKey("uploads.number", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("operation", String(_ID), nullable=False),
    Column("share", Float, nullable=False),
    Column("found", JSON),  # None until they are found
)
FACES: Final = Table(
    "faces",
    METADATA,
    Column("number", _NUMBER, primary_key=True, autoincrement=True),
    Column("id", String(_ID), nullable=False, unique=True),
    Column("tenant", String(_TENANT), nullable=False),
    Column("owner", String(200), nullable=False),
    Column("name", String(_NAME), nullable=False),
    Column("operation", String(_ID), nullable=False),
    Column("size", BigInteger),
    Column("sha256", String(64)),
    Column("facts", JSON),  # None until it is built
    Column("created", BigInteger, nullable=False),
    Index("faces_by_tenant", "tenant", "number"),
)
OPERATIONS: Final = Table(
    "operations",
    METADATA,
    Column("number", _NUMBER, primary_key=True, autoincrement=True),
    Column("id", String(_ID), nullable=False, unique=True),
    Column("tenant", String(_TENANT), nullable=False),
    Column("owner", String(200), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("state", String(10), nullable=False),  # running, succeeded, failed
    Column("about", String(_NAME), nullable=False),
    Column("notes", JSON, nullable=False, default=list),
    Column("progress", JSON),
    Column("is_cancelled", Boolean, nullable=False, default=False),  # whether it was asked to end
    Column("result", JSON),
    Column("error", JSON),
    Column("created", BigInteger, nullable=False),
    Column("seen", BigInteger, nullable=False),  # when whoever does it last said so
    Column("finished", BigInteger),
    Index("operations_by_tenant", "tenant", "number"),
)
IDEMPOTENCY: Final = Table(
    "idempotency",
    METADATA,
    Column("caller", String(64), primary_key=True),  # digest of tenant, actor and key
    Column("request", String(64), nullable=False),
    Column("claim", String(_ID), nullable=False),
    Column("opened", BigInteger, nullable=False),
    Column("status", Integer),  # None while it is being answered
    Column("headers", JSON),
    Column("body", Text),
    Index("idempotency_by_age", "opened"),
)
PROCESSES: Final = Table(
    "service_processes",
    METADATA,
    Column("id", String(200), primary_key=True),
    Column("began", BigInteger, nullable=False),
    Column("seen", BigInteger, nullable=False),
    Column("facts", JSON, nullable=False),  # host, process, version, what has to be alike everywhere, last upkeep
)
