"""Results that are kept no longer than the policy says: their jobs go, with all their files."""

from __future__ import annotations

import logging
from typing import Final

from sqlalchemy import select

from facefusion.errors import JobStateError, JobUnknownError, StorageError
from facefusion.jobs.database import Clock, database_time, reading
from facefusion.jobs.schema import JOBS
from facefusion.jobs.states import FINAL
from facefusion.jobs.work.removing import remove_job_files
from facefusion.service.parts import ServiceParts
from facefusion.trust.actor import actor_of
from facefusion.trust.policy import policy_in_force

_HOUR: Final = 3_600_000_000
_MOST: Final = 50
_LOG: Final = logging.getLogger(__name__)


def remove_expired(parts: ServiceParts, *, clock: Clock = database_time) -> int:
    """Remove jobs that ended longer ago than the policy keeps outputs; return how many, a bounded number at one time.

    What waits for a review stays until somebody has decided. The audit log is told of each job how many files went.

    Args:
        parts: of the service.
        clock: tells the time of the database.

    Raises:
        PolicyError: no policy can be used.
        JobsUnavailableError: the database cannot be used.
        AuditError: an entry cannot be written.
    """
    hours = policy_in_force(parts.options.trust.policy, home=parts.records.home).policy.privacy.output_hours.value
    if not hours:
        return 0
    with reading(parts.engine) as connection:
        is_over = JOBS.c.finished <= clock(connection) - hours * _HOUR
        ended = select(JOBS.c.id, JOBS.c.tenant).where(JOBS.c.state.in_(sorted(FINAL)), is_over)
        found = connection.execute(ended.order_by(JOBS.c.number).limit(_MOST)).all()
    return sum(_is_removed(parts, job, tenant) for job, tenant in found)


def _is_removed(parts: ServiceParts, job_id: str, tenant: str) -> bool:
    try:
        job = parts.board.job(job_id, tenant=tenant)
        if job.state not in FINAL:
            return False
        # Files first: where they cannot be removed now, the job is there to be found again.
        files = remove_job_files(parts.storage, job)
        parts.board.remove(job_id, tenant=tenant)
    except (JobUnknownError, JobStateError):  # somebody removed it meanwhile, or tries it again
        return False
    except StorageError as error:
        _LOG.warning("What job %s left cannot be removed now: %s", job_id, error.what)
        return False
    parts.records.audit.append("swept", tenant=tenant, actor=actor_of(parts.options.trust), facts={"files": files})
    return True
