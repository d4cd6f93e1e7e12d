"""A place with a database of jobs, a storage and workers, for tests."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from facefusion.cli.main import main
from facefusion.jobs.board import JobBoard
from facefusion.jobs.migrations import upgrade
from facefusion.jobs.queue import JobQueue, Retries
from facefusion.jobs.storage import Storage, Stored, open_storage
from facefusion.jobs.submitting import HandingIn
from facefusion.jobs.values import Job, NewJob
from facefusion.jobs.work.bench import Bench
from facefusion.jobs.worker import Worker
from facefusion.options import load_options, load_serving
from facefusion.trust.database import open_database
from job_databases import sqlite_with_tables

TENANT = "acme"
DEADLINE = 180.0  # a machine may be busy with other things


def until(is_so: Callable[[], Any], what: str, seconds: float = DEADLINE) -> Any:
    """Return what a call returns as soon as that is true."""
    end = time.monotonic() + seconds
    while not (found := is_so()):
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        time.sleep(0.02)
    return found


@dataclass
class Shop:
    """All that a job needs.

    Attributes:
        folder: where everything lies.
        database: place of the database.
        engine: the database.
        storage: the files.
        serving: options of the service, by name.
    """

    folder: Path
    database: str
    engine: Engine
    storage: Storage
    serving: dict[str, Any]

    @classmethod
    def at(cls, folder: Path, database: str | None = None, **serving: Any) -> Shop:
        folder.mkdir(exist_ok=True)
        database = database or sqlite_with_tables(folder / "jobs.db")
        engine = open_database(database)
        upgrade(engine)
        place = {"jobs_database": database, "storage": str(folder / "files"), "scratch_dir": str(folder / "scratch")}
        common = {"lease_seconds": 3, "scratch_free": 0, "quality_share": 0}
        return cls(folder, database, engine, open_storage(place["storage"]), {**place, **common, **serving})

    @property
    def board(self) -> JobBoard:
        return JobBoard(self.engine)

    @property
    def queue(self) -> JobQueue:
        return JobQueue(self.engine, retries=Retries(failures=2, losses=3, wait=0.01))

    def submit(self, values: Mapping[str, Any], **new: Any) -> Job:
        """Hand in a job; files that values name are put into storage."""
        request = HandingIn(self.storage, TENANT).request(values, deliver_to=new.pop("deliver_to", None))
        return self.keep(request.to_json(), **new)

    def keep(self, request: Mapping[str, Any], **new: Any) -> Job:
        """Take a request as it is."""
        return self.board.submit(NewJob(TENANT, "ada", request, **new))

    def job(self, job: Job) -> Job:
        return self.board.job(job.id, tenant=TENANT)

    def kinds(self, job: Job) -> list[str]:
        """What happened to a job."""
        return [event.kind for event in self.board.events(job.id, tenant=TENANT)]

    def bench(self, **serving: Any) -> Bench:
        values = {**self.serving, **serving}
        return Bench.of(
            load_options({}, environment=environment()),
            load_serving(values, environment={}),
            storage=self.storage,
            board=self.board,
        )

    def worker(self, bench: Bench | None = None, **serving: Any) -> Worker:
        return Worker(self.engine, bench or self.bench(**serving), queue=self.queue)

    @contextmanager
    def working(self, worker: Worker | None = None, **serving: Any) -> Iterator[Worker]:
        """Have a worker of this process work for as long as a block lasts."""
        worker = worker or self.worker(**serving)
        thread = threading.Thread(target=worker.run)
        thread.start()
        try:
            yield worker
        finally:
            worker.drain()
            worker.give_back()
            thread.join(DEADLINE)
            assert not thread.is_alive()

    def finished(self, job: Job, seconds: float = DEADLINE) -> Job:
        """Wait until a job is finished."""
        over = {"succeeded", "failed", "cancelled", "review"}
        return until(lambda: (found := self.job(job)).state in over and found, f"job {job.id} is finished", seconds)

    def output(self, job: Job, number: int = 0) -> bytes:
        """The bytes of an output."""
        result = self.job(job).result
        assert result is not None, self.job(job).failure
        path = self.folder / f"fetched-{job.id}-{number}"
        self.storage.get(Stored.of_json(result["outputs"][number]), path)
        return path.read_bytes()

    def files(self, job: Job) -> list[str]:
        """Keys of all files of a job, from its folder on."""
        prefix = f"{TENANT}/jobs/{job.id}"
        return sorted(key.removeprefix(f"{prefix}/") for key in self.storage.keys(prefix))

    def variables(self, **serving: Any) -> dict[str, str]:
        """The place as variables for commands."""
        values = {**self.serving, **serving}
        named = {f"FACEFUSION_{name.upper()}": str(value) for name, value in values.items()}
        return {**os.environ, **environment(), **named, "FACEFUSION_TENANT": TENANT}

    @contextmanager
    def process(self, *arguments: str, **serving: Any) -> Iterator[subprocess.Popen[bytes]]:
        """Have a command run for as long as a block lasts, a worker where no other is named."""
        command = [sys.executable, "-m", "facefusion", *(arguments or ("worker", "--log-level", "info"))]
        log = (self.folder / f"log-{time.monotonic_ns()}").open("wb")
        process = subprocess.Popen(command, env=self.variables(**serving), stdout=log, stderr=log)
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            process.wait(DEADLINE)
            log.close()

    def command(self, *arguments: str, code: int = 0, **serving: Any) -> str:
        """Run a command and return what it prints."""
        command = [sys.executable, "-m", "facefusion", *arguments]
        done = subprocess.run(
            command, env=self.variables(**serving), capture_output=True, text=True, timeout=DEADLINE * 2, check=False
        )
        assert done.returncode == code, f"{done.returncode}: {done.stdout}{done.stderr}"
        return done.stdout if code == 0 else done.stdout + done.stderr

    def json(self, *arguments: str, **serving: Any) -> Any:
        return json.loads(self.command(*arguments, **serving))

    def typed(self, *arguments: str, code: int = 0) -> str:
        """Run a command in this process, which takes less time, and return what it prints."""
        said, told = io.StringIO(), io.StringIO()
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(said), redirect_stderr(told):
            for name, value in self.variables().items():
                patch.setenv(name, value)
            assert main(list(arguments)) == code, said.getvalue() + told.getvalue()
        return said.getvalue() if code == 0 else said.getvalue() + told.getvalue()


def environment() -> dict[str, str]:
    """The variables of ours that tests are run under."""
    return {name: value for name, value in os.environ.items() if name == "FACEFUSION_POLICY"}
