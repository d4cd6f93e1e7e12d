"""Between rows and values of webhooks."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from facefusion.errors import RequestInvalidError, ResourceUnknownError
from facefusion.jobs.outbox.tables import DELIVERIES, WEBHOOK_KINDS, WEBHOOKS
from facefusion.service.webhooks.values import KINDS, Delivery, Webhook, delivery_of, webhook_of


def write_message(
    connection: Connection, tenant: str, webhook: str, *, now: int, kind: str, message: str, **more: Any
) -> None:
    """Write a message to one webhook that is of no job."""
    times = {"at": now, "since": now, "not_before": now}
    values = {"message": message, "webhook": webhook, "tenant": tenant, "kind": kind, "state": "waiting", **times}
    connection.execute(insert(DELIVERIES).values(**values, token=0, attempts=0, **more))


def checked_kinds(kinds: Collection[str]) -> list[str]:
    """Return kinds of events in order, each once.

    Raises:
        RequestInvalidError: one is unknown, or there is none.
    """
    unknown = sorted(set(kinds) - set(KINDS))
    if unknown or not kinds:
        said = f"There are no events of the kind {unknown[0]}" if unknown else "A webhook is told of something"
        raise RequestInvalidError(said, f"Choose from {', '.join(KINDS)}")
    return sorted(set(kinds))


def set_kinds(connection: Connection, tenant: str, webhook: str, kinds: Sequence[str]) -> None:
    """Let a webhook be told of these kinds, and of no others."""
    connection.execute(delete(WEBHOOK_KINDS).where(WEBHOOK_KINDS.c.webhook == webhook))
    rows = [{"tenant": tenant, "kind": kind, "webhook": webhook} for kind in kinds]
    connection.execute(insert(WEBHOOK_KINDS), rows)


def kinds_of(connection: Connection, webhook: str) -> tuple[str, ...]:
    """Return the kinds of events of which a webhook is told, in order."""
    wanted = select(WEBHOOK_KINDS.c.kind).where(WEBHOOK_KINDS.c.webhook == webhook).order_by(WEBHOOK_KINDS.c.kind)
    return tuple(connection.execute(wanted).scalars())


def webhook_with(connection: Connection, tenant: str, webhook: str) -> Webhook:
    """Return a webhook.

    Raises:
        ResourceUnknownError: there is none of this tenant.
    """
    wanted = select(WEBHOOKS).where((WEBHOOKS.c.id == webhook) & (WEBHOOKS.c.tenant == tenant))
    row = connection.execute(wanted).one_or_none()
    if row is None:
        raise ResourceUnknownError(f"There is no webhook {webhook}", "List the webhooks to see which there are")
    return webhook_of(row, kinds_of(connection, webhook))


def delivery_with(connection: Connection, tenant: str, webhook: str, message: str) -> Delivery:
    """Return a message to a webhook.

    Raises:
        ResourceUnknownError: there is none of this tenant.
    """
    which = (DELIVERIES.c.webhook == webhook) & (DELIVERIES.c.message == message) & (DELIVERIES.c.tenant == tenant)
    row = connection.execute(select(DELIVERIES).where(which)).one_or_none()
    if row is None:
        raise ResourceUnknownError(f"The webhook {webhook} has no message {message}", "It may be too old to be kept")
    return delivery_of(row)
