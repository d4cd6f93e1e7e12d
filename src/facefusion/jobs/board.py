"""The board: what users see of jobs, and what they do with them. Every call is one transaction."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Engine, delete, insert, select, update

from facefusion.errors import JobStateError, OptionsError
from facefusion.jobs.database import Clock, database_time, looking, moment, until_it_goes_through, writing
from facefusion.jobs.newest import newest_jobs
from facefusion.jobs.order import settle
from facefusion.jobs.rows import attempt_of, change_job, event_of, job_of, job_with, tell
from facefusion.jobs.schema import ATTEMPTS, EVENTS, JOBS, PLANS, SAMPLES, TASKS
from facefusion.jobs.states import ACTIVE, FINAL, JobState, TaskState
from facefusion.jobs.stopping import stop_tasks
from facefusion.jobs.stored import check_room, free, job_entry
from facefusion.jobs.tenants import admit_job, check_count, check_priority
from facefusion.jobs.values import Attempt, Event, Job, NewJob
from facefusion.jobs.words import forget_error, note_words

_NEW_JOB: Final = insert(JOBS).returning(*JOBS.c)
_NEW_TASK: Final = insert(TASKS)


class JobBoard:
    """Takes jobs, shows them, and does with them what people want.

    Args:
        engine: the database.
        clock: tells the time.
        check: is handed every job before it is changed, in the same transaction; nothing is done where it raises.
    """

    def __init__(
        self, engine: Engine, *, clock: Clock = database_time, check: Callable[[Job], None] | None = None
    ) -> None:
        self._engine, self._clock, self._check = engine, clock, check

    @until_it_goes_through
    def submit(self, new: NewJob) -> Job:
        """Take a job; when this returns it will be done, whatever is killed.

        Args:
            new: the job.

        Raises:
            JobQuotaError: the tenant may have no further job, or none of this priority, or its storage is full.
            JobsUnavailableError: the database cannot be used.
        """
        with writing(self._engine) as connection:
            return self.submitted(connection, new)

    def submitted(self, connection: Connection, new: NewJob) -> Job:
        """Take a job within a transaction of the caller, which decides with it; arguments and errors as of `submit`."""
        now = self._clock(connection)
        if not (0 < len(new.owner) <= 200 and new.owner.isprintable()):
            raise OptionsError("Who asks for a job has a name of 1 to 200 letters")
        admit_job(connection, new.tenant, new.priority)
        named = {"id": secrets.token_hex(16), "tenant": new.tenant, "owner": new.owner, "state": "queued"}
        asked = {"needs_review": new.needs_review, "priority": new.priority, "request": dict(new.request)}
        asked |= {"names": dict(new.names), "origin": None if new.origin is None else dict(new.origin)}
        job = job_of(connection.execute(_NEW_JOB, {**named, **asked, "created": now, "queued": now}).one())
        note_words(connection, job, new.words)
        task = {"job": job.number, "tenant": new.tenant, "kind": "plan" if new.is_cut else "whole", "number": 0}
        connection.execute(_NEW_TASK, {**task, "state": "ready", "rank": -new.priority})
        tell(connection, job, now, "job.queued", {})
        return job

    def job(self, job_id: str, *, tenant: str | None) -> Job:
        """Return one job.

        Args:
            job_id: of the job.
            tenant: whose it must be; anybody's when None.

        Raises:
            JobUnknownError: there is none, or it is another tenant's.
            JobsUnavailableError: the database cannot be used.
        """
        with looking(self._engine) as connection:
            return job_with(connection, job_id, tenant=tenant)

    def jobs(
        self,
        *,
        tenant: str | None,
        states: Sequence[JobState] = (),
        suspicious: bool = False,
        before: int | None = None,
        limit: int = 50,
    ) -> list[Job]:
        """Return jobs, the newest first.

        Args:
            tenant: whose; everybody's when None.
            states: in which they are; all when empty.
            suspicious: whether only those are wanted of which something unusual was measured.
            before: number of the job with which the page before ended; None for the first page.
            limit: most jobs.

        Raises:
            JobsUnavailableError: the database cannot be used.
        """
        odd = [JOBS.c.number.in_(select(SAMPLES.c.job).where(SAMPLES.c.is_suspicious))] if suspicious else []
        if tenant is not None:
            wanted = newest_jobs(self._engine, tenant, states, *odd, before=before, limit=limit)
        else:
            wanted = select(JOBS).where(*odd).order_by(JOBS.c.number.desc()).limit(limit)
            wanted = wanted.where(JOBS.c.state.in_(states)) if states else wanted
            wanted = wanted if before is None else wanted.where(JOBS.c.number < before)
        with looking(self._engine) as connection:
            return [job_of(row) for row in connection.execute(wanted).all()]

    def events(self, job_id: str, *, tenant: str | None, after: int = 0, limit: int = 1000) -> list[Event]:
        """Return what happened to a job, in order.

        Args:
            job_id: of the job.
            tenant: whose it must be; anybody's when None.
            after: identifier of the last event that is known already.
            limit: most events.

        Raises:
            JobUnknownError: there is none, or it is another tenant's.
            JobsUnavailableError: the database cannot be used.
        """
        with looking(self._engine) as connection:
            job = job_with(connection, job_id, tenant=tenant)
            wanted = select(EVENTS, JOBS.c.id.label("job_id")).join(JOBS, JOBS.c.number == EVENTS.c.job)
            wanted = wanted.where((EVENTS.c.job == job.number) & (EVENTS.c.id > after)).order_by(EVENTS.c.id)
            return [event_of(row) for row in connection.execute(wanted.limit(limit))]

    def attempts(self, job_id: str, *, tenant: str | None, limit: int = 1000) -> list[Attempt]:
        """Return who worked at a job, the latest first.

        Args:
            job_id: of the job.
            tenant: whose it must be; anybody's when None.
            limit: most attempts.

        Raises:
            JobUnknownError: there is none, or it is another tenant's.
            JobsUnavailableError: the database cannot be used.
        """
        with looking(self._engine) as connection:
            job = job_with(connection, job_id, tenant=tenant)
            wanted = select(ATTEMPTS, TASKS.c.kind, TASKS.c.number).join(TASKS, TASKS.c.id == ATTEMPTS.c.task)
            latest = ATTEMPTS.c.began.desc(), ATTEMPTS.c.task.desc(), ATTEMPTS.c.token.desc()
            wanted = wanted.where(TASKS.c.job == job.number).order_by(*latest).limit(limit)
            return [attempt_of(row) for row in connection.execute(wanted)]

    @until_it_goes_through
    def cancel(self, job_id: str, *, tenant: str | None) -> Job:
        """Stop a job; whoever works at it hears of it within seconds. One that is cancelled already stays so.

        Raises:
            JobUnknownError: there is none, or it is another tenant's.
            JobStateError: it is finished.
            JobsUnavailableError: the database cannot be used.
        """
        with writing(self._engine) as connection:
            job, now = self._held(connection, job_id, tenant)
            if job.state != "cancelled":
                took = stop_tasks(connection, job, now)
                change_job(connection, job, now, state="cancelled")
                settle(connection, job.tenant, took)
            return job_with(connection, job_id, tenant=tenant)

    @until_it_goes_through
    def pause(self, job_id: str, *, tenant: str | None) -> Job:
        """Begin none of a job's tasks any more; those that are being done go to their end. Errors as of `cancel`."""
        with writing(self._engine) as connection:
            job, now = self._held(connection, job_id, tenant)
            self._check_active(job, "paused")
            if not job.is_paused:
                self._move(connection, job, "ready", "held")
                change_job(connection, job, now, is_paused=True)
                tell(connection, job, now, "job.paused", {})
            return job_with(connection, job_id, tenant=tenant)

    @until_it_goes_through
    def resume(self, job_id: str, *, tenant: str | None) -> Job:
        """Go on with a job that was paused; errors as of `cancel`."""
        with writing(self._engine) as connection:
            job, now = self._held(connection, job_id, tenant)
            self._check_active(job, "resumed")
            if job.is_paused:
                self._move(connection, job, "held", "ready")
                change_job(connection, job, now, is_paused=False)
                tell(connection, job, now, "job.resumed", {})
            return job_with(connection, job_id, tenant=tenant)

    @until_it_goes_through
    def retry(self, job_id: str, *, tenant: str | None) -> Job:
        """Try a job again that failed or was cancelled, from what is finished of it.

        Raises:
            JobUnknownError: there is none, or it is another tenant's.
            JobStateError: it neither failed nor was cancelled.
            JobQuotaError: the tenant has as many jobs that are not finished as it may, or its storage is full.
            JobsUnavailableError: the database cannot be used.
        """
        with writing(self._engine) as connection:
            job, now = self._held(connection, job_id, tenant)
            if job.state not in {"failed", "cancelled"}:
                raise JobStateError(f"Job {job_id} is {job.state}", "Only what failed or was cancelled is tried again")
            is_planned = connection.execute(select(PLANS.c.job).where(PLANS.c.job == job.number)).first() is not None
            is_cut_through = is_planned and job.segments_done == job.segments
            again = (TASKS.c.job == job.number) & TASKS.c.state.in_(("dead", "cancelled"))
            values = {"not_before": now, "failures": 0, "losses": 0}
            connection.execute(update(TASKS).where(again).values(state="ready", **values))
            if is_planned and not is_cut_through:
                merge = (TASKS.c.job == job.number) & (TASKS.c.kind == "merge")
                connection.execute(update(TASKS).where(merge).values(state="waiting"))
            state: JobState = "merging" if is_cut_through else "running" if is_planned else "queued"
            forget_error(connection, job)
            change_job(connection, job, now, state=state, queued=now, is_paused=False, finished=None, error=None)
            check_room(connection, job.tenant)
            check_count(connection, job.tenant, with_one=True)
            return job_with(connection, job_id, tenant=tenant)

    @until_it_goes_through
    def prioritise(self, job_id: str, priority: int, *, tenant: str | None) -> Job:
        """Give a job another priority, which holds for what is not begun yet.

        Raises:
            JobUnknownError: there is none, or it is another tenant's.
            JobStateError: it is finished.
            JobQuotaError: the tenant may have none of this priority.
            JobsUnavailableError: the database cannot be used.
        """
        with writing(self._engine) as connection:
            job, now = self._held(connection, job_id, tenant)
            self._check_active(job, "given another priority")
            check_priority(connection, job.tenant, priority)
            connection.execute(update(TASKS).where(TASKS.c.job == job.number).values(rank=-priority))
            change_job(connection, job, now, priority=priority)
            tell(connection, job, now, "job.prioritised", {"priority": priority})
            return job_with(connection, job_id, tenant=tenant)

    @until_it_goes_through
    def review(
        self,
        job_id: str,
        *,
        tenant: str | None,
        reviewer: str,
        approves: bool,
        reason: str = "",
        delivered: Sequence[str] = (),
    ) -> Job:
        """Approve a result that waits for it, or reject it.

        Args:
            job_id: of the job.
            tenant: whose it must be; anybody's when None.
            reviewer: who decides.
            approves: whether the result may be fetched.
            reason: why.
            delivered: addresses to which the outputs were copied, of a result that is approved.

        Raises:
            JobUnknownError: there is none, or it is another tenant's.
            JobStateError: it does not wait for a review.
            JobsUnavailableError: the database cannot be used.
        """
        with writing(self._engine) as connection:
            job, now = self._held(connection, job_id, tenant)
            if job.state != "review":
                raise JobStateError(f"Job {job_id} is {job.state} and waits for no review")
            said = {"by": reviewer, "approves": approves, "reason": reason, "at": moment(now).isoformat()}
            values: dict[str, Any] = {"review": said}
            if delivered:
                values["result"] = {**(job.result or {}), "delivered": list(delivered)}
            change_job(connection, job, now, state="succeeded" if approves else "rejected", **values)
            return job_with(connection, job_id, tenant=tenant)

    @until_it_goes_through
    def remove(self, job_id: str, *, tenant: str | None) -> Job:
        """Forget a job that is finished, with its events; its files are the caller's to remove.

        Its tenant has the room of its result again.

        Raises:
            JobUnknownError: there is none, or it is another tenant's.
            JobStateError: it is not finished.
            JobsUnavailableError: the database cannot be used.
        """
        with writing(self._engine) as connection:
            job, _ = self._held(connection, job_id, tenant)
            if job.state not in FINAL:
                raise JobStateError(f"Job {job_id} is {job.state}", "Cancel it first")
            connection.execute(delete(JOBS).where(JOBS.c.number == job.number))
            free(connection, job.tenant, job_entry(job.id))
            return job

    def _held(self, connection: Connection, job_id: str, tenant: str | None) -> tuple[Job, int]:
        job = job_with(connection, job_id, tenant=tenant, is_locked=True)
        if self._check is not None:
            self._check(job)
        return job, self._clock(connection)

    def _check_active(self, job: Job, what: str) -> None:
        if job.state not in ACTIVE:
            raise JobStateError(f"Job {job.id} is {job.state} and cannot be {what}")

    def _move(self, connection: Connection, job: Job, before: TaskState, after: TaskState) -> None:
        which = (TASKS.c.job == job.number) & (TASKS.c.state == before)
        connection.execute(update(TASKS).where(which).values(state=after))
