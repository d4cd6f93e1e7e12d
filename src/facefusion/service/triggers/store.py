"""The triggers of tenants."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import Connection, Engine, delete, func, insert, select, update

from facefusion.client.signature import new_secret
from facefusion.errors import JobQuotaError, ResourceUnknownError, SecretError
from facefusion.jobs.database import Clock, database_time, reading, until_it_goes_through, writing
from facefusion.service.triggers.rule import Rule
from facefusion.service.triggers.tables import TRIGGERED, TRIGGERS
from facefusion.service.triggers.values import NewTrigger, Trigger, trigger_of
from facefusion.trust.sealing import SealBrokenError, Sealer

_PURPOSE: Final = "triggers"
_MOST: Final = 50


class Triggers:
    """Keeps triggers.

    Args:
        engine: the database of jobs.
        derived: returns the key for a purpose, as `KeyRing.derived` does.
        clock: tells the time.
        most: triggers that a tenant may have.
    """

    def __init__(
        self,
        engine: Engine,
        derived: Callable[[str], bytes],
        *,
        clock: Clock = database_time,
        most: int = _MOST,
    ) -> None:
        self._engine, self._clock, self._most = engine, clock, most
        self._sealer = Sealer(derived(_PURPOSE))

    @until_it_goes_through
    def add(self, tenant: str, rule: Rule, *, name: str = "") -> NewTrigger:
        """Take a trigger.

        Args:
            tenant: whose it is.
            rule: which objects start which jobs.
            name: what it is for.

        Raises:
            TriggerRuleError: the rule is not understood, or starts itself or another of the tenant's.
            JobQuotaError: the tenant has as many as it may.
            JobsUnavailableError: the database cannot be used.
        """
        trigger, secret = secrets.token_hex(16), new_secret()
        with writing(self._engine) as connection:
            self._check_room(connection, tenant)
            rule.check(rules_of(connection, tenant))
            values = {"id": trigger, "tenant": tenant, "name": name, **_columns(rule), "is_enabled": True}
            sealed = self._sealer.sealed(secret.encode(), _place(tenant, trigger))
            now = self._clock(connection)
            connection.execute(insert(TRIGGERS).values(**values, secret=sealed, revision=1, created=now))
            return NewTrigger(trigger_with(connection, tenant, trigger), secret)

    def trigger(self, tenant: str | None, trigger: str) -> Trigger:
        """Return one.

        Args:
            tenant: whose it must be; anybody's when None.
            trigger: its identifier.

        Raises:
            ResourceUnknownError: there is none.
            JobsUnavailableError: the database cannot be used.
        """
        with reading(self._engine) as connection:
            return trigger_with(connection, tenant, trigger)

    def triggers(self, tenant: str) -> list[Trigger]:
        """Return all of a tenant, the oldest first; errors as of `trigger`."""
        wanted = select(TRIGGERS).where(TRIGGERS.c.tenant == tenant).order_by(TRIGGERS.c.created, TRIGGERS.c.id)
        with reading(self._engine) as connection:
            return [trigger_of(row) for row in connection.execute(wanted)]

    @until_it_goes_through
    def change(
        self,
        tenant: str,
        trigger: str,
        *,
        rule: Rule | None = None,
        name: str | None = None,
        is_enabled: bool | None = None,
    ) -> Trigger:
        """Change what is given.

        Raises:
            ResourceUnknownError: there is none of this tenant.
            TriggerRuleError: the new rule is not understood, or starts itself or another of the tenant's.
            JobsUnavailableError: the database cannot be used.
        """
        values: dict[str, Any] = {"revision": TRIGGERS.c.revision + 1, "refused": None, "refused_reason": None}
        if name is not None:
            values["name"] = name
        if is_enabled is not None:
            values["is_enabled"] = is_enabled
        with writing(self._engine) as connection:
            trigger_with(connection, tenant, trigger)
            if rule is not None:
                rule.check(rules_of(connection, tenant, but=trigger))
                values |= _columns(rule)
            connection.execute(update(TRIGGERS).where(TRIGGERS.c.id == trigger).values(values))
            return trigger_with(connection, tenant, trigger)

    @until_it_goes_through
    def rotate(self, tenant: str, trigger: str) -> NewTrigger:
        """Make a new secret; the one before is good for nothing from now on. Errors as of `trigger`."""
        secret = new_secret()
        with writing(self._engine) as connection:
            trigger_with(connection, tenant, trigger)
            values = {"secret": self._sealer.sealed(secret.encode(), _place(tenant, trigger))}
            more = {"revision": TRIGGERS.c.revision + 1}
            connection.execute(update(TRIGGERS).where(TRIGGERS.c.id == trigger).values(**values, **more))
            return NewTrigger(trigger_with(connection, tenant, trigger), secret)

    @until_it_goes_through
    def remove(self, tenant: str, trigger: str) -> None:
        """Forget one, and which objects it knew; jobs that it started go on. Errors as of `trigger`."""
        with writing(self._engine) as connection:
            trigger_with(connection, tenant, trigger)
            connection.execute(delete(TRIGGERED).where(TRIGGERED.c.trigger == trigger))
            connection.execute(delete(TRIGGERS).where(TRIGGERS.c.id == trigger))

    def secret(self, trigger: str) -> str:
        """Return the secret of one, to check a signature with.

        Raises:
            ResourceUnknownError: there is none.
            SecretError: it was sealed with another key, or changed.
            JobsUnavailableError: the database cannot be used.
        """
        with reading(self._engine) as connection:
            row = connection.execute(select(TRIGGERS).where(TRIGGERS.c.id == trigger)).one_or_none()
        if row is None:
            raise _unknown(trigger)
        try:
            return self._sealer.opened(row.secret, _place(row.tenant, trigger)).decode()
        except SealBrokenError as error:
            raise SecretError(
                f"The secret of the trigger {trigger} was changed, or sealed with another key",
                "Let all services of this database use the same folder of keys, or make a new secret",
            ) from error

    def _check_room(self, connection: Connection, tenant: str) -> None:
        there = select(func.count()).select_from(TRIGGERS).where(TRIGGERS.c.tenant == tenant)
        if connection.execute(there).scalar_one() >= self._most:
            raise JobQuotaError(f"There are {self._most} triggers, as many as may be", "Remove one first")


def rules_of(connection: Connection, tenant: str, *, but: str | None = None) -> list[Rule]:
    """Return the rules of a tenant's triggers that are enabled, without those of one of them."""
    wanted = select(TRIGGERS).where((TRIGGERS.c.tenant == tenant) & TRIGGERS.c.is_enabled)
    return [trigger_of(row).rule for row in connection.execute(wanted) if row.id != but]


def trigger_with(connection: Connection, tenant: str | None, trigger: str) -> Trigger:
    """Return a trigger.

    Raises:
        ResourceUnknownError: there is none of this tenant.
    """
    wanted = select(TRIGGERS).where(TRIGGERS.c.id == trigger)
    if tenant is not None:
        wanted = wanted.where(TRIGGERS.c.tenant == tenant)
    row = connection.execute(wanted).one_or_none()
    if row is None:
        raise _unknown(trigger)
    return trigger_of(row)


def _unknown(trigger: str) -> ResourceUnknownError:
    return ResourceUnknownError(f"There is no trigger {trigger}", "List the triggers to see which there are")


def _columns(rule: Rule) -> dict[str, Any]:
    names = {"source": rule.source, "suffixes": list(rule.suffixes), "request": dict(rule.request)}
    return {**names, "priority": rule.priority}


def _place(tenant: str, trigger: str) -> str:
    return f"trigger/{tenant}/{trigger}"
