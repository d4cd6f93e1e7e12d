"""The queue: tasks are leased to workers, one at a time, and what workers tell of them moves their jobs on.

Every call is one transaction. A lease has a token that grows: whatever a worker tells after its lease went to another
is refused, so that a slow worker never overwrites the result of the one that took its place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Engine, Row, delete, func, insert, select, update

from facefusion.errors import LeaseLostError
from facefusion.jobs.database import Clock, database_time, moment, reading, until_it_goes_through, writing
from facefusion.jobs.order import next_task
from facefusion.jobs.rows import change_job, end_attempt, job_numbered, tell
from facefusion.jobs.schema import ATTEMPTS, LEASES, PLANS, TASKS, WORKERS
from facefusion.jobs.states import JobState, TaskState
from facefusion.jobs.stopping import stop_tasks
from facefusion.jobs.values import Failure, Job, Lease, SegmentOfPlan

LEASE_SECONDS: Final = 30.0
"""How long a worker may be silent before its task goes to another."""


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
        return min(self.most_wait, self.wait * 2.0 ** (times - 1))


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

    @until_it_goes_through
    def claim(self, worker: str, *, seconds: float = LEASE_SECONDS) -> Lease | None:
        """Lease the task whose turn it is.

        Args:
            worker: who will do it.
            seconds: how long the worker may be silent.

        Returns:
            the lease; None where there is nothing to do.

        Raises:
            JobsUnavailableError: the database cannot be used.
        """
        with writing(self._engine) as connection:
            now = self._clock(connection)
            task = next_task(connection, now)
            return None if task is None else self._leased(connection, task, worker, now, seconds)

    @until_it_goes_through
    def extend(self, lease: Lease, *, frames: int = 0) -> None:
        """Say that a task is still being done.

        Args:
            lease: of it.
            frames: finished so far.

        Raises:
            LeaseLostError: nobody waits for the result any more.
            JobsUnavailableError: the database cannot be used.
        """
        with writing(self._engine) as connection:
            until = self._clock(connection) + round(lease.seconds * 1e6)
            held = (LEASES.c.task == lease.task) & (LEASES.c.token == lease.token)
            done = connection.execute(update(LEASES).where(held).values(until=until, frames=frames))
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
            segments: at least one.
            facts: what the worker measured.

        Raises:
            LeaseLostError: somebody else plans it by now, or nobody is to.
            JobsUnavailableError: the database cannot be used.
        """
        with writing(self._engine) as connection:
            job, now = self._ending(connection, lease)
            self._done(connection, lease, now, {}, facts)
            values = {"job": job.number, "content": dict(content), "planned": now}
            connection.execute(insert(PLANS).values(values))
            common = {"job": job.number, "tenant": job.tenant, "priority": job.priority}
            state: TaskState = "held" if job.is_paused else "ready"
            rows = [
                {**common, "kind": "segment", "number": each.number, "state": state, "frames": each.frames}
                for each in segments
            ]
            rows.append({**common, "kind": "merge", "number": 0, "state": "waiting", "frames": None})
            connection.execute(insert(TASKS), rows)
            known = [each.frames for each in segments if each.frames is not None]
            frames = sum(known) if len(known) == len(segments) else None
            change_job(connection, job, now, state="running", segments=len(segments), frames=frames)

    @until_it_goes_through
    def finished(self, lease: Lease, result: Mapping[str, Any], *, facts: Mapping[str, Any] | None = None) -> None:
        """Take the result of a segment, a merge or a whole job.

        Args:
            lease: of the task.
            result: as JSON values.
            facts: what the worker measured.

        Raises:
            LeaseLostError: somebody else does it by now, or nobody is to; the result is not wanted.
            JobsUnavailableError: the database cannot be used.
        """
        with writing(self._engine) as connection:
            job, now = self._ending(connection, lease)
            self._done(connection, lease, now, result, facts)
            if lease.kind != "segment":
                state: JobState = "review" if job.needs_review else "succeeded"
                change_job(connection, job, now, state=state, result=dict(result))
                return
            done = job.segments_done + 1
            tell(connection, job, now, "segment.done", {"number": lease.number, "done": done, "of": job.segments})
            if done != job.segments:
                change_job(connection, job, now, segments_done=done)
                return
            merge = (TASKS.c.job == job.number) & (TASKS.c.kind == "merge")
            connection.execute(update(TASKS).where(merge).values(state="held" if job.is_paused else "ready"))
            change_job(connection, job, now, state="merging", segments_done=done)

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
            job, now = self._ending(connection, lease)
            end_attempt(connection, lease.task, lease.token, now, "failed", failure=failure, facts=facts)
            failures = self._task(connection, lease).failures + 1
            if failure.is_final or failures > self._retries.failures:
                self._give_up(connection, job, lease.task, now, failure, failures=failures)
            else:
                later = now + round(self._retries.waiting(failures) * 1e6)
                self._again(connection, job, lease.task, not_before=later, failures=failures)
                facts = {**_named(lease), "failure": failure.to_json(), "again": moment(later).isoformat()}
                tell(connection, job, now, "task.failed", facts)

    @until_it_goes_through
    def released(self, lease: Lease) -> None:
        """Give a task back unharmed, as a worker does that ends.

        Raises:
            LeaseLostError: somebody else does it by now, or nobody is to.
            JobsUnavailableError: the database cannot be used.
        """
        with writing(self._engine) as connection:
            job, now = self._ending(connection, lease)
            end_attempt(connection, lease.task, lease.token, now, "released")
            self._again(connection, job, lease.task, not_before=now)

    @until_it_goes_through
    def sweep(self) -> int:
        """Give the tasks of workers that were not heard of in time to others.

        Returns:
            how many there were.

        Raises:
            JobsUnavailableError: the database cannot be used.
        """
        with reading(self._engine) as connection:
            over = LEASES.c.until < self._clock(connection)
            tasks = connection.execute(select(LEASES.c.task, LEASES.c.token).where(over)).all()
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
            values = {"seen": now, "facts": dict(facts)}
            done = connection.execute(update(WORKERS).where(WORKERS.c.id == worker).values(values))
            if not done.rowcount:
                connection.execute(insert(WORKERS).values(id=worker, began=now, **values))

    @until_it_goes_through
    def gone(self, worker: str) -> None:
        """Say that a worker has ended; errors as of `seen`."""
        with writing(self._engine) as connection:
            connection.execute(delete(WORKERS).where(WORKERS.c.id == worker))

    @until_it_goes_through
    def _swept(self, task: int, token: int) -> bool:
        """Take a task from a worker that is lost, unless it was heard of since."""
        with writing(self._engine) as connection:
            row = connection.execute(select(TASKS).where(TASKS.c.id == task)).one_or_none()
            if row is None:
                return False
            job, now = job_numbered(connection, row.job), self._clock(connection)
            over = (LEASES.c.task == task) & (LEASES.c.token == token) & (LEASES.c.until < now)
            worker = connection.execute(select(LEASES.c.worker).where(over).with_for_update()).scalar_one_or_none()
            if worker is None:
                return False
            failure = Failure("WorkerLostError", 1, f"The worker {worker} was not heard of any more")
            end_attempt(connection, task, token, now, "lost", failure=failure)
            losses = row.losses + 1
            if losses > self._retries.losses:
                self._give_up(connection, job, task, now, failure, losses=losses)
            else:
                self._again(connection, job, task, not_before=now, losses=losses)
                facts = {"kind": row.kind, "number": row.number, "worker": worker}
                tell(connection, job, now, "task.lost", facts)
            return True

    def _leased(self, connection: Connection, task: Row[Any], worker: str, now: int, seconds: float) -> Lease:
        token, until = task.token + 1, now + round(seconds * 1e6)
        connection.execute(update(TASKS).where(TASKS.c.id == task.id).values(state="leased", token=token))
        values = {"task": task.id, "token": token, "worker": worker}
        connection.execute(insert(LEASES).values(**values, tenant=task.tenant, until=until, frames=0))
        connection.execute(insert(ATTEMPTS).values(**values, began=now))
        job = job_numbered(connection, task.job)
        state: JobState = {"plan": "planning", "whole": "running"}.get(task.kind, job.state)  # type: ignore[assignment]
        if state != job.state:
            change_job(connection, job, now, state=state, started=now)
        attempt = task.failures + task.losses + 1
        told = {"kind": task.kind, "number": task.number, "worker": worker, "attempt": attempt}
        tell(connection, job, now, "task.leased", told)
        plan = connection.execute(select(PLANS.c.content).where(PLANS.c.job == task.job)).scalar_one_or_none()
        results = _results(connection, task.job) if task.kind == "merge" else ()
        return Lease(
            *(task.id, token, task.kind, task.number, job_numbered(connection, task.job), plan, results),
            until=moment(until),
            seconds=seconds,
            attempt=attempt,
        )

    def _ending(self, connection: Connection, lease: Lease) -> tuple[Job, int]:
        """Take hold of a job for a worker that has a lease of one of its tasks."""
        job = job_numbered(connection, lease.job.number)
        held = (LEASES.c.task == lease.task) & (LEASES.c.token == lease.token)
        if connection.execute(select(LEASES.c.task).where(held).with_for_update()).one_or_none() is None:
            raise _lost(lease)
        return job, self._clock(connection)

    def _task(self, connection: Connection, lease: Lease) -> Row[Any]:
        return connection.execute(select(TASKS).where(TASKS.c.id == lease.task)).one()

    def _done(
        self,
        connection: Connection,
        lease: Lease,
        now: int,
        result: Mapping[str, Any],
        facts: Mapping[str, Any] | None,
    ) -> None:
        end_attempt(connection, lease.task, lease.token, now, "done", facts=facts)
        connection.execute(update(TASKS).where(TASKS.c.id == lease.task).values(state="done", result=dict(result)))

    def _again(self, connection: Connection, job: Job, task: int, *, not_before: int, **counts: int) -> None:
        state: TaskState = "held" if job.is_paused else "ready"
        values = {"state": state, "not_before": not_before, **counts}
        connection.execute(update(TASKS).where(TASKS.c.id == task).values(values))

    def _give_up(self, connection: Connection, job: Job, task: int, now: int, failure: Failure, **counts: int) -> None:
        connection.execute(update(TASKS).where(TASKS.c.id == task).values(state="dead", **counts))
        stop_tasks(connection, job, now)
        change_job(connection, job, now, state="failed", error=failure.to_json())


def pending(connection: Connection) -> int:
    """Return how many tasks could be begun."""
    ready = select(func.count()).select_from(TASKS).where(TASKS.c.state == "ready")
    return int(connection.execute(ready).scalar_one())


def _results(connection: Connection, job: int) -> tuple[Mapping[str, Any], ...]:
    segments = (TASKS.c.job == job) & (TASKS.c.kind == "segment")
    wanted = select(TASKS.c.result).where(segments).order_by(TASKS.c.number)
    return tuple(connection.execute(wanted).scalars())


def _named(lease: Lease) -> dict[str, Any]:
    return {"kind": lease.kind, "number": lease.number, "attempt": lease.attempt}


def _lost(lease: Lease) -> LeaseLostError:
    return LeaseLostError(f"The {lease.kind} of job {lease.job.id} is not this worker's any more")
