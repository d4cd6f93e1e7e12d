"""Tenants: for whom jobs are done, and how much each may have."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlalchemy import Connection, Engine, Row, bindparam, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from facefusion.errors import JobQuotaError, OptionsError
from facefusion.jobs.database import reading, until_it_goes_through, writing
from facefusion.jobs.schema import JOBS, LEASES, TENANTS
from facefusion.jobs.states import ACTIVE
from facefusion.jobs.stored import check_room

LEAST_PRIORITY: Final = 0
MOST_PRIORITY: Final = 9
MOST_WEIGHT: Final = 1000
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_MOST: Final = 2**31 - 1
_QUOTA: Final = select(TENANTS.c.max_priority, TENANTS.c.max_queued, TENANTS.c.max_bytes).where(
    TENANTS.c.id == bindparam("whose")
)


@dataclass(frozen=True, slots=True)
class Quota:
    """How much a tenant may have.

    Attributes:
        weight: of its share of the workers' time, from 1 to 1000, where others want some too.
        max_running: tasks at one time; any number when None, none at all when 0.
        max_queued: jobs that are not finished; any number when None.
        max_priority: the highest priority that its jobs may have, from 0 to 9.
        max_bytes: of what it keeps in storage; any number when None.
        is_paused: whether none of its tasks is begun; jobs are still taken.
    """

    weight: int = 1
    max_running: int | None = None
    max_queued: int | None = None
    max_priority: int = MOST_PRIORITY
    max_bytes: int | None = None
    is_paused: bool = False

    def __post_init__(self) -> None:
        """Refuse what is no quota.

        Raises:
            OptionsError: a value is out of its range.
        """
        _check("weight", self.weight, 1, MOST_WEIGHT)
        _check("max_priority", self.max_priority, LEAST_PRIORITY, MOST_PRIORITY)
        for name, most in (("max_running", _MOST), ("max_queued", _MOST), ("max_bytes", 2**63 - 1)):
            if getattr(self, name) is not None:
                _check(name, getattr(self, name), 0, most)
        if not isinstance(self.is_paused, bool):
            raise OptionsError("is_paused is true or false")


@dataclass(frozen=True, slots=True)
class Tenant:
    """A tenant, and what it has.

    Attributes:
        id: its name.
        quota: what it may have.
        running: its tasks that are being done.
        unfinished: its jobs that are not finished.
    """

    id: str
    quota: Quota
    running: int
    unfinished: int


class Tenants:
    """Sets and shows what tenants may have. Every call is one transaction.

    Args:
        engine: the database of jobs.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @until_it_goes_through
    def set(self, tenant: str, quota: Quota) -> Tenant:
        """Set what a tenant may have, which holds from the next job and the next task on; make it known if it is new.

        Args:
            tenant: its name.
            quota: what it may have.

        Raises:
            OptionsError: no tenant is called so.
            JobsUnavailableError: the database cannot be used.
        """
        with writing(self._engine) as connection:
            make_tenant(connection, tenant)
            connection.execute(update(TENANTS).where(TENANTS.c.id == tenant).values(asdict(quota)))
            return _tenant(connection, tenant)

    @until_it_goes_through
    def get(self, tenant: str) -> Tenant:
        """Return a tenant; one that nobody heard of yet has the usual quota and no jobs.

        Raises:
            OptionsError: no tenant is called so.
            JobsUnavailableError: the database cannot be used.
        """
        with reading(self._engine) as connection:
            return _tenant(connection, tenant)

    @until_it_goes_through
    def all(self) -> list[Tenant]:
        """Return all tenants that are known, by name.

        Raises:
            JobsUnavailableError: the database cannot be used.
        """
        with reading(self._engine) as connection:
            running = _counts(connection, select(LEASES.c.tenant, func.count()).group_by(LEASES.c.tenant))
            active = select(JOBS.c.tenant, func.count()).where(JOBS.c.state.in_(ACTIVE)).group_by(JOBS.c.tenant)
            unfinished = _counts(connection, active)
            rows = connection.execute(select(TENANTS).order_by(TENANTS.c.id)).all()
        return [Tenant(row.id, _quota(row), running.get(row.id, 0), unfinished.get(row.id, 0)) for row in rows]


def make_tenant(connection: Connection, tenant: str) -> None:
    """Make a tenant known, with the usual quota; nothing happens where it is.

    Args:
        connection: in a transaction that writes.
        tenant: its name.

    Raises:
        OptionsError: no tenant is called so.
    """
    _check_name(tenant)
    if connection.execute(select(TENANTS.c.id).where(TENANTS.c.id == tenant)).first() is not None:
        return
    new = postgresql.insert(TENANTS) if connection.dialect.name == "postgresql" else sqlite.insert(TENANTS)
    connection.execute(new.values(id=tenant, **asdict(Quota()), served=0).on_conflict_do_nothing())


def admit_job(connection: Connection, tenant: str, priority: int) -> None:
    """Make sure that a tenant may have one more job of a priority; make it known if it is new.

    Args:
        connection: in a transaction that writes.
        tenant: its name.
        priority: of the job.

    Raises:
        OptionsError: no tenant is called so.
        JobQuotaError: it may not.
    """
    _check_name(tenant)
    row: Any = connection.execute(_QUOTA, {"whose": tenant}).one_or_none()
    if row is None:
        make_tenant(connection, tenant)
        row = connection.execute(_QUOTA, {"whose": tenant}).one()
    _check_priority(tenant, priority, row.max_priority)
    if row.max_bytes is not None:
        check_room(connection, tenant)
    if row.max_queued is not None:
        check_count(connection, tenant)


def check_priority(connection: Connection, tenant: str, priority: int) -> None:
    """Make sure that a tenant may have jobs of a priority.

    Raises:
        JobQuotaError: it may not.
    """
    most = connection.execute(select(TENANTS.c.max_priority).where(TENANTS.c.id == tenant)).scalar_one()
    _check_priority(tenant, priority, most)


def check_count(connection: Connection, tenant: str, *, with_one: bool = False) -> None:
    """Make sure that a tenant may have one more job that is not finished.

    Others that ask the same wait for the answer, so it is the last lock that a transaction takes.

    Args:
        connection: in a transaction that writes.
        tenant: its name.
        with_one: whether the job is there already and counts.

    Raises:
        JobQuotaError: it may not.
    """
    wanted = select(TENANTS.c.max_queued).where(TENANTS.c.id == tenant)
    if connection.execute(wanted).scalar_one() is None:
        return
    most = connection.execute(wanted.with_for_update(key_share=True)).scalar_one()
    if most is None:
        return
    if _unfinished(connection, tenant, most + 2) - with_one >= most:
        raise JobQuotaError(
            f"{tenant} has {most} jobs that are not finished, as many as it may",
            "Wait until one is, or ask for a larger quota",
        )


def _tenant(connection: Connection, tenant: str) -> Tenant:
    _check_name(tenant)
    row = connection.execute(select(TENANTS).where(TENANTS.c.id == tenant)).one_or_none()
    if row is None:
        return Tenant(tenant, Quota(), 0, 0)
    leases = select(func.count()).select_from(LEASES).where(LEASES.c.tenant == tenant)
    return Tenant(tenant, _quota(row), connection.execute(leases).scalar_one(), _unfinished(connection, tenant, None))


def _unfinished(connection: Connection, tenant: str, limit: int | None) -> int:
    rows = select(JOBS.c.number).where(JOBS.c.tenant == tenant, JOBS.c.state.in_(ACTIVE)).limit(limit)
    return int(connection.execute(select(func.count()).select_from(rows.subquery())).scalar_one())


def _quota(row: Row[Any]) -> Quota:
    return Quota(**{name: getattr(row, name) for name in Quota.__dataclass_fields__})


def _counts(connection: Connection, wanted: Any) -> Mapping[str, int]:
    return {row[0]: row[1] for row in connection.execute(wanted)}


def _check_priority(tenant: str, priority: int, most: int) -> None:
    if not LEAST_PRIORITY <= priority <= most:
        raise JobQuotaError(f"{tenant} may have priorities from {LEAST_PRIORITY} to {most}, not {priority}")


def _check_name(tenant: str) -> None:
    if not _NAME.fullmatch(tenant):
        raise OptionsError(
            "No tenant is called so", "Letters, digits, dot, dash and underline make its name, 64 at most"
        )


def _check(name: str, value: int, least: int, most: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise OptionsError(f"{name} of a tenant is a whole number from {least} to {most}, not {value!r}")
