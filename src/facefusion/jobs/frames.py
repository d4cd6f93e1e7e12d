"""Small pictures of frames of jobs that are still at work: noted by workers, looked at by people.

Files lie in storage; a row says which lease put one there. Only those count that were made under the last lease of
their task, so that what a worker leaves behind which lost its task is not seen any more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Engine,
    Integer,
    Row,
    bindparam,
    case,
    delete,
    func,
    insert,
    select,
)

from facefusion.errors import LeaseLostError, ResourceUnknownError
from facefusion.jobs.database import Clock, database_time, moment, until_it_goes_through, writing
from facefusion.jobs.schema import FRAMES, JOBS, LEASES, TASKS
from facefusion.jobs.states import JobState
from facefusion.jobs.stored import count, frames_entry, free
from facefusion.jobs.values import Job, Lease

SHOWN: Final[frozenset[JobState]] = frozenset({"running", "merging", "queued", "failed", "cancelled"})
"""States of jobs in which frames are shown; of a finished one the result is."""
_SEEN: Final = ("leased", "done")
_LEASE: Final = select(LEASES.c.task).where(
    LEASES.c.task == bindparam("of", type_=BigInteger), LEASES.c.token == bindparam("by", type_=Integer)
)
_OLD: Final = delete(FRAMES).where(
    FRAMES.c.job == bindparam("job_of", type_=BigInteger), FRAMES.c.number == bindparam("place", type_=BigInteger)
)
_NEW: Final = insert(FRAMES)
_SIZE: Final = select(func.coalesce(func.sum(FRAMES.c.size), 0)).where(
    FRAMES.c.job == bindparam("job_of", type_=BigInteger)
)
_ALL: Final = delete(FRAMES).where(FRAMES.c.job == bindparam("job_of", type_=BigInteger))


@dataclass(frozen=True, slots=True)
class ShownFrame:
    """A small picture of a frame that lies in storage.

    Attributes:
        number: of the frame in the output, from 0.
        seconds: from the first frame of the output.
        key: where it lies.
        size: in bytes.
        width, height: in pixels.
    """

    number: int
    seconds: float
    key: str
    size: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class SeenFrame:
    """A small picture as those see it who look at a job.

    Attributes:
        id: grows with each picture that comes.
        frame: itself.
        at: when it came, in UTC.
    """

    id: int
    frame: ShownFrame
    at: datetime


@until_it_goes_through
def note_frame(engine: Engine, lease: Lease, frame: ShownFrame, *, clock: Clock = database_time) -> None:
    """Note that a picture lies in storage, and count it; one of the same frame by an older lease gives way.

    Args:
        engine: the database of jobs.
        lease: under which it was made.
        frame: the picture.
        clock: tells the time.

    Raises:
        LeaseLostError: nobody waits for what is made under this lease.
        JobsUnavailableError: the database cannot be used.
    """
    with writing(engine, is_durable=False) as connection:
        if connection.execute(_LEASE, {"of": lease.task, "by": lease.token}).first() is None:
            raise LeaseLostError(f"The {lease.kind} of job {lease.job.id} is not this worker's any more")
        connection.execute(_OLD, {"job_of": lease.job.number, "place": frame.number})
        values = {"job": lease.job.number, "task": lease.task, "token": lease.token, "at": clock(connection)}
        names = ("number", "seconds", "key", "size", "width", "height")
        connection.execute(_NEW, values | {name: getattr(frame, name) for name in names})
        size = connection.execute(_SIZE, {"job_of": lease.job.number}).scalar_one()
        count(connection, lease.job.tenant, frames_entry(lease.job.id), int(size))


def forget_frames(connection: Connection, job: Job) -> None:
    """Forget the pictures of a job that is finished; their files are the caller's to remove."""
    connection.execute(_ALL, {"job_of": job.number})
    free(connection, job.tenant, frames_entry(job.id))


def frames_seen(connection: Connection, job: Job) -> list[SeenFrame]:
    """Return the pictures of a job that is not finished, in the order of its frames.

    Args:
        connection: in a transaction.
        job: which.
    """
    if job.state not in SHOWN:
        return []
    wanted = select(FRAMES).join(TASKS, TASKS.c.id == FRAMES.c.task).where(_counts(), FRAMES.c.job == job.number)
    return [_seen(row) for row in connection.execute(wanted.order_by(FRAMES.c.number))]


def frame_seen(connection: Connection, job: Job, number: int) -> SeenFrame:
    """Return one picture.

    Raises:
        ResourceUnknownError: there is none of this frame.
    """
    found = next((each for each in frames_seen(connection, job) if each.frame.number == number), None)
    if found is None:
        raise ResourceUnknownError(f"Job {job.id} shows no picture of frame {number}")
    return found


def newest_frame() -> ColumnElement[int]:
    """Return what tells in a statement about `JOBS` which picture came last; 0 for none."""
    newest = select(func.max(FRAMES.c.id)).where(FRAMES.c.job == JOBS.c.number).correlate(JOBS)
    return case((JOBS.c.state.in_(SHOWN), func.coalesce(newest.scalar_subquery(), 0)), else_=0)


def _counts() -> ColumnElement[bool]:
    return (TASKS.c.token == FRAMES.c.token) & TASKS.c.state.in_(_SEEN)


def _seen(row: Row[Any]) -> SeenFrame:
    frame = ShownFrame(row.number, row.seconds, row.key, row.size, row.width, row.height)
    return SeenFrame(row.id, frame, moment(row.at))
