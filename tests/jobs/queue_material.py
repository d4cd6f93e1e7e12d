"""Jobs, segments and workers for tests of the queue."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine, func, select

from facefusion.jobs.board import JobBoard
from facefusion.jobs.queue import JobQueue, Retries
from facefusion.jobs.schema import LEASES, TASKS
from facefusion.jobs.values import Failure, Job, Lease, NewJob, SegmentOfPlan
from job_databases import SteppedClock

BROKEN = Failure("NoFaceError", 20, "No face was found", "Choose another picture")


@dataclass(frozen=True)
class Jobs:
    """A board and a queue of one database, and a clock that the test moves."""

    engine: Engine
    clock: SteppedClock
    board: JobBoard
    queue: JobQueue

    @classmethod
    def of(cls, engine: Engine, clock: SteppedClock, **retries: float) -> Jobs:
        told = Retries(**retries) if retries else None
        return cls(engine, clock, JobBoard(engine, clock=clock), JobQueue(engine, clock=clock, retries=told))

    def submit(self, tenant: str = "studio", **more: object) -> Job:
        values: dict = {"owner": "ada", "request": {"options": {"processors": ["face_swapper"]}}} | more
        return self.board.submit(NewJob(tenant, **values))

    def claim(self, worker: str = "one", seconds: float = 30.0) -> Lease:
        """Lease a task that must be there."""
        lease = self.queue.claim(worker, seconds=seconds)
        assert lease is not None
        return lease

    def planned(self, segments: int = 2, **more: object) -> Job:
        """Submit a job that is cut, and plan it."""
        job = self.submit(is_cut=True, **more)
        lease = self.claim("planner")
        assert (lease.kind, lease.job.id) == ("plan", job.id)
        self.queue.planned(lease, {"at": "plan"}, [SegmentOfPlan(number, 10) for number in range(segments)])
        return self.job(job)

    def job(self, job: Job) -> Job:
        return self.board.job(job.id, tenant=job.tenant)

    def state(self, job: Job) -> str:
        return self.job(job).state

    def kinds(self, job: Job) -> list[str]:
        """The kinds of its events, in order."""
        return [event.kind for event in self.board.events(job.id, tenant=None)]

    def tasks(self, job: Job) -> dict[tuple[str, int], str]:
        """The states of its tasks, by kind and number."""
        with self.engine.connect() as connection:
            rows = connection.execute(select(TASKS).where(TASKS.c.job == job.number).order_by(TASKS.c.id)).all()
        return {(row.kind, row.number): row.state for row in rows}

    def leases(self) -> int:
        with self.engine.connect() as connection:
            return connection.execute(select(func.count()).select_from(LEASES)).scalar_one()

    def work(self, limit: int = 10_000) -> list[Lease]:
        """Do all there is to do, as a worker that never fails; return what it leased."""
        done: list[Lease] = []
        while len(done) < limit and (lease := self.queue.claim("steady")) is not None:
            done.append(lease)
            if lease.kind == "plan":
                self.queue.planned(lease, {"at": "plan"}, [SegmentOfPlan(0, 10), SegmentOfPlan(1, None)])
            else:
                self.queue.finished(lease, {"by": lease.kind, "number": lease.number})
        return done
