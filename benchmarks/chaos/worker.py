"""A worker machine of the simulation: `python -m benchmarks.chaos.worker`, which reads what it is to do from its input.

It ends when told to by a signal; or it is killed.
"""

from __future__ import annotations

import json
import logging
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from benchmarks.chaos.simulated import SimulatedRunner
from facefusion.jobs.celery.broker import Broker
from facefusion.jobs.celery.child import TaskRunner
from facefusion.jobs.celery.worker import run_worker
from facefusion.jobs.queue import JobQueue, Retries
from facefusion.jobs.storage import StorageSettings, open_storage
from facefusion.trust.database import open_database


@dataclass(frozen=True, slots=True)
class Machine:
    """What a worker machine is told.

    Attributes:
        name: of the worker.
        database: URL or file.
        broker: from which messages come.
        storage: URL of the storage; nothing is stored when None.
        endpoint: of an S3 storage.
        scratch: folder for files that are being made; that of the system when None.
        children: processes.
        lease: seconds.
        tasks_per_child: messages after which a child is replaced.
        failures: times that a task may fail and is tried again.
        drain: seconds that it has for what it is at, when it is asked to end.
        log: file for what it says.
    """

    name: str
    database: str
    broker: Broker
    storage: str | None = None
    endpoint: str | None = None
    scratch: str | None = None
    children: int = 1
    lease: float = 30.0
    tasks_per_child: int = 500
    failures: int = 3
    drain: float = 0.0
    log: str | None = None

    def to_line(self) -> str:
        """Return the line from which `of_line` makes it again."""
        return json.dumps(asdict(self)) + "\n"

    @classmethod
    def of_line(cls, line: str) -> Self:
        """Return the machine of a line."""
        values: dict[str, Any] = json.loads(line)
        return cls(**{**values, "broker": Broker(**values["broker"])})

    def runner(self, number: int) -> TaskRunner:
        """Return what does tasks in a child."""
        queue = JobQueue(open_database(self.database), retries=Retries(failures=self.failures, wait=0.5))
        settings = StorageSettings(endpoint=self.endpoint, region="us-east-1", connect_seconds=2, read_seconds=5)
        storage = None if self.storage is None else open_storage(self.storage, settings)
        scratch = Path(self.scratch or tempfile.gettempdir())
        return SimulatedRunner(queue, storage, scratch, seconds=self.lease, number=number)


def main() -> int:
    """Be the machine."""
    machine = Machine.of_line(sys.stdin.readline())
    logging.basicConfig(
        filename=machine.log,
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
        drain_seconds=machine.drain,
    )


if __name__ == "__main__":
    sys.exit(main())
