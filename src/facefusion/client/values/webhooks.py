"""Webhooks and triggers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from facefusion.client.values.base import Value


class Webhook(Value):
    """Who is told of what; see the documentation of webhooks.

    Attributes:
        id: by which it is called.
        url: to which messages go.
        kinds: of events.
        is_enabled: whether messages are sent.
        disabled_reason: why the service disabled it.
        failing_since: from when on nothing arrived.
        revision: grows with each change.
    """

    id: str
    url: str
    description: str = ""
    kinds: list[str]
    is_enabled: bool
    disabled_reason: str | None = None
    failing_since: datetime | None = None
    old_secret_until: datetime | None = None
    revision: int
    created: datetime


class WebhookSecret(Value):
    """A webhook with its secret, which is shown this once.

    Attributes:
        webhook: as it is kept.
        secret: with which its messages are signed; `verify_webhook` takes it.
    """

    webhook: Webhook
    secret: str


class Delivery(Value):
    """What became of a message to a webhook.

    Attributes:
        message: its identifier, as in the header `webhook-id`.
        state: `waiting`, `delivered` or `dead`.
        attempts: how often it was tried.
        status: of HTTP, of the last try.
        reason: why the last try failed.
    """

    message: str
    webhook: str
    kind: str
    job: str | None = None
    at: datetime
    state: str
    attempts: int
    next_try: datetime | None = None
    status: int | None = None
    reason: str | None = None
    ended: datetime | None = None


class Trigger(Value):
    """Objects that start jobs.

    Attributes:
        id: by which it is called.
        source: how addresses begin.
        suffixes: how they end.
        request: what a job is to do, with placeholders.
        is_enabled: whether jobs are started.
        refused, refused_reason: when an object last matched and started none, and why.
    """

    id: str
    name: str = ""
    source: str
    suffixes: list[str]
    request: dict[str, Any]
    priority: int
    is_enabled: bool
    refused: datetime | None = None
    refused_reason: str | None = None
    revision: int
    created: datetime


class TriggerSecret(Value):
    """A trigger with its secret, which is shown this once.

    Attributes:
        trigger: as it is kept.
        secret: with which events for it may be signed.
    """

    trigger: Trigger
    secret: str
