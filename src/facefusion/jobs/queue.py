"""The queue: tasks are leased to workers, one at a time, and what workers tell of them moves their jobs on.

Every call is one transaction, also one that tells how a task ended and leases the next. A lease has a token that grows:
whatever a worker tells after its lease went to another is refused, so that a slow worker never overwrites the result of
the one that took its place. What a worker tells a second time, because the answer to the first got lost, has the effect
of once.

Locks are taken in one order: the job, what is its, and the tenant last. Who leases a task has that before its job, and
may have the job of another; so it does not wait for a job.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import BigInteger, Connection, Engine, Integer, String, bindparam, insert, select, update

from facefusion.errors import JobStateError, LeaseLostError, OptionsError
from facefusion.jobs.attendance import any_silent, forget_silent, note_gone, note_seen
from facefusion.jobs.database import Clock, database_time, moment, reading, until_it_goes_through, writing
from facefusion.jobs.frames import forget_frames
from facefusion.jobs.holding import Held, hold, hold_late, was_told
from facefusion.jobs.leasing import lease_task
from facefusion.jobs.order import next_task, settle
from facefusion.jobs.quality.drawing import draw
from facefusion.jobs.rows import change_job, tell
from facefusion.jobs.schema import JOBS, LEASES, PLANS, TASKS
from facefusion.jobs.states import JobState, Outcome, TaskKind, TaskState
from facefusion.jobs.stopping import end_attempt, end_task, give_up, leave_segments, stop_tasks, try_again
from facefusion.jobs.stored import count, job_entry, room
from facefusion.jobs.values import Failure, Job, Lease, SegmentOfPlan

LEASE_SECONDS: Final = 30.0
"""How long a worker may be silent before its task goes to another."""
FORGOTTEN_SECONDS: Final = 86_400.0
"""How long a worker may be silent before it is not listed any more."""

_NOW: Final = bindparam("now", type_=BigInteger)
_JOB: Final = bindparam("job_of", type_=BigInteger)
_EXTEND: Final = (
    update(LEASES)
    .where(LEASES.c.task == bindparam("of", type_=BigInteger), LEASES.c.token == bindparam("by", type_=Integer))
    .values(until=bindparam("end", type_=BigInteger), frames=bindparam("done", type_=BigInteger))
)
_FRAMES: Final = (
    update(JOBS)
    .where(JOBS.c.number == _JOB, JOBS.c.frames.is_(None))
    .values(frames=bindparam("total", type_=BigInteger))
)
_MERGE: Final = (
    update(TASKS).where(TASKS.c.job == _JOB, TASKS.c.kind == "merge").values(state=bindparam("into", type_=String))
)
_PLAN: Final = insert(PLANS)
_TASK: Final = insert(TASKS)
_LATE: Final = select(LEASES.c.task, LEASES.c.token).where(LEASES.c.until < _NOW)
_IS_LATE: Final = _LATE.limit(1)


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
        _check_lease(worker, seconds)
        lease, is_late = self._claimed(worker, seconds)
        if is_late and self.sweep():
            lease, _ = self._claimed(worker, seconds)
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
        with writing(self._engine, is_durable=False) as connection:
            if lease.kind == "whole" and total is not None and lease.job.frames is None:
                connection.execute(_FRAMES, {"job_of": lease.job.number, "total": max(0, total)})
            values = {"end": self._clock(connection) + round(lease.seconds * 1e6), "done": max(0, frames)}
            done = connection.execute(_EXTEND, {"of": lease.task, "by": lease.token, **values})
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
        next_for: str | None = None,
    ) -> Lease | None:
        """Take the plan of a job; its segments may be done from now on.

        Args:
            lease: of the task `plan`.
            content: where the plan lies, as JSON values.
            segments: at least one, numbered from 0.
            facts: what the worker measured: `frames`, `width` and `height` of the output, `device`, seconds by stage.
            next_for: as of `finished`; returns as that does.

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
                return None
            job, now = held.job, self._clock(connection)
            took = end_task(connection, held.task, held.token, now, {}, facts=facts)
            connection.execute(_PLAN, {"job": job.number, "content": dict(content), "planned": now})
            connection.execute(_TASK, _tasks_of(job, segments))
            known = [each.frames for each in segments if each.frames is not None]
            counted = {"segments": len(segments), "frames": sum(known) if len(known) == len(segments) else None}
            change_job(connection, job, now, state="running", is_heard=held.is_heard, **counted)
            following = self._following(connection, held, now, next_for, lease.seconds)
            settle(connection, job.tenant, [took])
            return following

    @until_it_goes_through
    def finished(
        self,
        lease: Lease,
        result: Mapping[str, Any],
        *,
        facts: Mapping[str, Any] | None = None,
        stored: int = 0,
        inputs: Mapping[str, str] | None = None,
        next_for: str | None = None,
    ) -> Lease | None:
        """Take the result of a segment, a merge or a whole job.

        Args:
            lease: of the task.
            result: as JSON values.
            facts: what the worker measured.
            stored: bytes of storage that the result of a job takes.
            inputs: of a job whose result is to be measured later, SHA-256 of its files by their references; None for
                all others.
            next_for: the worker that gets the task whose turn it is now, if it wants one: both are done, or neither.

        Returns:
            the lease of that task, for as many seconds as this one. None where there is none, where this was told
            before, or where it is to be asked for by `claim`, as it would have to wait for others.

        Raises:
            LeaseLostError: somebody else does it by now, or nobody is to; the result is not wanted.
            JobStateError: the lease is of a `plan`.
            JobsUnavailableError: the database cannot be used.
        """
        with writing(self._engine) as connection:
            held = self._ending(connection, lease, "done", ("segment", "merge", "whole"))
            if held is None:
                return None
            job, now = held.job, self._clock(connection)
            took = end_task(connection, held.task, held.token, now, result, facts=facts)
            if held.kind == "segment":
                _count_segment(connection, held, now)
            else:
                state: JobState = "review" if job.needs_review else "succeeded"
                made = {**result, "took": _took(job, now)}
                change_job(connection, job, now, state=state, is_heard=held.is_heard, result=made)
                forget_frames(connection, job)
                _count_result(connection, job, stored, now)
                if inputs is not None:
                    draw(connection, job, now, inputs)
            following = self._following(connection, held, now, next_for, lease.seconds)
            settle(connection, job.tenant, [took])
            return following

    @until_it_goes_through
    def failed(self, lease: Lease, failure: Failure, *, facts: Mapping[str, Any] | None = None) -> bool:
        """Take it that a task failed; it is tried again, later, unless that cannot help or was done often enough.

        Args:
            lease: of the task.
            failure: why.
            facts: what the worker measured.

        Returns:
            whether the job has failed by it; not so where this was told before.

        Raises:
            LeaseLostError: somebody else does it by now, or nobody is to.
            JobsUnavailableError: the database cannot be used.
        """
        with writing(self._engine) as connection:
            held = self._ending(connection, lease, "failed")
            if held is None:
                return False
            job, now = held.job, self._clock(connection)
            took = [end_attempt(connection, held.task, held.token, now, "failed", failure=failure, facts=facts)]
            failures = held.failures + 1
            is_over = failure.is_final or failures > self._retries.failures
            if is_over:
                took += give_up(connection, job, held.task, now, failure, failures=failures)
            else:
                later = now + round(self._retries.waiting(failures) * 1e6)
                try_again(connection, job, held.task, not_before=later, failures=failures)
                told: dict[str, Any] = {
                    "kind": held.kind,
                    "number": held.number,
                    "attempt": held.failures + held.losses + 1,
                }
                told |= {"failure": failure.to_json(), "again": moment(later).isoformat()}
                tell(connection, job, now, "task.failed", told)
            settle(connection, job.tenant, took)
            return is_over

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
            job, now = held.job, self._clock(connection)
            took = [end_attempt(connection, held.task, held.token, now, "failed", failure=why, facts=facts)]
            took += stop_tasks(connection, job, now)
            leave_segments(connection, job)
            told = {"kind": held.kind, "number": held.number, "failure": why.to_json()}
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
            now = self._clock(connection)
            took = end_attempt(connection, held.task, held.token, now, "released")
            try_again(connection, held.job, held.task, not_before=now)
            settle(connection, held.job.tenant, [took])

    def sweep(self) -> int:
        """Give the tasks of workers that were not heard of in time to others; forget workers that are long gone.

        Returns:
            how many tasks there were.

        Raises:
            JobsUnavailableError: the database cannot be used.
        """
        with reading(self._engine) as connection:
            now = self._clock(connection)
            tasks = connection.execute(_LATE, {"now": now}).all()
            long_ago = now - round(FORGOTTEN_SECONDS * 1e6)
            has_old = any_silent(connection, long_ago)
        if has_old:
            self._forget(long_ago)
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
        with writing(self._engine, is_durable=False) as connection:
            note_seen(connection, worker, facts, self._clock(connection))

    @until_it_goes_through
    def gone(self, worker: str) -> None:
        """Say that a worker has ended; errors as of `seen`."""
        with writing(self._engine, is_durable=False) as connection:
            note_gone(connection, worker)

    @until_it_goes_through
    def _forget(self, since: int) -> None:
        with writing(self._engine, is_durable=False) as connection:
            forget_silent(connection, since)

    @until_it_goes_through
    def _claimed(self, worker: str, seconds: float) -> tuple[Lease | None, bool]:
        """Lease the task whose turn it is; where there is none, say whether a worker is late."""
        with writing(self._engine) as connection:
            now = self._clock(connection)
            turn = next_task(connection, now)
            if turn is None:
                return None, connection.execute(_IS_LATE, {"now": now}).first() is not None
            return lease_task(connection, turn, worker, now, seconds), False

    def _following(
        self, connection: Connection, held: Held, now: int, worker: str | None, seconds: float
    ) -> Lease | None:
        """Lease the task whose turn it is to a worker that has told of another in the same transaction."""
        if worker is None:
            return None
        _check_lease(worker, seconds)
        turn = next_task(connection, now, beside=held.job.tenant)
        return None if turn is None else lease_task(connection, turn, worker, now, seconds)

    @until_it_goes_through
    def _swept(self, task: int, token: int) -> bool:
        """Take a task from a worker that is lost, unless it was heard of since."""
        with writing(self._engine) as connection:
            now = self._clock(connection)
            held = hold_late(connection, task, token, now)
            if held is None:
                return False
            job, losses = held.job, held.losses + 1
            failure = Failure("WorkerLostError", 1, f"The worker {held.worker} was not heard of any more")
            took = [end_attempt(connection, task, token, now, "lost", failure=failure)]
            if losses > self._retries.losses:
                took += give_up(connection, job, task, now, failure, losses=losses)
            else:
                try_again(connection, job, task, not_before=now, losses=losses)
                facts = {"kind": held.kind, "number": held.number, "worker": held.worker}
                tell(connection, job, now, "task.lost", facts)
            settle(connection, job.tenant, took)
            return True

    def _ending(
        self, connection: Connection, lease: Lease, outcome: Outcome, kinds: Sequence[TaskKind] = ()
    ) -> Held | None:
        """Hold the task of a lease for a worker that tells of it; None where it told the same before."""
        held = hold(connection, lease)
        if held is None:
            if was_told(connection, lease, outcome):
                return None
            raise _lost(lease)
        if kinds and held.kind not in kinds:
            raise JobStateError(f"A task of the kind {held.kind} does not end like this")
        return held


def _check_lease(worker: str, seconds: float) -> None:
    if not (0 < seconds < 1e9 and 0 < len(worker) <= 200 and worker.isprintable()):
        raise OptionsError("A lease has a worker, whose name has 1 to 200 letters, and lasts longer than 0 seconds")


def _tasks_of(job: Job, segments: Sequence[SegmentOfPlan]) -> list[dict[str, Any]]:
    common = {"job": job.number, "tenant": job.tenant, "rank": -job.priority}
    state: TaskState = "held" if job.is_paused else "ready"
    rows = [
        {**common, "kind": "segment", "number": each.number, "state": state, "frames": each.frames} for each in segments
    ]
    return [*rows, {**common, "kind": "merge", "number": 0, "state": "waiting", "frames": None}]


def _took(job: Job, now: int) -> float | None:
    """Return the seconds that a job took, from its first task on; who looks at it later may take days."""
    return None if job.started is None else round(max(0.0, (moment(now) - job.started).total_seconds()), 3)


def _count_result(connection: Connection, job: Job, size: int, now: int) -> None:
    """Take what a job made into account; that its tenant has more than it may then is told, and takes nothing away."""
    if not size:
        return
    count(connection, job.tenant, job_entry(job.id), size)
    there = room(connection, job.tenant)
    if there.is_full:
        tell(connection, job, now, "storage.full", {"stored": there.stored, "most": there.most})


def _count_segment(connection: Connection, held: Held, now: int) -> None:
    """Count a segment that is finished; the last one lets the merge begin."""
    job, heard = held.job, held.is_heard
    done = job.segments_done + 1
    change_job(connection, job, now, segments_done=done)
    told = {"number": held.number, "done": done, "of": job.segments}
    tell(connection, job, now, "segment.done", told, is_heard=heard)
    if done == job.segments:
        connection.execute(_MERGE, {"job_of": job.number, "into": "held" if job.is_paused else "ready"})
        change_job(connection, job, now, state="merging", is_heard=heard)


def _lost(lease: Lease) -> LeaseLostError:
    return LeaseLostError(f"The {lease.kind} of job {lease.job.id} is not this worker's any more")
