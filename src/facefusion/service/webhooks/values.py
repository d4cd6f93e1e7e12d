"""Webhooks and their deliveries, as values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, get_args

from sqlalchemy import Row

from facefusion.jobs.database import maybe_moment, moment

WebhookKind = Literal[
    "job.queued",
    "job.planning",
    "job.running",
    "job.merging",
    "job.review",
    "job.succeeded",
    "job.failed",
    "job.cancelled",
    "job.rejected",
    "job.paused",
    "job.resumed",
    "job.measured",
    "segment.done",
    "storage.full",
    "webhook.disabled",
]
"""Of what one can be told; `webhook.disabled`: another webhook of the tenant was disabled, as nothing arrived there."""
DeliveryState = Literal["waiting", "delivered", "dead"]
KINDS: Final[tuple[WebhookKind, ...]] = get_args(WebhookKind)
USUAL_KINDS: Final[tuple[WebhookKind, ...]] = (
    "job.review",
    "job.succeeded",
    "job.failed",
    "job.cancelled",
    "job.rejected",
)
PING: Final = "webhook.test"
DISABLED: Final = "webhook.disabled"


@dataclass(frozen=True, slots=True)
class Webhook:
    """Who is told of what.

    Attributes:
        id: by which it is called.
        tenant: whose it is.
        url: to which messages go.
        description: what it is for, in the tenant's words.
        kinds: of events of which it is told.
        is_enabled: whether messages are written and sent.
        disabled_reason: why the service disabled it; None where it did not.
        failing_since: from when on nothing arrived; None where the last try was a success.
        old_secret_until: until when the secret before signs too; None where it does not.
        revision: grows with each change.
        created: when.
    """

    id: str
    tenant: str
    url: str
    description: str
    kinds: tuple[str, ...]
    is_enabled: bool
    disabled_reason: str | None
    failing_since: datetime | None
    old_secret_until: datetime | None
    revision: int
    created: datetime


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message to one webhook.

    Attributes:
        number: order in which they came; for pages.
        message: identifier of the message, as in the header `webhook-id`.
        webhook: to which it goes.
        kind: of the event.
        job: of which it tells; None where of none.
        at: when it happened.
        state: `dead` is what was given up; it can be sent again by hand.
        attempts: how often it was tried.
        next_try: when it is tried next; None where it is not.
        status: of HTTP, of the last try; None where no answer came.
        reason: why the last try failed; None where it did not.
        ended: when it was delivered or given up.
    """

    number: int
    message: str
    webhook: str
    kind: str
    job: str | None
    at: datetime
    state: DeliveryState
    attempts: int
    next_try: datetime | None
    status: int | None
    reason: str | None
    ended: datetime | None


@dataclass(frozen=True, slots=True)
class NewWebhook:
    """A webhook with its secret, which is shown this once.

    Attributes:
        webhook: as it is kept.
        secret: with which its messages are signed.
    """

    webhook: Webhook
    secret: str


def webhook_of(row: Row[Any], kinds: tuple[str, ...]) -> Webhook:
    """Return the webhook of a row of `WEBHOOKS`."""
    return Webhook(
        *(row.id, row.tenant, row.url, row.description, kinds, row.is_enabled, row.disabled_reason),
        failing_since=maybe_moment(row.failing_since),
        old_secret_until=maybe_moment(row.old_secret_until),
        revision=row.revision,
        created=moment(row.created),
    )


def delivery_of(row: Row[Any]) -> Delivery:
    """Return the delivery of a row of `DELIVERIES`."""
    return Delivery(
        *(row.number, row.message, row.webhook, row.kind, row.job, moment(row.at), row.state, row.attempts),
        next_try=moment(row.not_before) if row.state == "waiting" else None,
        status=row.status,
        reason=row.reason,
        ended=maybe_moment(row.ended),
    )
