"""How much there is to do, by tenant, as the database of jobs knows it: the same in every process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

from sqlalchemy import BigInteger, Connection, bindparam, case, func, select

from facefusion.jobs.schema import ATTEMPTS, JOBS, TASKS
from facefusion.jobs.states import ACTIVE

_JOBS: Final = (
    select(JOBS.c.tenant, JOBS.c.state, func.count())
    .where(JOBS.c.state.in_(sorted(ACTIVE)))
    .group_by(JOBS.c.tenant, JOBS.c.state)
)
_ENDED: Final = ATTEMPTS.c.ended > bindparam("since", type_=BigInteger)
_FRAMES: Final = func.coalesce(ATTEMPTS.c.facts["frames"].as_integer(), TASKS.c.frames, JOBS.c.frames, 0)
_DONE: Final = (
    select(
        JOBS.c.tenant,
        func.sum(case((ATTEMPTS.c.kind.in_(("whole", "merge")), 1), else_=0)),
        func.sum(case((ATTEMPTS.c.kind.in_(("whole", "segment")), _FRAMES), else_=0)),
    )
    .select_from(ATTEMPTS)
    .join(TASKS, TASKS.c.id == ATTEMPTS.c.task)
    .join(JOBS, JOBS.c.number == TASKS.c.job)
    .where((ATTEMPTS.c.outcome == "done") & _ENDED & (ATTEMPTS.c.ended <= bindparam("until", type_=BigInteger)))
    .group_by(JOBS.c.tenant)
)


@dataclass(frozen=True, slots=True)
class Load:
    """What a tenant has to do, and what was done for it since the look before.

    Attributes:
        waiting: jobs that nobody works at yet.
        running: jobs that somebody works at.
        jobs: that were done since.
        frames: that were done since.
    """

    waiting: int = 0
    running: int = 0
    jobs: int = 0
    frames: int = 0

    def __add__(self, other: Self) -> Load:
        """Return both together."""
        return Load(
            self.waiting + other.waiting,
            self.running + other.running,
            self.jobs + other.jobs,
            self.frames + other.frames,
        )


def loads(connection: Connection, since: int, until: int) -> Mapping[str, Load]:
    """Return the load of each tenant that has any.

    Args:
        connection: in a transaction.
        since: the look before, in microseconds since 1970.
        until: this look.
    """
    found: dict[str, Load] = {}
    for tenant, state, count in connection.execute(_JOBS):
        more = Load(waiting=count) if state == "queued" else Load(running=count)
        found[tenant] = found.get(tenant, Load()) + more
    for tenant, jobs, frames in connection.execute(_DONE, {"since": since, "until": until}):
        found[tenant] = found.get(tenant, Load()) + Load(jobs=int(jobs), frames=int(frames))
    return found
