"""The webhooks of tenants: who is told of what, and with which secret."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection
from typing import Any, Final

from sqlalchemy import Connection, Engine, Row, delete, func, insert, select, update

from facefusion.client.signature import new_secret
from facefusion.errors import JobQuotaError, SecretError
from facefusion.jobs.database import Clock, database_time, reading, until_it_goes_through, writing
from facefusion.jobs.outbox.tables import DELIVERIES, WEBHOOK_KINDS, WEBHOOKS
from facefusion.service.webhooks.rows import checked_kinds, kinds_of, set_kinds, webhook_with
from facefusion.service.webhooks.settings import WebhookSettings
from facefusion.service.webhooks.target import target_of
from facefusion.service.webhooks.values import USUAL_KINDS, NewWebhook, Webhook, webhook_of
from facefusion.trust.sealing import SealBrokenError, Sealer

_PURPOSE: Final = "webhooks"


class Webhooks:
    """Keeps webhooks.

    Args:
        engine: the database of jobs.
        derived: returns the key for a purpose, as `KeyRing.derived` does.
        settings: to where they may go, and how long old secrets are good.
        clock: tells the time.
    """

    def __init__(
        self,
        engine: Engine,
        derived: Callable[[str], bytes],
        settings: WebhookSettings,
        *,
        clock: Clock = database_time,
    ) -> None:
        self._engine, self._settings, self._clock = engine, settings, clock
        self._sealer = Sealer(derived(_PURPOSE))

    @until_it_goes_through
    def add(self, tenant: str, url: str, *, kinds: Collection[str] = USUAL_KINDS, description: str = "") -> NewWebhook:
        """Take a webhook.

        Args:
            tenant: whose it is.
            url: to which messages go.
            kinds: of events; see `WebhookKind`.
            description: what it is for.

        Raises:
            WebhookAddressError: nothing is sent there.
            RequestInvalidError: a kind is unknown.
            JobQuotaError: the tenant has as many as it may.
            JobsUnavailableError: the database cannot be used.
        """
        target = target_of(url, self._settings.egress)
        kinds = checked_kinds(kinds)
        webhook, secret = secrets.token_hex(16), new_secret()
        with writing(self._engine) as connection:
            self._check_room(connection, tenant)
            values = {"id": webhook, "tenant": tenant, "url": target.url, "description": description}
            sealed = self._sealer.sealed(secret.encode(), _place(tenant, webhook))
            now = self._clock(connection)
            connection.execute(
                insert(WEBHOOKS).values(**values, secret=sealed, is_enabled=True, revision=1, created=now)
            )
            set_kinds(connection, tenant, webhook, kinds)
            return NewWebhook(webhook_with(connection, tenant, webhook), secret)

    def webhook(self, tenant: str, webhook: str) -> Webhook:
        """Return one.

        Raises:
            ResourceUnknownError: there is none of this tenant.
            JobsUnavailableError: the database cannot be used.
        """
        with reading(self._engine) as connection:
            return webhook_with(connection, tenant, webhook)

    def webhooks(self, tenant: str) -> list[Webhook]:
        """Return all of a tenant, the oldest first; errors as of `webhook`."""
        wanted = select(WEBHOOKS).where(WEBHOOKS.c.tenant == tenant).order_by(WEBHOOKS.c.created, WEBHOOKS.c.id)
        with reading(self._engine) as connection:
            return [webhook_of(row, kinds_of(connection, row.id)) for row in connection.execute(wanted)]

    @until_it_goes_through
    def change(
        self,
        tenant: str,
        webhook: str,
        *,
        url: str | None = None,
        kinds: Collection[str] | None = None,
        description: str | None = None,
        is_enabled: bool | None = None,
    ) -> Webhook:
        """Change what is given; to enable one forgets why and since when it failed.

        Raises:
            ResourceUnknownError: there is none of this tenant.
            WebhookAddressError: nothing is sent to the new address.
            RequestInvalidError: a kind is unknown.
            JobsUnavailableError: the database cannot be used.
        """
        values: dict[str, Any] = {"revision": WEBHOOKS.c.revision + 1}
        if url is not None:
            values["url"] = target_of(url, self._settings.egress).url
        if description is not None:
            values["description"] = description
        if is_enabled is not None:
            values |= {"is_enabled": is_enabled, "disabled_reason": None, "failing_since": None}
        chosen = None if kinds is None else checked_kinds(kinds)
        with writing(self._engine) as connection:
            webhook_with(connection, tenant, webhook)
            connection.execute(update(WEBHOOKS).where(WEBHOOKS.c.id == webhook).values(values))
            if chosen is not None:
                set_kinds(connection, tenant, webhook, chosen)
            return webhook_with(connection, tenant, webhook)

    @until_it_goes_through
    def remove(self, tenant: str, webhook: str) -> None:
        """Forget one, with what was to be sent to it; errors as of `webhook`."""
        with writing(self._engine) as connection:
            webhook_with(connection, tenant, webhook)
            connection.execute(delete(WEBHOOK_KINDS).where(WEBHOOK_KINDS.c.webhook == webhook))
            connection.execute(delete(WEBHOOKS).where(WEBHOOKS.c.id == webhook))
            connection.execute(delete(DELIVERIES).where(DELIVERIES.c.webhook == webhook))

    @until_it_goes_through
    def rotate(self, tenant: str, webhook: str) -> NewWebhook:
        """Make a new secret; messages are signed with the one before too, for a while. Errors as of `webhook`."""
        secret = new_secret()
        with writing(self._engine) as connection:
            webhook_with(connection, tenant, webhook)
            row = connection.execute(select(WEBHOOKS).where(WEBHOOKS.c.id == webhook)).one()
            until = self._clock(connection) + round(self._settings.tries.secret * 1e6)
            values = {"secret": self._sealer.sealed(secret.encode(), _place(tenant, webhook))}
            old = {"old_secret": row.secret, "old_secret_until": until}
            more = {"revision": WEBHOOKS.c.revision + 1}
            connection.execute(update(WEBHOOKS).where(WEBHOOKS.c.id == webhook).values(**values, **old, **more))
            return NewWebhook(webhook_with(connection, tenant, webhook), secret)

    def keys(self, row: Row[Any], now: int) -> tuple[str, ...]:
        """Return the secrets of a row of `WEBHOOKS` that sign now, the newest first.

        Raises:
            SecretError: they were sealed with another key, or changed.
        """
        sealed = [row.secret]
        if row.old_secret is not None and (row.old_secret_until or 0) > now:
            sealed.append(row.old_secret)
        try:
            return tuple(self._sealer.opened(each, _place(row.tenant, row.id)).decode() for each in sealed)
        except SealBrokenError as error:
            raise SecretError(
                f"The secret of the webhook {row.id} was changed, or sealed with another key",
                "Let all services of this database use the same folder of keys, or make a new secret",
            ) from error

    def _check_room(self, connection: Connection, tenant: str) -> None:
        there = select(func.count()).select_from(WEBHOOKS).where(WEBHOOKS.c.tenant == tenant)
        if connection.execute(there).scalar_one() >= self._settings.most:
            raise JobQuotaError(f"There are {self._settings.most} webhooks, as many as may be", "Remove one first")


def _place(tenant: str, webhook: str) -> str:
    return f"webhook/{tenant}/{webhook}"
