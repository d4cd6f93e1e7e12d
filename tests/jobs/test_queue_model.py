"""Workers, users and time in any order, against a model: what must be true of the queue is true after each step."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as some
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from queue_material import BROKEN, Jobs
from sqlalchemy import delete, func, select

from facefusion.errors import JobStateError, LeaseLostError
from facefusion.jobs.schema import EVENTS, JOBS, LEASES, METADATA, TASKS
from facefusion.jobs.states import ACTIVE
from facefusion.jobs.values import SegmentOfPlan
from job_databases import SteppedClock

SECONDS = 30.0


def machine(engine):
    class Queue(RuleBasedStateMachine):
        """Knows who may tell what of which task."""

        jobs = Bundle("jobs")
        leases = Bundle("leases")

        @initialize()
        def empty(self):
            with engine.begin() as connection:
                for table in reversed(METADATA.sorted_tables):
                    connection.execute(delete(table))
            self.clock = SteppedClock()
            self.all = Jobs.of(engine, self.clock, failures=2, losses=3)
            self.valid = {}  # task: (token, until)

        @rule(target=jobs, tenant=some.sampled_from("ab"), is_cut=some.booleans(), priority=some.integers(0, 9))
        def submit(self, tenant, is_cut, priority):
            return self.all.submit(tenant, is_cut=is_cut, priority=priority, needs_review=priority == 5)

        @rule(target=leases, worker=some.sampled_from(["w1", "w2", "w3"]))
        def claim(self, worker):
            lease = self.all.queue.claim(worker, seconds=SECONDS)
            self._forget_expired()
            if lease is None:
                return multiple()
            assert lease.task not in self.valid, "nobody has it already"
            self.valid[lease.task] = (lease.token, self.clock.now + SECONDS * 1e6)
            return lease

        @rule(seconds=some.sampled_from([0.5, 5, 20, 31]))
        def time_passes(self, seconds):
            self.clock.forward(seconds)

        @rule()
        def sweep(self):
            expired = [task for task, (_, until) in self.valid.items() if until < self.clock.now]
            assert self.all.queue.sweep() == len(expired)
            self._forget_expired()
            assert not set(expired) & set(self.valid)

        @rule(lease=leases)
        def extend(self, lease):
            if self._tells(lease, lambda: self.all.queue.extend(lease)):
                self.valid[lease.task] = (lease.token, self.clock.now + SECONDS * 1e6)

        @rule(lease=leases, count=some.integers(1, 3))
        def end_well(self, lease, count):
            def tell():
                if lease.kind == "plan":
                    self.all.queue.planned(lease, {}, [SegmentOfPlan(number, 5) for number in range(count)])
                else:
                    self.all.queue.finished(lease, {"token": lease.token})

            self._ends(lease, tell)

        @rule(target=leases, lease=leases, worker=some.sampled_from(["w1", "w2", "w3"]))
        def end_well_and_go_on(self, lease, worker):
            """Tell of a task and have the next at once; who may not tell gets none."""
            given = []

            def tell():
                if lease.kind == "plan":
                    segments = [SegmentOfPlan(number, 5) for number in range(2)]
                    given.append(self.all.queue.planned(lease, {}, segments, next_for=worker))
                else:
                    given.append(self.all.queue.finished(lease, {"token": lease.token}, next_for=worker))

            self._ends(lease, tell)
            following = given[0] if given else None
            if following is None:
                return multiple()
            assert following.task not in self.valid, "nobody has it already"
            self.valid[following.task] = (following.token, self.clock.now + SECONDS * 1e6)
            return following

        @rule(lease=leases, is_final=some.booleans())
        def fail(self, lease, is_final):
            failure = BROKEN.__class__("NoFaceError", 20, "No face", is_final=is_final)
            self._ends(lease, lambda: self.all.queue.failed(lease, failure))

        @rule(lease=leases)
        def is_to_be_whole(self, lease):
            if lease.kind != "whole" and self._ends(lease, lambda: self.all.queue.whole_instead(lease, BROKEN)):
                self._drop_of(lease.job)

        @rule(lease=leases)
        def release(self, lease):
            self._ends(lease, lambda: self.all.queue.released(lease))

        @rule(job=jobs, action=some.sampled_from(["cancel", "pause", "resume", "retry"]))
        def act(self, job, action):
            try:
                getattr(self.all.board, action)(job.id, tenant=job.tenant)
            except JobStateError:
                return
            if action == "cancel":
                self._drop_of(job)

        @rule(job=jobs, priority=some.integers(0, 9))
        def prioritise(self, job, priority):
            try:
                self.all.board.prioritise(job.id, priority, tenant=job.tenant)
            except JobStateError:
                return

        @rule(job=jobs, approves=some.booleans())
        def review(self, job, approves):
            try:
                self.all.board.review(job.id, tenant=job.tenant, reviewer="grace", approves=approves)
            except JobStateError:
                return

        @invariant()
        def leases_are_those_of_the_model(self):
            if hasattr(self, "valid"):
                assert self._there() == {task: token for task, (token, _) in self.valid.items()}

        @invariant()
        def tasks_fit_their_jobs(self):
            if not hasattr(self, "valid"):
                return
            with engine.connect() as connection:
                jobs = connection.execute(select(JOBS)).all()
                tasks = connection.execute(select(TASKS)).all()
                published = select(EVENTS.c.job, func.count()).where(EVENTS.c.kind.in_(["job.succeeded", "job.review"]))
                ends = dict(connection.execute(published.group_by(EVENTS.c.job)).all())
            for job in jobs:
                mine = [task for task in tasks if task.job == job.number]
                done = sum(task.kind == "segment" and task.state == "done" for task in mine)
                assert job.segments_done == done
                assert ends.get(job.number, 0) <= (2 if job.needs_review else 1)
                states = Counter(task.state for task in mine if task.state != "left")
                left = [task for task in mine if task.state == "left"]
                assert not left or [task.kind for task in mine if task.state != "left"] == ["whole"]
                if job.state not in ACTIVE:
                    assert not states["ready"] + states["held"] + states["leased"] + states["waiting"]
                else:
                    assert not states["dead"] + states["cancelled"]
                    assert states["held" if not job.is_paused else "ready"] == 0
                    assert states["ready"] + states["held"] + states["leased"] > 0, "there is something to do"
                if job.state in {"succeeded", "review", "rejected"}:
                    assert set(states) == {"done"}

        def teardown(self):
            """All jobs end once workers behave and nobody holds them back."""
            if not hasattr(self, "valid"):
                return
            for job in self.all.board.jobs(tenant=None, states=sorted(ACTIVE)):
                self.all.board.resume(job.id, tenant=None)
            for _ in range(100):
                self.clock.forward(400)
                self.all.work()
                if not self.all.board.jobs(tenant=None, states=sorted(ACTIVE)):
                    return
            raise AssertionError("a job does not end")

        def _there(self):
            with engine.connect() as connection:
                return {row.task: row.token for row in connection.execute(select(LEASES))}

        def _forget_expired(self):
            """What claims and sweeps took away was over, and all else is there."""
            there = self._there()
            gone = {task: until for task, (token, until) in self.valid.items() if there.get(task) != token}
            if not gone:
                return
            with engine.connect() as connection:
                wanted = select(TASKS.c.id, JOBS.c.state).join(JOBS, JOBS.c.number == TASKS.c.job)
                states = dict(connection.execute(wanted.where(TASKS.c.id.in_(list(gone)))).all())
            for task, until in gone.items():
                assert until < self.clock.now or states[task] == "failed", "lost too often, or its job was"
                del self.valid[task]

        def _drop_of(self, job):
            with engine.connect() as connection:
                mine = set(connection.execute(select(TASKS.c.id).where(TASKS.c.job == job.number)).scalars())
            self.valid = {task: held for task, held in self.valid.items() if task not in mine}

        def _tells(self, lease, call):
            is_valid = self.valid.get(lease.task, (None,))[0] == lease.token
            if is_valid:
                call()
            else:
                with pytest.raises(LeaseLostError):
                    call()
            return is_valid

        def _ends(self, lease, call):
            if self.valid.get(lease.task, (None,))[0] != lease.token:
                before = self._state_of(lease)
                with suppress(LeaseLostError):
                    call()  # told before, in the same words: it counts once
                assert self._state_of(lease) == before
                return False
            call()
            del self.valid[lease.task]
            if self.all.job(lease.job).state == "failed":
                self._drop_of(lease.job)
            return True

        def _state_of(self, lease):
            return self.all.job(lease.job), self.all.tasks(lease.job), self.all.kinds(lease.job)

    return Queue


@pytest.mark.slow
def test_the_queue_is_as_its_model(jobs_engine):
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    chosen = settings(
        max_examples=25, stateful_step_count=40, deadline=None, suppress_health_check=checks, database=None
    )
    run_state_machine_as_test(machine(jobs_engine), settings=chosen)
