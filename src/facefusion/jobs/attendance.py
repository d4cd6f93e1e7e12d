"""Which workers are there: each says so now and then, and is forgotten when it was silent for long."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import BigInteger, Connection, String, bindparam, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from facefusion.jobs.schema import WORKERS

_POSTGRESQL: Final = postgresql.insert(WORKERS)
_SQLITE: Final = sqlite.insert(WORKERS)
_SEEN: Final = {
    "postgresql": _POSTGRESQL.on_conflict_do_update(
        index_elements=["id"], set_={"seen": _POSTGRESQL.excluded.seen, "facts": _POSTGRESQL.excluded.facts}
    ),
    "sqlite": _SQLITE.on_conflict_do_update(
        index_elements=["id"], set_={"seen": _SQLITE.excluded.seen, "facts": _SQLITE.excluded.facts}
    ),
}
_GONE: Final = delete(WORKERS).where(WORKERS.c.id == bindparam("who", type_=String))
_IS_SILENT: Final = WORKERS.c.seen < bindparam("since", type_=BigInteger)
_ONE_SILENT: Final = select(WORKERS.c.id).where(_IS_SILENT).limit(1)
_FORGOTTEN: Final = delete(WORKERS).where(_IS_SILENT)


def note_seen(connection: Connection, worker: str, facts: Mapping[str, Any], now: int) -> None:
    """Write that a worker is there."""
    connection.execute(_SEEN[connection.dialect.name], {"id": worker, "began": now, "seen": now, "facts": dict(facts)})


def note_gone(connection: Connection, worker: str) -> None:
    """Write that a worker has ended."""
    connection.execute(_GONE, {"who": worker})


def any_silent(connection: Connection, since: int) -> bool:
    """Return whether a worker was not heard of since a time."""
    return connection.execute(_ONE_SILENT, {"since": since}).first() is not None


def forget_silent(connection: Connection, since: int) -> None:
    """Forget workers that were not heard of since a time."""
    connection.execute(_FORGOTTEN, {"since": since})
