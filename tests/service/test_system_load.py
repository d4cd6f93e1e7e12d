"""What there is to do and what was done, by tenant, as both databases count it."""

from __future__ import annotations

from sqlalchemy import Engine

from facefusion.jobs.board import JobBoard
from facefusion.jobs.queue import JobQueue
from facefusion.jobs.values import Lease, NewJob, SegmentOfPlan
from facefusion.service.system.load import Load, loads
from job_databases import SteppedClock

REQUEST = {"options": {"processors": ["face_swapper"]}}


def test_load_is_counted_by_tenant_and_only_what_ended_since(jobs_engine: Engine, clock: SteppedClock) -> None:
    board, queue = JobBoard(jobs_engine, clock=clock), JobQueue(jobs_engine, clock=clock)

    def claimed() -> Lease:
        lease = queue.claim("one", seconds=30)
        assert lease is not None
        return lease

    def seen(since: int) -> dict[str, Load]:
        with jobs_engine.connect() as connection:
            return dict(loads(connection, since, clock.now))

    begin = clock.now
    board.submit(NewJob("film", owner="ada", request=REQUEST, is_cut=True))
    assert seen(begin) == {"film": Load(waiting=1)}
    clock.forward(1)
    queue.planned(claimed(), {"at": "plan"}, [SegmentOfPlan(0, 10), SegmentOfPlan(1, 20)])
    clock.forward(1)
    queue.finished(claimed(), {}, facts={"frames": 11})
    queue.finished(claimed(), {})
    assert seen(begin) == {"film": Load(running=1, frames=31)}, "what the worker counted, else what was planned"
    middle = clock.now
    clock.forward(1)
    queue.finished(claimed(), {})
    board.submit(NewJob("news", owner="bob", request=REQUEST))
    assert seen(middle) == {"film": Load(jobs=1), "news": Load(waiting=1)}
    assert seen(clock.now) == {"news": Load(waiting=1)}
    assert sum(seen(begin).values(), Load()) == Load(waiting=1, jobs=1, frames=31)
