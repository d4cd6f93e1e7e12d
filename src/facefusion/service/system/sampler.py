"""Takes a sample of machine and queue now and then, as long as the service runs."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, replace

from sqlalchemy import Engine

from facefusion.errors import JobsUnavailableError
from facefusion.jobs.database import Clock, database_time, moment, reading
from facefusion.service.background.supervised import Failed, Supervised, paused
from facefusion.service.parts import ServiceParts
from facefusion.service.system.history import SECONDS, History, Sample
from facefusion.service.system.load import loads
from facefusion.telemetry.cards import Cards
from facefusion.telemetry.machine import Machine

_LOG = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class Sampler:
    """Looks, and remembers.

    Attributes:
        engine: the database of jobs.
        history: takes the samples.
        machine: on which this process runs; what it says of the processor is of the time between two samples.
        cards: of that machine.
        seconds: between two looks.
        clock: tells the time of the database.
    """

    engine: Engine
    history: History
    machine: Machine
    cards: Cards
    seconds: float = SECONDS
    clock: Clock = database_time
    _before: int | None = None

    async def run(self, stopping: asyncio.Event, _failed: Failed) -> None:
        """Take one sample after the other until it is told to stop."""
        while True:
            try:
                await asyncio.to_thread(self.look)
            except JobsUnavailableError as error:  # a gap in the graphs shows when that was
                _LOG.info("No sample could be taken: %s", error.what)
            if await paused(stopping, self.seconds):
                return

    def look(self) -> None:
        """Take a sample.

        Raises:
            JobsUnavailableError: the database cannot be used.
        """
        with reading(self.engine) as connection:
            now = self.clock(connection)
            before = now if self._before is None else self._before
            found = loads(connection, before, now)
        self._before = now
        sample = Sample.of(moment(now), (now - before) / 1e6, self.machine.look(), self.cards.look(), found)
        self.history.add(sample)


def with_samples(parts: ServiceParts) -> ServiceParts:
    """Return the parts of a service that remembers how its machine and its queue were."""
    watch = parts.system
    sampler = Sampler(parts.engine, watch.history, watch.machine, watch.cards)
    return replace(parts, beside=(*parts.beside, Supervised("samples", sampler.run)))
