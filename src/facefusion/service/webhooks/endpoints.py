"""The webhooks of tenants: who is told of what, and with which secret."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Engine, Row, delete, func, insert, select, update

from facefusion.client.signature import new_secret
from facefusion.errors import SecretError, WebhookAddressError, WebhookLimitError, WebhookUnknownError
from facefusion.jobs.database import Clock, database_time, reading, until_it_goes_through, writing
from facefusion.jobs.outbox import DELIVERIES, WEBHOOK_KINDS, WEBHOOKS, new_message
from facefusion.service.webhooks.settings import WebhookSettings
from facefusion.service.webhooks.target import target_of
from facefusion.service.webhooks.values import (
    KINDS,
    PING,
    USUAL_KINDS,
    Delivery,
    DeliveryState,
    NewWebhook,
    Webhook,
    delivery_of,
    webhook_of,
)
from facefusion.trust.sealing import SealBrokenError, Sealer

_PURPOSE: Final = "webhooks"


class Webhooks:
    """Keeps webhooks, and shows what became of their messages.

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
    def add(
        self, tenant: str, url: str, *, kinds: Collection[str] = USUAL_KINDS, description: str = ""
    ) -> NewWebhook:
        """Take a webhook.

        Args:
            tenant: whose it is.
            url: to which messages go.
            kinds: of events; see `WebhookKind`.
            description: what it is for.

        Raises:
            WebhookAddressError: nothing is sent there, or a kind is unknown.
            WebhookLimitError: the tenant has as many as it may.
            JobsUnavailableError: the database cannot be used.
        """
        target = target_of(url, self._settings.egress)
        kinds = _kinds(kinds)
        webhook, secret = secrets.token_hex(16), new_secret()
        with writing(self._engine) as connection:
            self._check_room(connection, tenant)
            values = {"id": webhook, "tenant": tenant, "url": target.url, "description": description}
            sealed = self._sealer.sealed(secret.encode(), _place(tenant, webhook))
            now = self._clock(connection)
            connection.execute(
                insert(WEBHOOKS).values(**values, secret=sealed, is_enabled=True, revision=1, created=now)
            )
            _set_kinds(connection, tenant, webhook, kinds)
            return NewWebhook(_webhook(connection, tenant, webhook), secret)

    def webhook(self, tenant: str, webhook: str) -> Webhook:
        """Return one.

        Raises:
            WebhookUnknownError: there is none of this tenant.
            JobsUnavailableError: the database cannot be used.
        """
        with reading(self._engine) as connection:
            return _webhook(connection, tenant, webhook)

    def webhooks(self, tenant: str) -> list[Webhook]:
        """Return all of a tenant, the oldest first; errors as of `webhook`."""
        wanted = select(WEBHOOKS).where(WEBHOOKS.c.tenant == tenant).order_by(WEBHOOKS.c.created, WEBHOOKS.c.id)
        with reading(self._engine) as connection:
            return [webhook_of(row, _kinds_of(connection, row.id)) for row in connection.execute(wanted)]

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
            WebhookUnknownError: there is none of this tenant.
            WebhookAddressError: nothing is sent to the new address, or a kind is unknown.
            JobsUnavailableError: the database cannot be used.
        """
        values: dict[str, Any] = {"revision": WEBHOOKS.c.revision + 1}
        if url is not None:
            values["url"] = target_of(url, self._settings.egress).url
        if description is not None:
            values["description"] = description
        if is_enabled is not None:
            values |= {"is_enabled": is_enabled, "disabled_reason": None, "failing_since": None}
        chosen = None if kinds is None else _kinds(kinds)
        with writing(self._engine) as connection:
            _webhook(connection, tenant, webhook)
            connection.execute(update(WEBHOOKS).where(WEBHOOKS.c.id == webhook).values(values))
            if chosen is not None:
                _set_kinds(connection, tenant, webhook, chosen)
            return _webhook(connection, tenant, webhook)

    @until_it_goes_through
    def remove(self, tenant: str, webhook: str) -> None:
        """Forget one, with what was to be sent to it; errors as of `webhook`."""
        with writing(self._engine) as connection:
            _webhook(connection, tenant, webhook)
            connection.execute(delete(WEBHOOKS).where(WEBHOOKS.c.id == webhook))

    @until_it_goes_through
    def rotate(self, tenant: str, webhook: str) -> NewWebhook:
        """Make a new secret; messages are signed with the one before too, for a while. Errors as of `webhook`."""
        secret = new_secret()
        with writing(self._engine) as connection:
            _webhook(connection, tenant, webhook)
            row = connection.execute(select(WEBHOOKS).where(WEBHOOKS.c.id == webhook)).one()
            until = self._clock(connection) + round(self._settings.tries.secret * 1e6)
            values = {"secret": self._sealer.sealed(secret.encode(), _place(tenant, webhook))}
            old = {"old_secret": row.secret, "old_secret_until": until}
            more = {"revision": WEBHOOKS.c.revision + 1}
            connection.execute(update(WEBHOOKS).where(WEBHOOKS.c.id == webhook).values(**values, **old, **more))
            return NewWebhook(_webhook(connection, tenant, webhook), secret)

    @until_it_goes_through
    def ping(self, tenant: str, webhook: str) -> Delivery:
        """Send a message of the kind `webhook.test`, as soon as may be; one that is disabled gets it when enabled.

        Errors as of `webhook`.
        """
        with writing(self._engine) as connection:
            _webhook(connection, tenant, webhook)
            now, message = self._clock(connection), new_message()
            write_message(connection, tenant, webhook, now=now, kind=PING, message=message)
            return _delivery(connection, tenant, webhook, message)

    def deliveries(
        self,
        tenant: str,
        webhook: str,
        *,
        states: Sequence[DeliveryState] = (),
        before: int | None = None,
        limit: int = 50,
    ) -> list[Delivery]:
        """Return what became of messages, the newest first.

        Args:
            tenant: whose they are.
            webhook: to which they go.
            states: in which they are; all when empty.
            before: number of the one with which the page before ended; None for the first page.
            limit: most of them.

        Raises:
            WebhookUnknownError: there is none of this tenant.
            JobsUnavailableError: the database cannot be used.
        """
        wanted = select(DELIVERIES).where(DELIVERIES.c.webhook == webhook).order_by(DELIVERIES.c.number.desc())
        if states:
            wanted = wanted.where(DELIVERIES.c.state.in_(states))
        if before is not None:
            wanted = wanted.where(DELIVERIES.c.number < before)
        with reading(self._engine) as connection:
            _webhook(connection, tenant, webhook)
            return [delivery_of(row) for row in connection.execute(wanted.limit(limit))]

    @until_it_goes_through
    def redeliver(self, tenant: str, webhook: str, message: str) -> Delivery:
        """Send a message again from now on, whatever became of it; errors as of `webhook`."""
        with writing(self._engine) as connection:
            _webhook(connection, tenant, webhook)
            found = _delivery(connection, tenant, webhook, message)
            now = self._clock(connection)
            # Whoever is sending it right now has an older token: what comes of that does not end this.
            again = {"since": now, "not_before": now, "attempts": 0, "token": DELIVERIES.c.token + 1}
            values = {"state": "waiting", "until": None, "status": None, "reason": None, "ended": None, **again}
            connection.execute(update(DELIVERIES).where(DELIVERIES.c.number == found.number).values(values))
            return _delivery(connection, tenant, webhook, message)

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
            raise WebhookLimitError(f"There are {self._settings.most} webhooks, as many as may be", "Remove one first")


def write_message(
    connection: Connection, tenant: str, webhook: str, *, now: int, kind: str, message: str, **more: Any
) -> None:
    """Write a message to one webhook that is of no job."""
    times = {"at": now, "since": now, "not_before": now}
    values = {"message": message, "webhook": webhook, "tenant": tenant, "kind": kind, "state": "waiting", **times}
    connection.execute(insert(DELIVERIES).values(**values, token=0, attempts=0, **more))


def _kinds(kinds: Collection[str]) -> list[str]:
    unknown = sorted(set(kinds) - set(KINDS))
    if unknown or not kinds:
        said = f"There are no events of the kind {unknown[0]}" if unknown else "A webhook is told of something"
        raise WebhookAddressError(said, f"Choose from {', '.join(KINDS)}")
    return sorted(set(kinds))


def _set_kinds(connection: Connection, tenant: str, webhook: str, kinds: Sequence[str]) -> None:
    connection.execute(delete(WEBHOOK_KINDS).where(WEBHOOK_KINDS.c.webhook == webhook))
    rows = [{"tenant": tenant, "kind": kind, "webhook": webhook} for kind in kinds]
    connection.execute(insert(WEBHOOK_KINDS), rows)


def _kinds_of(connection: Connection, webhook: str) -> tuple[str, ...]:
    wanted = select(WEBHOOK_KINDS.c.kind).where(WEBHOOK_KINDS.c.webhook == webhook).order_by(WEBHOOK_KINDS.c.kind)
    return tuple(connection.execute(wanted).scalars())


def _webhook(connection: Connection, tenant: str, webhook: str) -> Webhook:
    wanted = select(WEBHOOKS).where((WEBHOOKS.c.id == webhook) & (WEBHOOKS.c.tenant == tenant))
    row = connection.execute(wanted).one_or_none()
    if row is None:
        raise WebhookUnknownError(f"There is no webhook {webhook}", "List the webhooks to see which there are")
    return webhook_of(row, _kinds_of(connection, webhook))


def _delivery(connection: Connection, tenant: str, webhook: str, message: str) -> Delivery:
    which = (DELIVERIES.c.webhook == webhook) & (DELIVERIES.c.message == message) & (DELIVERIES.c.tenant == tenant)
    row = connection.execute(select(DELIVERIES).where(which)).one_or_none()
    if row is None:
        raise WebhookUnknownError(f"The webhook {webhook} has no message {message}", "It may be too old to be kept")
    return delivery_of(row)


def _place(tenant: str, webhook: str) -> str:
    return f"webhook/{tenant}/{webhook}"
