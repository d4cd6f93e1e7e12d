"""Where the work is done: a database, a folder for files, and workers as anybody begins them, some of them killed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine, select

from benchmarks import servers
from benchmarks.chaos.kept import Kept
from benchmarks.common import JobFailedError, last_words
from benchmarks.servers import until
from facefusion.jobs.board import JobBoard
from facefusion.jobs.database import reading
from facefusion.jobs.migrations import upgrade
from facefusion.jobs.schema import ATTEMPTS, LEASES, TASKS
from facefusion.jobs.states import FINAL
from facefusion.jobs.storage import Storage, StorageSettings, open_storage
from facefusion.jobs.values import Job
from facefusion.trust.database import open_database

_LEASE: Final = 10.0
_LOOKING: Final = 0.5
_MIDST: Final = (0.1, 0.8)
"""Share of a segment that is done when its worker is killed: at least, and at most, as last heard."""


@dataclass(frozen=True, slots=True)
class Kill:
    """A worker that was killed.

    Attributes:
        worker: number of it.
        segment: that it was at.
        frames: of that which it had said to have finished.
        of: frames in the segment.
        at: seconds since the job was handed in.
    """

    worker: int
    segment: int
    frames: int
    of: int
    at: float


@dataclass(slots=True)
class Place:
    """Workers and what they share.

    Attributes:
        folder: of all of it.
        engine: the database of jobs.
        storage: their files.
        variables: settings of the place, for the environment of whatever belongs to it.
        workers: by number.
        kills: that there were.
    """

    folder: Path
    engine: Engine
    storage: Storage
    variables: Mapping[str, str]
    workers: list[Kept] = field(default_factory=list)
    kills: list[Kill] = field(default_factory=list)

    def begin(self, count: int) -> None:
        """Begin further workers."""
        for _ in range(count):
            worker = Kept(
                *("facefusion", "worker", "--log-level", "info"),
                log=self.folder / f"worker{len(self.workers)}.log",
                variables=self.variables,
            )
            worker.tend()
            self.workers.append(worker)

    def facefusion(self, *arguments: str, codes: Sequence[int] = (0,)) -> str:
        """Run a command of the product at this place; return what it printed.

        Raises:
            JobFailedError: it failed.
        """
        command = [sys.executable, "-m", "facefusion", *arguments]
        environment = {**os.environ, **self.variables}
        done = subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False)
        if done.returncode not in codes:
            raise JobFailedError(f"facefusion {arguments[0]}: {last_words(done.stderr)}")
        return done.stdout

    def hand_in(self, source: Path, target: Path, output: str, *more: str) -> str:
        """Hand in a job; return its identifier."""
        words = ("job", "submit", "-s", str(source), "-t", str(target), "-o", output, *more)
        return self.facefusion(*words).strip()

    def job(self, identifier: str) -> Job:
        """Return a job as it is."""
        return JobBoard(self.engine).job(identifier, tenant=None)

    def awaited(self, identifier: str, *, kills: int, again_after: float, limit: float) -> float:
        """Wait for a job, and kill workers in the midst of segments meanwhile; return the seconds that it took.

        Args:
            identifier: of the job.
            kills: workers to be killed, evenly over the job; for the first nobody comes, for each other a new one.
            again_after: seconds until the new one comes.
            limit: seconds after which it is given up.

        Raises:
            JobFailedError: it did not succeed, or it was over before all kills.
        """
        began, tell, due = time.monotonic(), _Telling(), list[float]()

        def is_over() -> bool:
            job, now = self.job(identifier), time.monotonic()
            is_due = len(self.kills) < kills and _share(job) >= (len(self.kills) + 1) / (kills + 2)
            if is_due and self._killed(now - began) and len(self.kills) > 1:
                due.append(now + again_after)
            if due and due[0] <= now:
                due.pop(0)
                self.begin(1)
            tell(job, now - began)
            return job.state in FINAL

        until(is_over, seconds=limit, pause=_LOOKING)
        job = self.job(identifier)
        if job.state != "succeeded":
            raise JobFailedError(f"the job {job.state}: {job.failure}")
        if len(self.kills) < kills:
            raise JobFailedError(f"the job was done before {kills} workers could be killed; make the clip longer")
        return time.monotonic() - began

    def attempts(self) -> list[Any]:
        """Return all attempts at tasks, with the kind and number of each."""
        wanted = select(ATTEMPTS, TASKS.c.number).join(TASKS, TASKS.c.id == ATTEMPTS.c.task).order_by(ATTEMPTS.c.began)
        with reading(self.engine) as connection:
            return list(connection.execute(wanted))

    def _killed(self, at: float) -> bool:
        """Kill a worker that is in the midst of a segment, if there is one."""
        pids = {worker.pid: number for number, worker in enumerate(self.workers) if worker.pid is not None}
        wanted = select(LEASES.c.worker, LEASES.c.frames, TASKS.c.number, TASKS.c.frames.label("all"))
        wanted = wanted.join(TASKS, TASKS.c.id == LEASES.c.task).where(TASKS.c.kind == "segment")
        with reading(self.engine) as connection:
            found = connection.execute(wanted).all()
        for row in found:
            number = pids.get(int(row.worker.split(":")[-2]))
            if number is not None and _MIDST[0] * row.all <= row.frames <= _MIDST[1] * row.all:
                self.workers[number].kill()
                self.kills.append(Kill(number, row.number, row.frames, row.all, at))
                print(f"{at:.0f} s: worker {number} killed at {row.frames} of {row.all} frames", flush=True)
                return True
        return False


class _Telling:
    """Prints how far a job is, now and then."""

    def __init__(self) -> None:
        self._last = ""

    def __call__(self, job: Job, seconds: float) -> None:
        """Print a line where something has changed."""
        line = f"{job.state}, {job.segments_done} of {job.segments or '?'} segments"
        if line != self._last:
            print(f"{seconds:.0f} s: {line}", flush=True)
        self._last = line


@contextmanager
def place(folder: Path, *, workers: int, segment: int) -> Iterator[Place]:
    """Build a place up, and take it down.

    Args:
        folder: an empty one.
        workers: that there are.
        segment: frames in a segment.
    """
    with servers.postgres(is_durable=True) as database:
        url = database.url(database.create_database())
        engine = open_database(url)
        upgrade(engine)
        root = folder / "storage"
        variables = _variables(folder, url, root, segment)
        made = Place(folder, engine, open_storage(str(root), StorageSettings()), variables)
        try:
            made.begin(workers)
            yield made
        finally:
            _ended(made.workers)
            engine.dispose()


def _ended(workers: Sequence[Kept]) -> None:
    for worker in workers:
        worker.end()


def _variables(folder: Path, url: str, root: Path, segment: int) -> dict[str, str]:
    values = {
        "jobs_database": url,
        "storage": root,
        "scratch_dir": folder / "scratch",
        "scratch_free": 0.05,
        "lease_seconds": _LEASE,
        "cut_after": segment,
        "segment_frames": segment,
        "drain_seconds": 5,
        "policy": "personal",
        "acknowledge": "true",
        "trust_dir": folder / "trust",
    }
    (folder / "scratch").mkdir()
    return {f"FACEFUSION_{name.upper()}": str(value) for name, value in values.items()}


def _share(job: Job) -> float:
    return job.segments_done / job.segments if job.segments else 0.0


def told(place: Place, path: Path) -> Mapping[str, Any]:
    """Return what `facefusion verify` says of a file."""
    said = place.facefusion("verify", "--json", str(path), codes=range(256))
    found: Mapping[str, Any] = json.loads(said)["files"][0]
    return found
