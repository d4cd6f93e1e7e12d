"""Making links, finding what they lead to, and taking them back."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import BigInteger, Connection, Engine, Row, String, bindparam, delete, func, insert, select

from facefusion.errors import JobStateError, ResourceUnknownError
from facefusion.jobs.database import Clock, database_time, looking, moment, until_it_goes_through, writing
from facefusion.jobs.rows import job_of_first, job_with
from facefusion.jobs.schema import JOBS
from facefusion.jobs.values import Job
from facefusion.service.links.tables import LINKS

MOST: Final = 50
"""Links that a job has at one time."""
_BYTES: Final = 32
_TOKEN: Final = re.compile("[A-Za-z0-9_-]{43}")
_HOUR: Final = 3_600_000_000
_SHARED: Final = (
    select(*JOBS.c, LINKS.c.id.label("link"), LINKS.c.expires.label("expires"))
    .join(LINKS, LINKS.c.job == JOBS.c.number)
    .where(
        LINKS.c.digest == bindparam("told", type_=String),
        LINKS.c.expires > bindparam("now", type_=BigInteger),
        JOBS.c.state == "succeeded",
    )
)


@dataclass(frozen=True, slots=True)
class Link:
    """A link, without its token, which only whoever made it was told.

    Attributes:
        id: by which it is taken back.
        owner: who made it.
        label: what it is for, in words of whoever made it.
        created: when.
        expires: when it ends by itself.
    """

    id: str
    owner: str
    label: str
    created: datetime
    expires: datetime


@dataclass(frozen=True, slots=True)
class Shared:
    """What a link leads to.

    Attributes:
        job: whose result it is.
        link: identifier of the link.
        expires: when the link ends by itself.
    """

    job: Job
    link: str
    expires: datetime


class LinkStore:
    """Keeps links.

    Args:
        engine: the database of jobs.
        clock: tells the time.
    """

    def __init__(self, engine: Engine, *, clock: Clock = database_time) -> None:
        self._engine, self._clock = engine, clock

    @until_it_goes_through
    def create(self, job_id: str, *, tenant: str, owner: str, hours: int, label: str = "") -> tuple[Link, str]:
        """Make a link to the result of a job.

        Args:
            job_id: of the job.
            tenant: whose it must be.
            owner: who makes the link.
            hours: after which it ends.
            label: what it is for.

        Returns:
            the link, and its token, which is told this once.

        Raises:
            JobUnknownError: there is no such job, or it is another tenant's.
            JobStateError: it has no result that everybody may have, or as many links as it may.
            JobsUnavailableError: the database cannot be used.
        """
        token = secrets.token_urlsafe(_BYTES)
        with writing(self._engine) as connection:
            job = job_with(connection, job_id, tenant=tenant, is_locked=True)
            if job.state != "succeeded" or not job.result:
                raise JobStateError(
                    f"Job {job_id} is {job.state} and has no result to be shared",
                    "Wait until it has succeeded and, where that is needed, was approved",
                )
            now = self._clock(connection)
            self._make_room(connection, job, now)
            values = {"id": secrets.token_hex(16), "job": job.number, "owner": owner, "label": label}
            times = {"created": now, "expires": now + hours * _HOUR}
            made = insert(LINKS).values(**values, **times, digest=_digest(token)).returning(LINKS)
            return _link_of(connection.execute(made).one()), token

    def of(self, job_id: str, *, tenant: str) -> list[Link]:
        """Return the links to the result of a job that have not ended, the newest first; errors as of `create`."""
        with looking(self._engine) as connection:
            job = job_with(connection, job_id, tenant=tenant)
            wanted = select(LINKS).where(LINKS.c.job == job.number, LINKS.c.expires > self._clock(connection))
            return [_link_of(row) for row in connection.execute(wanted.order_by(LINKS.c.number.desc()))]

    @until_it_goes_through
    def remove(self, job_id: str, link_id: str, *, tenant: str) -> None:
        """Take a link back; whoever has it gets nothing any more.

        Raises:
            JobUnknownError: there is no such job, or it is another tenant's.
            ResourceUnknownError: the job has no such link.
            JobsUnavailableError: the database cannot be used.
        """
        with writing(self._engine) as connection:
            job = job_with(connection, job_id, tenant=tenant)
            which = (LINKS.c.job == job.number) & (LINKS.c.id == link_id)
            if not connection.execute(delete(LINKS).where(which)).rowcount:
                raise ResourceUnknownError(f"Job {job_id} has no link {link_id}")

    def find(self, token: str) -> Shared:
        """Return what a token leads to.

        Raises:
            ResourceUnknownError: nothing, or nothing any more; which of both is not told.
            JobsUnavailableError: the database cannot be used.
        """
        found: Any = None
        if _TOKEN.fullmatch(token) is not None:
            with looking(self._engine) as connection:
                wanted = {"told": _digest(token), "now": self._clock(connection)}
                found = connection.execute(_SHARED, wanted).one_or_none()
        if found is None:
            raise unknown()
        return Shared(job_of_first(found), found.link, moment(found.expires))

    def _make_room(self, connection: Connection, job: Job, now: int) -> None:
        connection.execute(delete(LINKS).where(LINKS.c.job == job.number, LINKS.c.expires <= now))
        there = select(func.count()).select_from(LINKS).where(LINKS.c.job == job.number)
        if connection.execute(there).scalar_one() >= MOST:
            raise JobStateError(f"Job {job.id} has {MOST} links, which is all it may", "Take one back that has served")


def unknown() -> ResourceUnknownError:
    """Return the error of a link that leads nowhere."""
    return ResourceUnknownError("This link leads nowhere, or its time is over", "Ask whoever sent it for a new one")


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _link_of(row: Row[Any]) -> Link:
    return Link(row.id, row.owner, row.label, moment(row.created), moment(row.expires))
