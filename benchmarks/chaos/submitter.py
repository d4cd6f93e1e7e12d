"""Submits simulated jobs, as the service does: `python -m benchmarks.chaos.submitter`.

Begun again, it goes on where it was.
"""

from __future__ import annotations

import json
import random
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Engine, func, select

from facefusion.errors import JobsUnavailableError
from facefusion.jobs.board import JobBoard
from facefusion.jobs.celery.broker import Broker
from facefusion.jobs.celery.dispatcher import CeleryDispatcher
from facefusion.jobs.database import reading
from facefusion.jobs.dispatch import Dispatcher, NoDispatcher
from facefusion.jobs.schema import JOBS
from facefusion.jobs.states import ACTIVE
from facefusion.jobs.values import NewJob
from facefusion.trust.database import open_database

_PAUSE = 0.05


@dataclass(frozen=True, slots=True)
class Orders:
    """What is to be submitted.

    Attributes:
        database: URL or file.
        broker: by which workers are woken; None where they look for themselves.
        jobs: least number of jobs.
        ahead: jobs that are not finished at one time.
        seed: of what is asked for.
        enough: file that appears when no more than `jobs` need be submitted.
    """

    database: str
    broker: Broker | None
    jobs: int
    ahead: int
    seed: int
    enough: str

    def to_line(self) -> str:
        """Return the line from which `of_line` makes it again."""
        return json.dumps(asdict(self)) + "\n"

    @classmethod
    def of_line(cls, line: str) -> Self:
        """Return the orders of a line."""
        values: dict[str, Any] = json.loads(line)
        broker = None if values["broker"] is None else Broker(**values["broker"])
        return cls(**{**values, "broker": broker})

    def job(self, index: int) -> NewJob:
        """Return one of the jobs; the same whenever it is asked for."""
        chance = random.Random(f"{self.seed}/{index}")
        tenant, is_cut = chance.choice("abc"), chance.random() < 0.5
        segments = chance.randint(2, 5) if is_cut else 1
        request = {"seed": index, "segments": segments, "seconds": round(chance.uniform(0.3, 4.0), 2)}
        return NewJob(tenant, f"{self.seed}/{index}", request, priority=chance.randint(0, 9), is_cut=is_cut)


def main() -> int:
    """Submit until there are enough, and all are finished but for the last few."""
    orders = Orders.of_line(sys.stdin.readline())
    engine = open_database(orders.database)
    dispatcher: Dispatcher = NoDispatcher() if orders.broker is None else CeleryDispatcher(orders.broker)
    board = JobBoard(engine)
    while True:
        try:
            there, unfinished = counts(engine)
            if there >= orders.jobs and Path(orders.enough).exists():
                break
            if unfinished < orders.ahead:
                board.submit(orders.job(there))
                dispatcher.wake()
                continue
        except JobsUnavailableError:
            pass
        time.sleep(_PAUSE)
    dispatcher.close()
    return 0


def counts(engine: Engine) -> tuple[int, int]:
    """Return how many jobs there are, and how many are not finished."""
    with reading(engine) as connection:
        there = connection.execute(select(func.count()).select_from(JOBS)).scalar_one()
        unfinished = select(func.count()).select_from(JOBS).where(JOBS.c.state.in_(ACTIVE))
        return int(there), int(connection.execute(unfinished).scalar_one())


if __name__ == "__main__":
    sys.exit(main())
