"""Figures of the queue, as the database has them: the same whoever is asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Final

from sqlalchemy import BigInteger, Connection, Engine, bindparam, func, literal_column, select

from facefusion.jobs.backlog import claimable
from facefusion.jobs.database import Clock, database_time, reading
from facefusion.jobs.outbox.tables import DELIVERIES
from facefusion.jobs.schema import JOBS, SAMPLES, STORED, TASKS, TENANTS, WORKERS
from facefusion.jobs.states import ACTIVE
from facefusion.telemetry import catalogue
from facefusion.telemetry.exposition import Figure

_HEARD_SECONDS: Final = 60.0
_SHOWN: Final = tuple(product(*(label.values for label in catalogue.TASKS_OPEN.labels)))
_OPEN: Final = (*sorted(ACTIVE), "review")
_JOBS: Final = select(JOBS.c.state, func.count()).where(JOBS.c.state.in_(_OPEN)).group_by(JOBS.c.state)
_TASKS: Final = (
    select(TASKS.c.kind, TASKS.c.state, func.count())
    .join(JOBS, JOBS.c.number == TASKS.c.job)
    .where(JOBS.c.state.in_(sorted(ACTIVE)))
    .group_by(TASKS.c.kind, TASKS.c.state)
)
_OLDEST: Final = (
    select(func.min(JOBS.c.queued))
    .join(TENANTS, TENANTS.c.id == JOBS.c.tenant)
    .where(JOBS.c.state == "queued", JOBS.c.is_paused.is_(False), TENANTS.c.is_paused.is_(False))
)
_WORKERS: Final = select(WORKERS.c.facts).where(WORKERS.c.seen >= bindparam("since", type_=BigInteger))
# In words, not as parameters: only so do databases know that an index serves.
_MESSAGES: Final = select(func.count()).where(DELIVERIES.c.state == literal_column("'waiting'"))
_SAMPLES: Final = select(func.count()).where(SAMPLES.c.state == literal_column("'waiting'"))
_STORED: Final = select(func.coalesce(func.sum(STORED.c.bytes), 0))


@dataclass(frozen=True, slots=True)
class QueueFigures:
    """Gives figures of the queue: one transaction, however much there is to do.

    Attributes:
        engine: the database of jobs.
        clock: tells its time.
        name: of this source.
    """

    engine: Engine
    clock: Clock = database_time
    name: str = "queue"

    def figures(self) -> list[Figure]:
        """Return them, as they are now.

        Raises:
            JobsUnavailableError: the database cannot be used.
        """
        with reading(self.engine) as connection:
            return list(_figures(connection, self.clock(connection)))


def _figures(connection: Connection, now: int) -> Iterator[Figure]:
    yield Figure(catalogue.QUEUE_WAITING, {(): claimable(connection, now)})
    oldest = connection.execute(_OLDEST).scalar_one()
    yield Figure(catalogue.QUEUE_OLDEST, {(): 0.0 if oldest is None else max(0, now - oldest) / 1e6})
    jobs = {(state,): 0 for state in _OPEN} | {(row[0],): row[1] for row in connection.execute(_JOBS)}
    yield Figure(catalogue.JOBS, jobs)
    tasks: dict[tuple[str, ...], int] = {(row[0], row[1]): row[2] for row in connection.execute(_TASKS)}
    yield Figure(catalogue.TASKS_OPEN, {key: tasks.get(key, 0) for key in _SHOWN})
    facts = connection.execute(_WORKERS, {"since": now - round(_HEARD_SECONDS * 1e6)}).scalars().all()
    yield Figure(catalogue.WORKERS, {(): len(facts)})
    yield Figure(catalogue.WORKER_SLOTS, {(): sum(int(each.get("slots", 1)) for each in facts)})
    for metric, wanted in (
        (catalogue.WEBHOOKS_WAITING, _MESSAGES),
        (catalogue.SAMPLES_WAITING, _SAMPLES),
        (catalogue.STORAGE_BYTES, _STORED),
    ):
        yield Figure(metric, {(): int(connection.execute(wanted).scalar_one())})
