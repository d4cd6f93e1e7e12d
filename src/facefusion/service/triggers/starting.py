"""Starting jobs for objects: once for each content, never for results of our own."""

from __future__ import annotations

from typing import Final, Protocol

from sqlalchemy import Connection, Engine, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from facefusion.errors import FaceFusionError, JobQuotaError, JobsUnavailableError, StorageUnavailableError
from facefusion.jobs.database import Clock, database_time, until_it_goes_through, writing
from facefusion.jobs.request import JobRequest
from facefusion.jobs.values import Job
from facefusion.service.triggers.created import Created
from facefusion.service.triggers.rule import check_loops
from facefusion.service.triggers.store import rules_of, trigger_with
from facefusion.service.triggers.tables import TRIGGERED, TRIGGERS
from facefusion.service.triggers.values import Became, Trigger

_KEPT: Final = 90 * 86400 * 1_000_000
# These pass by themselves, so whoever sent the event is to send it again.
_PASSING: Final = (JobsUnavailableError, StorageUnavailableError, JobQuotaError)


class Submitter(Protocol):
    """Takes jobs as the service does for everybody."""

    def __call__(self, connection: Connection, request: JobRequest, *, tenant: str, owner: str, priority: int) -> Job:
        """Take a job within a transaction.

        Raises:
            FaceFusionError: the job is not taken.
        """
        ...


class Starter:
    """Starts jobs for objects that were created.

    Args:
        engine: the database of jobs.
        submit: takes jobs.
        own: addresses below which the service keeps files; objects there start nothing.
        clock: tells the time.
    """

    def __init__(
        self, engine: Engine, submit: Submitter, *, own: tuple[str, ...] = (), clock: Clock = database_time
    ) -> None:
        self._engine, self._submit, self._clock = engine, submit, clock
        self._own = tuple(f"{each.rstrip('/')}/" for each in own)

    def started(self, trigger: str, created: Created) -> Became:
        """Start a job for an object, unless there is one or there is to be none.

        Args:
            trigger: identifier.
            created: the object.

        Raises:
            ResourceUnknownError: there is no such trigger.
            JobsUnavailableError: the database cannot be used; send the event again.
            StorageUnavailableError: the storage cannot be used; send the event again.
            JobQuotaError: the tenant has as many jobs as it may; send the event again later.
        """
        try:
            return self._once(trigger, created)
        except _PASSING:
            raise
        except FaceFusionError as error:
            return self._refused(trigger, created, error)

    @until_it_goes_through
    def _once(self, trigger_id: str, created: Created) -> Became:
        with writing(self._engine) as connection:
            trigger = trigger_with(connection, None, trigger_id)
            if not trigger.is_enabled or not trigger.rule.matches(created.address):
                return Became(created.address, "ignored")
            if created.address.startswith(self._own):
                return Became(created.address, "ignored")
            now = self._clock(connection)
            connection.execute(delete(TRIGGERED).where(TRIGGERED.c.at < now - _KEPT))
            mine = (TRIGGERED.c.trigger == trigger.id) & (TRIGGERED.c.object == created.identity)
            if not _is_new(connection, trigger, created, now):
                job = connection.execute(select(TRIGGERED.c.job).where(mine)).scalar_one()
                return Became(created.address, "known", job)
            request = trigger.rule.job_of(created)
            check_loops(request, rules_of(connection, trigger.tenant))
            owner, priority = f"trigger:{trigger.id}", trigger.rule.priority
            started = self._submit(connection, request, tenant=trigger.tenant, owner=owner, priority=priority)
            connection.execute(update(TRIGGERED).where(mine).values(job=started.id))
            return Became(created.address, "started", started.id)

    def _refused(self, trigger: str, created: Created, error: FaceFusionError) -> Became:
        reason = f"{created.address}: {error}"[:400]
        with writing(self._engine) as connection:
            values = {"refused": self._clock(connection), "refused_reason": reason}
            done = connection.execute(update(TRIGGERS).where(TRIGGERS.c.id == trigger).values(values))
            if done.rowcount != 1:
                raise error
        return Became(created.address, "refused", None, str(error))


def _is_new(connection: Connection, trigger: Trigger, created: Created, now: int) -> bool:
    """Note that a job is started for an object; return whether none was before."""
    values = {"trigger": trigger.id, "object": created.identity, "at": now}
    is_postgresql = connection.dialect.name == "postgresql"
    new = postgresql.insert(TRIGGERED) if is_postgresql else sqlite.insert(TRIGGERED)
    # How many rows an INSERT made its driver need not tell; which ones it made the database does.
    made = connection.execute(new.values(values).on_conflict_do_nothing().returning(TRIGGERED.c.object))
    return made.first() is not None
