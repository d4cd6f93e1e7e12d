"""Worker machines of tests, as processes, and what tests ask the database about their work."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.chaos.worker import Machine
from benchmarks.servers import until
from sqlalchemy import select

from facefusion.jobs.board import JobBoard
from facefusion.jobs.celery.broker import Broker
from facefusion.jobs.celery.link import Link
from facefusion.jobs.database import reading
from facefusion.jobs.queue import JobQueue
from facefusion.jobs.schema import ATTEMPTS, METADATA, TASKS
from facefusion.jobs.values import Job, NewJob
from facefusion.trust.database import open_database


@dataclass(frozen=True, slots=True)
class Cluster:
    """A database and a broker, and what is between them."""

    database: str
    broker: Broker
    folder: Path
    board: JobBoard
    queue: JobQueue
    engine: Any

    def submit(self, **values: Any) -> Job:
        asked = {"seed": 1, "segments": 1, "seconds": 0.0} | values.pop("request", {})
        return self.board.submit(NewJob(**{"tenant": "t", "owner": "o", "request": asked} | values))

    def wake(self, count: int = 1) -> None:
        link = Link(self.broker)
        link.send(count)
        link.close()

    def waiting(self) -> int:
        link = Link(self.broker)
        try:
            return link.waiting()
        finally:
            link.close()

    def state(self, job: Job) -> str:
        return self.board.job(job.id, tenant=None).state

    def until_done(self, *jobs: Job, seconds: float = 30.0) -> None:
        def are_done() -> bool:
            return all(self.state(job) == "succeeded" for job in jobs)

        until(are_done, seconds=seconds)

    def outcomes(self, job: Job) -> list[str | None]:
        """How each attempt at a job's tasks ended, in order."""
        wanted = select(ATTEMPTS.c.outcome).join(TASKS, TASKS.c.id == ATTEMPTS.c.task)
        wanted = wanted.where(TASKS.c.job == job.number).order_by(ATTEMPTS.c.began)
        with reading(self.engine) as connection:
            return list(connection.execute(wanted).scalars())

    def leased(self) -> list[str]:
        """Jobs in the order in which workers got their tasks."""
        wanted = select(TASKS.c.job).join(ATTEMPTS, TASKS.c.id == ATTEMPTS.c.task).order_by(ATTEMPTS.c.began)
        with reading(self.engine) as connection:
            return list(connection.execute(wanted).scalars())

    def machine(self, **values: Any) -> Machine:
        name = f"m{secrets.token_hex(4)}@tests"
        told = {"lease": 2.0, "log": str(self.folder / f"{name}.log")} | values
        return Machine(name=name, database=self.database, broker=self.broker, **told)


@contextmanager
def cluster(database: str, broker: Broker, folder: Path) -> Iterator[Cluster]:
    """Make a cluster with empty tables."""
    engine = open_database(database)
    METADATA.create_all(engine)
    yield Cluster(database, broker, folder, JobBoard(engine), JobQueue(engine), engine)
    engine.dispose()


@contextmanager
def running(machine: Machine) -> Iterator[subprocess.Popen[str]]:
    """Run a worker machine until the block ends; its log is shown where a test fails."""
    command = [sys.executable, "-m", "benchmarks.chaos.worker"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, text=True, start_new_session=True)
    assert process.stdin is not None
    with process.stdin:
        process.stdin.write(machine.to_line())
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def descendants(pid: int) -> list[tuple[int, str]]:
    """Return the identifiers and command lines of the processes that a process began."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [(int(each), Path(f"/proc/{each}/cmdline").read_text().replace("\0", " ")) for each in children]
    except (FileNotFoundError, ProcessLookupError):
        return []


def beats(pid: int) -> list[int]:
    """Return the beats of a machine."""
    return [each for each, line in descendants(pid) if "celery.beat" in line]


def pool(pid: int) -> list[int]:
    """Return the children of a machine that do tasks."""
    return [each for each, line in descendants(pid) if "celery.beat" not in line]
