"""The tables of jobs; times are whole microseconds since 1970 in UTC, which all databases keep and order alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    TypeDecorator,
    UniqueConstraint,
    text,
)

METADATA: Final = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)
"""Holds the tables of all parts; each constraint has a name, by which a later version of the schema can change it."""
# SQLite numbers rows by itself only where the type is INTEGER.
_NUMBER: Final = BigInteger().with_variant(Integer, "sqlite")


class _Request(TypeDecorator[Any]):
    """JSON that somebody may have spoilt: what is no object is read as an empty one, of which no job can be made."""

    impl = JSON
    cache_ok = True

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any]:
        """Return what makes a value of what the database gives."""
        read = super().result_processor(dialect, coltype)

        def process(value: Any) -> Any:
            try:
                found = value if read is None else read(value)
            except ValueError:
                found = None
            return found if isinstance(found, dict) else {}

        return process


_TENANT: Final = 64
_ID: Final = 32


def _only(condition: str) -> dict[str, Any]:
    """Return what makes an index hold only rows of which something is true."""
    return {"postgresql_where": text(condition), "sqlite_where": text(condition)}


TENANTS: Final = Table(
    "tenants",
    METADATA,
    Column("id", String(_TENANT), primary_key=True),
    Column("weight", Integer, nullable=False, default=1),  # of its share where several have work
    Column("max_running", Integer),  # tasks at one time
    Column("max_queued", Integer),  # jobs that are not finished
    Column("max_priority", Integer, nullable=False, default=9),
    Column("max_bytes", BigInteger),  # in storage
    Column("is_paused", Boolean, nullable=False, default=False),
    Column(
        "served", BigInteger, nullable=False, default=0
    ),  # microseconds of workers' time for its weight, of attempts that ended
)
JOBS: Final = Table(
    "jobs",
    METADATA,
    Column("number", _NUMBER, primary_key=True, autoincrement=True),  # the order in which they came
    Column("id", String(_ID), nullable=False, unique=True),
    Column("tenant", String(_TENANT), ForeignKey("tenants.id"), nullable=False),
    Column("owner", String(200), nullable=False),
    Column("state", String(16), nullable=False),
    Column("is_paused", Boolean, nullable=False, default=False),
    Column("needs_review", Boolean, nullable=False, default=False),
    Column("priority", Integer, nullable=False),
    Column("revision", Integer, nullable=False, default=1),  # counts what changed, for readers that ask again
    Column("request", _Request, nullable=False),
    Column("names", JSON),  # what the files of the request are called, by their references
    Column("origin", JSON),  # by which request and trace it came
    Column("created", BigInteger, nullable=False),
    Column("queued", BigInteger, nullable=False),  # when it last came into the queue
    Column("started", BigInteger),
    Column("finished", BigInteger),
    Column("segments", Integer),  # known once it is planned
    Column("segments_done", Integer, nullable=False, default=0),
    Column("frames", BigInteger),  # of the output, as far as is known
    Column("error", JSON),
    Column("result", JSON),
    Column("review", JSON),
    Index("jobs_by_tenant", "tenant", "number"),
    Index("jobs_by_state", "tenant", "state", "number"),
    sqlite_autoincrement=True,  # a number is never given again, so that nobody mistakes a job for one that was removed
)
# Letters are compared by their numbers everywhere, so that what begins with a word is one range of the index.
_WORD: Final = String(64).with_variant(String(64, collation="C"), "postgresql")
WORDS: Final = Table(
    "job_words",
    METADATA,
    Column("tenant", String(_TENANT), primary_key=True),
    Column("word", _WORD, primary_key=True),
    Column("job", _NUMBER, ForeignKey("jobs.number", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("is_error", Boolean, nullable=False),  # that it is found so no longer when it is tried again
    Index("words_of_job", "job", "word"),
)
PLANS: Final = Table(
    "plans",
    METADATA,
    Column("job", _NUMBER, ForeignKey("jobs.number", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("content", JSON, nullable=False),  # where it lies, its digest, its segments
    Column("planned", BigInteger, nullable=False),
)
TASKS: Final = Table(
    "tasks",
    METADATA,
    Column("id", _NUMBER, primary_key=True, autoincrement=True),
    Column("job", _NUMBER, ForeignKey("jobs.number", ondelete="CASCADE"), nullable=False),
    Column("tenant", String(_TENANT), nullable=False),
    Column("kind", String(8), nullable=False),
    Column("number", Integer, nullable=False),  # of the segment, from 0; 0 for all others
    Column("state", String(12), nullable=False),
    Column("rank", Integer, nullable=False),  # minus the priority, so that an index has them in the order of turns
    Column("not_before", BigInteger, nullable=False, default=0),
    Column("failures", Integer, nullable=False, default=0),  # told by workers
    Column("losses", Integer, nullable=False, default=0),  # workers that were not heard of any more
    Column("token", Integer, nullable=False, default=0),  # grows with each lease: who has an older one is out
    Column("frames", BigInteger),
    Column("result", JSON),
    UniqueConstraint("job", "kind", "number"),
    # Only of what may be begun, in the order in which it is: the first entry of each tenant is its turn.
    Index("tasks_ready", "tenant", "rank", "job", "number", **_only("state = 'ready'")),
    Index("tasks_of_job", "job", "state"),
    sqlite_autoincrement=True,
)
LEASES: Final = Table(
    "leases",
    METADATA,
    Column("task", _NUMBER, ForeignKey("tasks.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("tenant", String(_TENANT), nullable=False),
    Column("token", Integer, nullable=False),
    Column("worker", String(200), nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("frames", BigInteger, nullable=False, default=0),  # finished, as last heard
    Index("leases_by_end", "until"),
    Index("leases_of_tenant", "tenant"),
)
ATTEMPTS: Final = Table(
    "attempts",
    METADATA,
    Column("task", _NUMBER, ForeignKey("tasks.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("token", Integer, primary_key=True, autoincrement=False),
    Column("worker", String(200), nullable=False),
    Column("kind", String(8), nullable=False),
    Column("work", String(200), nullable=False),  # its processors: what took so long is comparable with it
    Column("began", BigInteger, nullable=False),
    Column("ended", BigInteger),
    Column("outcome", String(12)),
    Column("error", JSON),
    Column("seconds", Float),
    Column("facts", JSON),  # what the worker measured: seconds by stage, frames, device
    Index("attempts_measured", "kind", "work", "ended", **_only("outcome = 'done'")),
    Index("attempts_by_end", "ended", **_only("outcome = 'done'")),
)
SAMPLES: Final = Table(
    "quality_samples",
    METADATA,
    Column("job", _NUMBER, ForeignKey("jobs.number", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("tenant", String(_TENANT), nullable=False),
    Column("state", String(8), nullable=False),  # waiting, measured, skipped
    Column("drawn", BigInteger, nullable=False),
    Column("not_before", BigInteger, nullable=False),  # also until when whoever measures it has to be done
    Column("tries", Integer, nullable=False, default=0),
    Column("token", Integer, nullable=False, default=0),  # grows with each try: who has an older one is out
    Column("inputs", JSON, nullable=False),  # SHA-256 of the files that the job was made of
    Column("measured", BigInteger),
    Column("worker", String(200)),
    Column("version", String(64)),
    Column("is_suspicious", Boolean, nullable=False, default=False),
    Column("facts", JSON),  # measures and flags, or why there are none
    Index("samples_waiting", "not_before", **_only("state = 'waiting'")),
    Index("samples_by_time", "tenant", "measured"),
    Index("samples_suspicious", "tenant", "job", **_only("is_suspicious")),
)
STORED: Final = Table(
    "tenant_storage",
    METADATA,
    Column("tenant", String(_TENANT), ForeignKey("tenants.id", ondelete="CASCADE"), primary_key=True),
    Column("what", String(200), primary_key=True),  # such as uploads/ID or jobs/ID
    Column("bytes", BigInteger, nullable=False),
)
EVENTS: Final = Table(
    "events",
    METADATA,
    Column("id", _NUMBER, primary_key=True, autoincrement=True),
    Column("job", _NUMBER, ForeignKey("jobs.number", ondelete="CASCADE"), nullable=False),
    Column("tenant", String(_TENANT), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("kind", String(40), nullable=False),
    Column("facts", JSON, nullable=False),
    Index("events_of_job", "job", "id"),
    sqlite_autoincrement=True,
)
FRAMES: Final = Table(
    "job_frames",
    METADATA,
    Column("id", _NUMBER, primary_key=True, autoincrement=True),
    Column("job", _NUMBER, ForeignKey("jobs.number", ondelete="CASCADE"), nullable=False),
    Column("number", BigInteger, nullable=False),  # of the frame in the output
    Column("task", _NUMBER, nullable=False),
    Column("token", Integer, nullable=False),  # under which it was made: what older leases showed is gone
    Column("seconds", Float, nullable=False),
    Column("key", String(400), nullable=False),
    Column("size", Integer, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
    UniqueConstraint("job", "number"),
    sqlite_autoincrement=True,
)
WORKERS: Final = Table(
    "workers",
    METADATA,
    Column("id", String(200), primary_key=True),
    Column("began", BigInteger, nullable=False),
    Column("seen", BigInteger, nullable=False),
    Column("facts", JSON, nullable=False),  # host, process, devices, version
)
SCHEMA: Final = Table(
    "jobs_schema",
    METADATA,
    Column("version", String(8), primary_key=True),  # of this schema, once it was reached
    Column("works_from", String(8), nullable=False),  # the version of the oldest program that works with it
)
