"""The queue: tasks are leased to workers, one at a time, and what workers tell of them moves their jobs on.

Every call is one transaction. A lease has a token that grows: whatever a worker tells after its lease went to another
is refused, so that a slow worker never overwrites the result of the one that took its place. What a worker tells a
second time, because the answer to the first got lost, has the effect of once.

Locks are taken in one order: the job, what is its, and the tenant last. Who leases a task has that before the job,
and so never waits for a job.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Engine, Row, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from facefusion.errors import JobStateError, JobUnknownError, LeaseLostError, OptionsError
from facefusion.jobs.database import Clock, database_time, moment, reading, until_it_goes_through, writing
from facefusion.jobs.leasing import lease_task
from facefusion.jobs.order import next_task, settle
from facefusion.jobs.quality.drawing import draw
from facefusion.jobs.rows import change_job, job_numbered, tell
from facefusion.jobs.schema import ATTEMPTS, JOBS, LEASES, PLANS, TASKS, WORKERS
from facefusion.jobs.states import JobState, Outcome, TaskKind, TaskState
from facefusion.jobs.stopping import end_attempt, give_up, leave_segments, stop_tasks, try_again
from facefusion.jobs.stored import count, job_entry, room
from facefusion.jobs.values import Failure, Job, Lease, SegmentOfPlan

LEASE_SECONDS: Final = 30.0
"""How long a worker may be silent before its task goes to another."""
FORGOTTEN_SECONDS: Final = 86_400.0
"""How long a worker may be silent before it is not listed any more."""


@dataclass(frozen=True, slots=True)
class Retries:
    """How often a task is tried.

    Attributes:
        failures: times that it may fail and be tried again.
        losses: times that its worker may be lost; more of them, as most are no fault of the task.
        wait: seconds before it is tried again the first time; twice as many each further time.
        most_wait: seconds that it never waits longer than.
    """

    failures: int = 3
    losses: int = 10
    wait: float = 2.0
    most_wait: float = 300.0

    def waiting(self, times: int) -> float:
        """Return the seconds before a task is tried again that failed so often."""
        return min(self.most_wait, self.wait * 2.0 ** min(times - 1, 100))


class JobQueue:
    """Gives tasks to workers, and takes what they tell.

    Args:
        engine: the database.
        clock: tells the time.
        retries: how often a task is tried.
    """

    def __init__(self, engine: Engine, *, clock: Clock = database_time, retries: Retries | None = None) -> None:
        self._engine, self._clock = engine, clock
        self._retries = retries or Retries()

    def claim(self, worker: str, *, seconds: float = LEASE_SECONDS) -> Lease | None:
        """Lease the task whose turn it is; where there is none, those of workers that are lost are looked for.

        Args:
            worker: who will do it, in up to 200 letters.
            seconds: how long the worker may be silent; more than 0.

        Returns:
            the lease; None where there is nothing to do.

        Raises:
            JobsUnavailableError: the database cannot be used.
            OptionsError: no such lease is given.
        """
        if not (0 < seconds < 1e9 and 0 < len(worker) <= 200 and worker.isprintable()):
            raise OptionsError("A lease has a worker, whose name has 1 to 200 letters, and lasts longer than 0 seconds")
        lease = self._claimed(worker, seconds)
        if lease is None and self.sweep():
            lease = self._claimed(worker, seconds)
        return lease

    @until_it_goes_through
    def extend(self, lease: Lease, *, frames: int = 0, total: int | None = None) -> None:
        """Say that a task is still being done.

        Args:
            lease: of it.
            frames: finished so far.
            total: frames that there will be, where that is known; kept of a job that is done as a whole.

        Raises:
            LeaseLostError: nobody waits for the result any more.
            JobsUnavailableError: the database cannot be used.
        """
        with writing(self._engine) as connection:
            if lease.kind == "whole" and total is not None:
                unknown = (JOBS.c.number == lease.job.number) & JOBS.c.frames.is_(None)
                connection.execute(update(JOBS).where(unknown).values(frames=max(0, total)))
            until = self._clock(connection) + round(lease.seconds * 1e6)
            done = connection.execute(update(LEASES).where(_of(lease)).values(until=until, frames=max(0, frames)))
            if done.rowcount != 1:
                raise _lost(lease)

    @until_it_goes_through
    def planned(
        self,
        lease: Lease,
        content: Mapping[str, Any],
        segments: Sequence[SegmentOfPlan],
        *,
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        """Take the plan of a job; its segments may be done from now on.

        Args:
            lease: of the task `plan`.
            content: where the plan lies, as JSON values.
            segments: at least one, numbered from 0.
            facts: what the worker measured: `frames`, `width` and `height` of the output, `device`, seconds by stage.

        Raises:
            LeaseLostError: somebody else plans it by now, or nobody is to.
            JobStateError: the lease is of no `plan`, or the segments are not numbered from 0.
            JobsUnavailableError: the database cannot be used.
        """
        if not segments or [each.number for each in segments] != list(range(len(segments))):
            raise JobStateError("A plan has at least one segment, and they are numbered from 0")
        with writing(self._engine) as connection:
            held = self._ending(connection, lease, "done", ("plan",))
            if held is None:
                return
            job, task, now = held
            took = _done(connection, task, now, {}, facts)
            values = {"job": job.number, "content": dict(content), "planned": now}
            connection.execute(insert(PLANS).values(values))
            connection.execute(insert(TASKS), _tasks_of(job, segments))
            known = [each.frames for each in segments if each.frames is not None]
            frames = sum(known) if len(known) == len(segments) else None
            change_job(connection, job, now, state="running", segments=len(segments), frames=frames)
            settle(connection, job.tenant, [took])

    @until_it_goes_through
    def finished(
        self,
        lease: Lease,
        result: Mapping[str, Any],
        *,
        facts: Mapping[str, Any] | None = None,
        stored: int = 0,
        inputs: Mapping[str, str] | None = None,
    ) -> None:
        """Take the result of a segment, a merge or a whole job.

        Args:
            lease: of the task.
            result: as JSON values.
            facts: what the worker measured.
            stored: bytes of storage that the result of a job takes.
            inputs: of a job whose result is to be measured later, SHA-256 of its files by their references; None for
                all others.

        Raises:
            LeaseLostError: somebody else does it by now, or nobody is to; the result is not wanted.
            JobStateError: the lease is of a `plan`.
            JobsUnavailableError: the database cannot be used.
        """
        with writing(self._engine) as connection:
            held = self._ending(connection, lease, "done", ("segment", "merge", "whole"))
            if held is None:
                return
            job, task, now = held
            took = _done(connection, task, now, result, facts)
            if task.kind == "segment":
                _count_segment(connection, job, task.number, now)
            else:
                state: JobState = "review" if job.needs_review else "succeeded"
                change_job(connection, job, now, state=state, result=dict(result))
                _count_result(connection, job, stored, now)
                if inputs is not None:
                    draw(connection, job, now, inputs)
            settle(connection, job.tenant, [took])

    @until_it_goes_through
    def failed(self, lease: Lease, failure: Failure, *, facts: Mapping[str, Any] | None = None) -> None:
        """Take it that a task failed; it is tried again, later, unless that cannot help or was done often enough.

        Args:
            lease: of the task.
            failure: why.
            facts: what the worker measured.

        Raises:
            LeaseLostError: somebody else does it by now, or nobody is to.
            JobsUnavailableError: the database cannot be used.
        """
        with writing(self._engine) as connection:
            held = self._ending(connection, lease, "failed")
            if held is None:
                return
            job, task, now = held
            took = [end_attempt(connection, task.id, task.token, now, "failed", failure=failure, facts=facts)]
            failures = task.failures + 1
            if failure.is_final or failures > self._retries.failures:
                took += give_up(connection, job, task.id, now, failure, failures=failures)
            else:
                later = now + round(self._retries.waiting(failures) * 1e6)
                try_again(connection, job, task.id, not_before=later, failures=failures)
                told = {"kind": task.kind, "number": task.number, "attempt": task.failures + task.losses + 1}
                told |= {"failure": failure.to_json(), "again": moment(later).isoformat()}
                tell(connection, job, now, "task.failed", told)
            settle(connection, job.tenant, took)

    @until_it_goes_through
    def whole_instead(self, lease: Lease, why: Failure, *, facts: Mapping[str, Any] | None = None) -> None:
        """Have a job done whole that was to be cut, and turns out not to go so; what was made of it is made anew.

        Args:
            lease: of one of its tasks.
            why: it does not go.
            facts: what the worker measured.

        Raises:
            LeaseLostError: somebody else does the task by now, or nobody is to.
            JobStateError: the job is whole.
            JobsUnavailableError: the database cannot be used.
        """
        with writing(self._engine) as connection:
            held = self._ending(connection, lease, "failed", ("plan", "segment", "merge"))
            if held is None:
                return
            job, task, now = held
            took = [end_attempt(connection, task.id, task.token, now, "failed", failure=why, facts=facts)]
            took += stop_tasks(connection, job, now)
            leave_segments(connection, job)
            told = {"kind": task.kind, "number": task.number, "failure": why.to_json()}
            tell(connection, job, now, "job.whole", told)
            change_job(connection, job, now, state="queued", segments=None, segments_done=0, frames=None)
            settle(connection, job.tenant, took)

    @until_it_goes_through
    def released(self, lease: Lease) -> None:
        """Give a task back unharmed, as a worker does that ends.

        Raises:
            LeaseLostError: somebody else does it by now, or nobody is to.
            JobsUnavailableError: the database cannot be used.
        """
        with writing(self._engine) as connection:
            held = self._ending(connection, lease, "released")
            if held is None:
                return
            job, task, now = held
            took = end_attempt(connection, task.id, task.token, now, "released")
            try_again(connection, job, task.id, not_before=now)
            settle(connection, job.tenant, [took])

    def sweep(self) -> int:
        """Give the tasks of workers that were not heard of in time to others; forget workers that are long gone.

        Returns:
            how many tasks there were.

        Raises:
            JobsUnavailableError: the database cannot be used.
        """
        with reading(self._engine) as connection:
            now = self._clock(connection)
            over = select(LEASES.c.task, LEASES.c.token).where(LEASES.c.until < now)
            tasks = connection.execute(over).all()
            old = WORKERS.c.seen < now - round(FORGOTTEN_SECONDS * 1e6)
            has_old = connection.execute(select(WORKERS.c.id).where(old).limit(1)).first() is not None
        if has_old:
            self._forget(old)
        return sum(self._swept(row.task, row.token) for row in tasks)

    @until_it_goes_through
    def seen(self, worker: str, facts: Mapping[str, Any]) -> None:
        """Say that a worker is there.

        Args:
            worker: its name.
            facts: its host, devices and version, as JSON values.

        Raises:
            JobsUnavailableError: the database cannot be used.
        """
        with writing(self._engine) as connection:
            now = self._clock(connection)
            new = postgresql.insert(WORKERS) if connection.dialect.name == "postgresql" else sqlite.insert(WORKERS)
            values = {"seen": now, "facts": dict(facts)}
            made = new.values(id=worker, began=now, **values)
            connection.execute(made.on_conflict_do_update(index_elements=["id"], set_=values))

    @until_it_goes_through
    def gone(self, worker: str) -> None:
        """Say that a worker has ended; errors as of `seen`."""
        self._forget(WORKERS.c.id == worker)

    def _forget(self, which: ColumnElement[bool]) -> None:
        with writing(self._engine) as connection:
            connection.execute(delete(WORKERS).where(which))

    @until_it_goes_through
    def _claimed(self, worker: str, seconds: float) -> Lease | None:
        with writing(self._engine) as connection:
            now = self._clock(connection)
            task = next_task(connection, now)
            return None if task is None else lease_task(connection, task, worker, now, seconds)

    @until_it_goes_through
    def _swept(self, task: int, token: int) -> bool:
        """Take a task from a worker that is lost, unless it was heard of since."""
        with writing(self._engine) as connection:
            number = connection.execute(select(TASKS.c.job).where(TASKS.c.id == task)).scalar_one_or_none()
            if number is None:
                return False
            job, now = job_numbered(connection, number), self._clock(connection)
            row = _leased(connection, (LEASES.c.task == task) & (LEASES.c.token == token) & (LEASES.c.until < now))
            if row is None:
                return False
            losses = row.losses + 1
            failure = Failure("WorkerLostError", 1, f"The worker {row.worker} was not heard of any more")
            took = [end_attempt(connection, task, token, now, "lost", failure=failure)]
            if losses > self._retries.losses:
                took += give_up(connection, job, task, now, failure, losses=losses)
            else:
                try_again(connection, job, task, not_before=now, losses=losses)
                facts = {"kind": row.kind, "number": row.number, "worker": row.worker}
                tell(connection, job, now, "task.lost", facts)
            settle(connection, job.tenant, took)
            return True

    def _ending(
        self, connection: Connection, lease: Lease, outcome: Outcome, kinds: Sequence[TaskKind] = ()
    ) -> tuple[Job, Row[Any], int] | None:
        """Take hold of a job for a worker that has a lease of one of its tasks; None where it told the same before."""
        try:
            job = job_numbered(connection, lease.job.number)
        except JobUnknownError:
            raise _lost(lease) from None
        task = _leased(connection, _of(lease))
        if task is None:
            attempt = (ATTEMPTS.c.task == lease.task) & (ATTEMPTS.c.token == lease.token)
            if connection.execute(select(ATTEMPTS.c.outcome).where(attempt)).scalar_one_or_none() == outcome:
                return None
            raise _lost(lease)
        if kinds and task.kind not in kinds:
            raise JobStateError(f"A task of the kind {task.kind} does not end like this")
        return job, task, self._clock(connection)


def _of(lease: Lease) -> ColumnElement[bool]:
    return (LEASES.c.task == lease.task) & (LEASES.c.token == lease.token)


def _leased(connection: Connection, which: ColumnElement[bool]) -> Row[Any] | None:
    """Return a task with its worker; nobody changes its lease until the transaction ends. None if there is no lease."""
    wanted = select(TASKS, LEASES.c.worker).join(LEASES, LEASES.c.task == TASKS.c.id).where(which)
    return connection.execute(wanted.with_for_update(of=LEASES)).one_or_none()


def _done(
    connection: Connection, task: Row[Any], now: int, result: Mapping[str, Any], facts: Mapping[str, Any] | None
) -> int:
    """Keep the result of a task, and return how many microseconds it took."""
    connection.execute(update(TASKS).where(TASKS.c.id == task.id).values(state="done", result=dict(result)))
    return end_attempt(connection, task.id, task.token, now, "done", facts=facts)


def _tasks_of(job: Job, segments: Sequence[SegmentOfPlan]) -> list[dict[str, Any]]:
    common = {"job": job.number, "tenant": job.tenant, "rank": -job.priority}
    state: TaskState = "held" if job.is_paused else "ready"
    rows = [
        {**common, "kind": "segment", "number": each.number, "state": state, "frames": each.frames} for each in segments
    ]
    return [*rows, {**common, "kind": "merge", "number": 0, "state": "waiting", "frames": None}]


def _count_result(connection: Connection, job: Job, size: int, now: int) -> None:
    """Take what a job made into account; that its tenant has more than it may then is told, and takes nothing away."""
    if not size:
        return
    count(connection, job.tenant, job_entry(job.id), size)
    there = room(connection, job.tenant)
    if there.is_full:
        tell(connection, job, now, "storage.full", {"stored": there.stored, "most": there.most})


def _count_segment(connection: Connection, job: Job, number: int, now: int) -> None:
    """Count a segment that is finished; the last one lets the merge begin."""
    done = job.segments_done + 1
    change_job(connection, job, now, segments_done=done)
    tell(connection, job, now, "segment.done", {"number": number, "done": done, "of": job.segments})
    if done == job.segments:
        merge = (TASKS.c.job == job.number) & (TASKS.c.kind == "merge")
        connection.execute(update(TASKS).where(merge).values(state="held" if job.is_paused else "ready"))
        change_job(connection, job, now, state="merging")


def _lost(lease: Lease) -> LeaseLostError:
    return LeaseLostError(f"The {lease.kind} of job {lease.job.id} is not this worker's any more")
