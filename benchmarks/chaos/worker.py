"""A worker machine of the simulation: `python -m benchmarks.chaos.worker`, which reads what it is to do from its input.

It ends when told to by a signal; or it is killed.
"""

from __future__ import annotations

import json
import logging
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.chaos.simulated import SimulatedRunner, Store
from facefusion.jobs.celery.broker import Broker
from facefusion.jobs.celery.child import TaskRunner
from facefusion.jobs.celery.worker import run_worker
from facefusion.jobs.queue import JobQueue, Retries
from facefusion.trust.database import open_database


@dataclass(frozen=True, slots=True)
class Machine:
    """What a worker machine is told.

    Attributes:
        name: of the worker.
        database: URL or file.
        broker: from which messages come.
        children: processes.
        lease: seconds.
        tasks_per_child: messages after which a child is replaced.
        losses: how often the worker of a task may be lost.
        log: file for what it says.
    """

    name: str
    database: str
    broker: Broker
    children: int = 1
    lease: float = 30.0
    tasks_per_child: int = 500
    losses: int = 10
    log: str | None = None

    def to_line(self) -> str:
        """Return the line from which `of_line` makes it again."""
        return json.dumps(asdict(self)) + "\n"

    @classmethod
    def of_line(cls, line: str) -> Machine:
        """Return the machine of a line."""
        values: dict[str, Any] = json.loads(line)
        return cls(**{**values, "broker": Broker(**values["broker"])})

    def runner(self, number: int, store: Store | None = None) -> TaskRunner:
        """Return what does tasks in a child."""
        engine = open_database(self.database)
        queue = JobQueue(engine, retries=Retries(failures=1000, losses=self.losses, wait=0.2, most_wait=2.0))
        return SimulatedRunner(queue, store, seconds=self.lease, number=number)


def main() -> int:
    """Be the machine."""
    machine = Machine.of_line(sys.stdin.readline())
    logging.basicConfig(
        filename=None if machine.log is None else Path(machine.log),
        level=logging.INFO,
        format="%(asctime)s %(process)d %(name)s %(levelname)s %(message)s",
    )
    return run_worker(
        machine.broker,
        machine.database,
        machine.runner,
        name=machine.name,
        children=machine.children,
        tasks_per_child=machine.tasks_per_child,
    )


if __name__ == "__main__":
    sys.exit(main())
