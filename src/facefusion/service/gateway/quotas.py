"""What a tenant may have beyond what the queue knows of: bytes in storage, requests a day, unreviewed results."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Engine, bindparam, func, select
from sqlalchemy.dialects import postgresql, sqlite

from facefusion.errors import OptionsError
from facefusion.jobs.database import looking, until_it_goes_through, writing
from facefusion.jobs.schema import STORED, TENANTS
from facefusion.jobs.stored import free, reserve, stored_bytes, too_much
from facefusion.jobs.tenants import make_tenant
from facefusion.service.gateway.tables import RULES

_RULES_OF: Final = select(RULES).where(RULES.c.tenant == bindparam("whose"))


@dataclass(frozen=True, slots=True)
class TenantRules:
    """What holds for one tenant.

    Attributes:
        requests_a_day: that it may make; None for what holds for all.
        is_reviewed: whether all its results are reviewed.
    """

    requests_a_day: int | None = None
    is_reviewed: bool = False

    def __post_init__(self) -> None:
        """Refuse what is no rule.

        Raises:
            OptionsError: a value is out of its range.
        """
        if self.requests_a_day is not None and not 1 <= self.requests_a_day < 1 << 31:
            raise OptionsError("Requests a day are a whole number from 1 on", "Take the limit away with none")


class Quotas:
    """Knows what holds for tenants, and keeps account of what they store.

    How many bytes a tenant may store stands in its `facefusion.jobs.tenants.Quota`.

    Args:
        engine: the database of jobs.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def rules(self, tenant: str) -> TenantRules:
        """Return what holds for a tenant.

        Raises:
            JobsUnavailableError: the database cannot be used.
        """
        with looking(self._engine) as connection:
            row: Any = connection.execute(_RULES_OF, {"whose": tenant}).one_or_none()
        return TenantRules() if row is None else TenantRules(row.requests_a_day, row.is_reviewed)

    def all_rules(self) -> dict[str, TenantRules]:
        """Return what holds for each tenant for whom other rules hold than the usual; errors as of `rules`."""
        with looking(self._engine) as connection:
            rows = connection.execute(select(RULES)).all()
        return {row.tenant: TenantRules(row.requests_a_day, row.is_reviewed) for row in rows}

    @until_it_goes_through
    def set_rules(self, tenant: str, rules: TenantRules) -> None:
        """Let other rules hold for a tenant, who is made known if need be.

        Raises:
            OptionsError: no tenant is called so.
            JobsUnavailableError: the database cannot be used.
        """
        with writing(self._engine) as connection:
            make_tenant(connection, tenant)
            values = {"requests_a_day": rules.requests_a_day, "is_reviewed": rules.is_reviewed}
            _put(connection, RULES, {"tenant": tenant}, values)

    @until_it_goes_through
    def keep(self, tenant: str, what: str, size: int) -> None:
        """Take something into account that a tenant stores, before it is stored; again with another size to change it.

        Args:
            tenant: whose.
            what: its key in storage below the tenant's folder, such as `uploads/ID`, up to 200 letters.
            size: in bytes, 0 or more.

        Raises:
            JobQuotaError: the tenant would have more than it may; nothing was changed.
            JobsUnavailableError: the database cannot be used.
        """
        with writing(self._engine) as connection:
            make_tenant(connection, tenant)
            reserve(connection, tenant, what, size)

    def check(self, tenant: str, size: int) -> None:
        """Make sure that a tenant may have so much more than it stores, kept elsewhere and not in this account.

        Args:
            tenant: whose.
            size: in bytes, of all that lies elsewhere.

        Raises:
            JobQuotaError: it would have more than it may.
            JobsUnavailableError: the database cannot be used.
        """
        with looking(self._engine) as connection:
            most = connection.execute(select(TENANTS.c.max_bytes).where(TENANTS.c.id == tenant)).scalar()
            stored = stored_bytes(connection, STORED.c.tenant == tenant)
        if most is not None and stored + size > most:
            raise too_much(tenant, stored + size, most)

    @until_it_goes_through
    def free(self, tenant: str, what: str) -> None:
        """Take out of account what a tenant does not store any more, with all below it; errors as of `rules`."""
        with writing(self._engine) as connection:
            free(connection, tenant, what)

    def stored(self, tenant: str) -> int:
        """Return how many bytes a tenant has in storage; errors as of `rules`."""
        with looking(self._engine) as connection:
            return stored_bytes(connection, STORED.c.tenant == tenant)

    def all_stored(self) -> dict[str, int]:
        """Return how many bytes each tenant has in storage that has any; errors as of `rules`."""
        wanted = select(STORED.c.tenant, func.sum(STORED.c.bytes)).group_by(STORED.c.tenant)
        with looking(self._engine) as connection:
            return {str(tenant): int(stored) for tenant, stored in connection.execute(wanted)}


def _put(connection: Connection, table: Any, key: dict[str, Any], values: dict[str, Any]) -> None:
    """Write a row, whether it is there or not."""
    new = postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)
    connection.execute(new.values(**key, **values).on_conflict_do_update(index_elements=list(key), set_=values))
