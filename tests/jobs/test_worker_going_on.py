"""A worker goes on from task to task, whatever the tasks are; here they take no time."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from queue_material import Jobs

from facefusion.inference.uses import Uses
from facefusion.jobs import worker as workers
from facefusion.jobs.database import database_time
from facefusion.jobs.values import SegmentOfPlan
from facefusion.jobs.work.task import Done
from facefusion.jobs.worker import Worker
from facefusion.options.monitoring import MonitoringOptions
from facefusion.telemetry.telemetry import Telemetry

SEGMENTS = 5


@pytest.fixture
def jobs(jobs_engine):
    return Jobs.of(jobs_engine, database_time)


@pytest.fixture
def done():
    """The tasks that were done, and what is called before each is."""
    return SimpleNamespace(tasks=[], before=lambda: None)


@pytest.fixture
def worker(jobs, done, monkeypatch):
    class Quick:
        def __init__(self, attempt, _bench, **_):
            self.lease, self.said = attempt.lease, None

        def do(self):
            done.before()
            done.tasks.append((self.lease.kind, self.lease.number))
            segments = [SegmentOfPlan(number, 1) for number in range(SEGMENTS)] if self.lease.kind == "plan" else []
            return Done({"number": self.lease.number}, {}, tuple(segments))

    monkeypatch.setattr(workers, "Task", Quick)
    monkeypatch.setattr(workers, "remove_rest", lambda *_: None)
    monkeypatch.setattr(Worker, "_facts", lambda _: {})
    serving = SimpleNamespace(
        jobs=SimpleNamespace(lease_seconds=30.0),
        worker=SimpleNamespace(slots=1, stall_seconds=600.0, drain_seconds=0.0, quality_share=0.0),
        monitoring=MonitoringOptions(),
    )
    told = {"telemetry": Telemetry(), "warm": SimpleNamespace(uses=Uses())}
    bench = SimpleNamespace(serving=serving, storage=None, has_room=lambda: True, **told)
    return Worker(jobs.engine, bench, queue=jobs.queue)


def test_a_worker_does_a_job_from_its_plan_to_its_merge(jobs, worker, done):
    job = jobs.submit(is_cut=True)
    done.before = lambda: worker.drain() if len(done.tasks) == SEGMENTS + 1 else None
    assert worker.run()
    assert done.tasks == [("plan", 0), *(("segment", number) for number in range(SEGMENTS)), ("merge", 0)]
    assert jobs.state(job) == "succeeded"


def test_the_next_task_is_leased_with_telling_of_the_last(jobs, worker):
    jobs.submit(is_cut=True)
    with worker.watching():
        did = worker.work_once(goes_on=lambda: True)
        assert did.freed == SEGMENTS
        assert did.following.kind == "segment"
        assert jobs.leases() == 1
        alone = worker.work_once(did.following)
        assert (alone.freed, alone.following) == (0, None), "nobody asked for more"
        assert jobs.leases() == 0
        assert worker.work_once(goes_on=lambda: False).following is None


def test_what_was_leased_is_given_back_by_a_worker_that_is_asked_to_end(jobs, worker, done):
    job = jobs.submit(is_cut=True)
    with worker.watching():
        did = worker.work_once(goes_on=lambda: True)
        worker.drain()
        assert worker.work_once(did.following, goes_on=lambda: True).freed == 1
    assert done.tasks == [("plan", 0)]
    assert jobs.leases() == 0
    assert [attempt.outcome for attempt in jobs.board.attempts(job.id, tenant=None)] == ["released", "done"]


def test_a_worker_that_is_asked_to_end_leases_nothing_more(jobs, worker, done):
    jobs.submit(is_cut=True)
    done.before = worker.drain
    assert worker.run()
    assert (done.tasks, jobs.leases()) == ([("plan", 0)], 0)
