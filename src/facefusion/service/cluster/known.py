"""The processes that the database knows: workers and services, and what each says of itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from sqlalchemy import Connection, select

from facefusion.jobs.alike import FACT
from facefusion.jobs.database import database_time, reading
from facefusion.jobs.schema import WORKERS
from facefusion.service.cluster.values import Place
from facefusion.service.tables import PROCESSES

SILENT_SECONDS: Final = 90.0
"""Without a word for so long a process counts as lost; workers say something each ten seconds, services each thirty."""
Kind = Literal["worker", "service"]


@dataclass(frozen=True, slots=True)
class Process:
    """One process.

    Attributes:
        kind: what it does.
        name: by which it is known.
        silent: seconds since it said something.
        facts: what it says.
    """

    kind: Kind
    name: str
    silent: float
    facts: Mapping[str, Any]

    @property
    def is_there(self) -> bool:
        """Whether it was heard of lately."""
        return self.silent <= SILENT_SECONDS

    @property
    def host(self) -> str:
        """The machine that it runs on."""
        return str(self.facts.get("host", "?"))

    def alike(self, what: str) -> str | None:
        """Return what it finds of something that has to be alike; None where it did not say so yet."""
        told = self.facts.get(FACT)
        found = told.get(what) if isinstance(told, Mapping) else None
        return None if found is None else str(found)


def known_processes(place: Place) -> list[Process]:
    """Return all processes that the database knows, workers first.

    Raises:
        JobsUnavailableError: the database cannot be used.
    """
    with place.database() as engine, reading(engine) as connection:
        now = database_time(connection)
        return [*_of(connection, "worker", now), *_of(connection, "service", now)]


def _of(connection: Connection, kind: Kind, now: int) -> list[Process]:
    table = WORKERS if kind == "worker" else PROCESSES
    rows = connection.execute(select(table).order_by(table.c.id))
    return [Process(kind, str(row.id), max(0.0, (now - row.seen) / 1e6), dict(row.facts)) for row in rows]
