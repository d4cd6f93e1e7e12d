"""The account of what tenants keep in storage: bytes of uploads, faces, results, and small pictures of each.

Calls are within a transaction.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from facefusion.errors import JobQuotaError
from facefusion.jobs.schema import STORED, TENANTS

_HINT = "Remove what is not needed any more, or ask for a larger quota"


@dataclass(frozen=True, slots=True)
class Room:
    """What a tenant has in storage, and may have.

    Attributes:
        stored: bytes that it has.
        most: bytes that it may have; any number when None.
    """

    stored: int
    most: int | None

    @property
    def is_full(self) -> bool:
        """Whether nothing more may be put there."""
        return self.most is not None and self.stored >= self.most


def job_entry(job_id: str) -> str:
    """Return under which name the result of a job is in the account."""
    return f"jobs/{job_id}"


def frames_entry(job_id: str) -> str:
    """Return under which name small pictures of a job at work are in the account; they go out of it with the job's."""
    return f"{job_entry(job_id)}/frames"


def room(connection: Connection, tenant: str) -> Room:
    """Return what a tenant that is known has and may have."""
    stored = select(func.coalesce(func.sum(STORED.c.bytes), 0)).where(STORED.c.tenant == tenant)
    wanted = select(TENANTS.c.max_bytes, stored.scalar_subquery()).where(TENANTS.c.id == tenant)
    most, found = connection.execute(wanted).one()
    return Room(int(found), most)


def stored_bytes(connection: Connection, which: ColumnElement[bool]) -> int:
    """Return the bytes of some entries."""
    return int(connection.execute(select(func.coalesce(func.sum(STORED.c.bytes), 0)).where(which)).scalar_one())


def check_room(connection: Connection, tenant: str) -> None:
    """Make sure that a tenant may put anything more into storage, such as the result of a job.

    Raises:
        JobQuotaError: it has as much as it may.
    """
    there = room(connection, tenant)
    if there.is_full:
        raise JobQuotaError(f"{tenant} has {there.stored} bytes in storage, and may have {there.most}", _HINT)


def reserve(connection: Connection, tenant: str, what: str, size: int) -> None:
    """Take something into account that is about to be stored, if there is room for it.

    Raises:
        JobQuotaError: the tenant would have more than it may; nothing was changed.
    """
    # Others that ask the same for this tenant wait for the answer.
    wanted = select(TENANTS.c.max_bytes).where(TENANTS.c.id == tenant).with_for_update(key_share=True)
    most = connection.execute(wanted).scalar_one()
    stored = stored_bytes(connection, (STORED.c.tenant == tenant) & (STORED.c.what != what))
    if most is not None and stored + size > most:
        raise too_much(tenant, stored + size, most)
    count(connection, tenant, what, size)


def too_much(tenant: str, would: int, most: int) -> JobQuotaError:
    """Return the error that tells that a tenant would have more bytes than it may."""
    return JobQuotaError(f"{tenant} would have {would} bytes in storage, and may have {most}", _HINT)


def count(connection: Connection, tenant: str, what: str, size: int) -> None:
    """Take something into account that is stored, whether there is room for it or not.

    Args:
        connection: in a transaction that writes.
        tenant: whose.
        what: its key below the tenant's folder, such as `uploads/ID`, up to 200 letters.
        size: in bytes, 0 or more; that of before is forgotten.
    """
    new = postgresql.insert(STORED) if connection.dialect.name == "postgresql" else sqlite.insert(STORED)
    made = new.values(tenant=tenant, what=what, bytes=size)
    connection.execute(made.on_conflict_do_update(index_elements=["tenant", "what"], set_={"bytes": size}))


def free(connection: Connection, tenant: str, what: str) -> None:
    """Take out of account what is not stored any more, with all below it."""
    below = STORED.c.what.startswith(f"{what}/", autoescape=True)
    connection.execute(delete(STORED).where((STORED.c.tenant == tenant) & ((STORED.c.what == what) | below)))
