"""Webhooks as clients send and see them."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field

from facefusion.service.paging import Page
from facefusion.service.values import Answer, Body, Moment
from facefusion.service.webhooks.values import (
    USUAL_KINDS,
    Delivery,
    DeliveryState,
    NewWebhook,
    Webhook,
    WebhookKind,
)

_Url = Annotated[str, Field(min_length=1, max_length=2000, examples=["https://hooks.example.com/facefusion"])]
_Description = Annotated[str, Field(max_length=200, description="what it is for")]
_Kinds = Annotated[tuple[WebhookKind, ...], Field(strict=False, min_length=1, max_length=50)]


class WebhookBody(Body):
    """A webhook that is to be made."""

    url: _Url
    kinds: _Kinds = USUAL_KINDS
    description: _Description = ""


class WebhookChange(Body):
    """What is to be changed of a webhook; what is not given stays."""

    url: _Url | None = None
    kinds: _Kinds | None = None
    description: _Description | None = None
    is_enabled: bool | None = None


class WebhookAnswer(Answer):
    """A webhook."""

    id: str
    url: str
    description: str
    kinds: tuple[str, ...]
    is_enabled: bool
    disabled_reason: str | None = Field(description="why the service disabled it; null where it did not")
    failing_since: Moment | None = Field(description="from when on nothing arrived; null where the last try did")
    old_secret_until: Moment | None = Field(description="until when the secret before signs too")
    revision: int
    created: Moment

    @classmethod
    def of(cls, webhook: Webhook) -> Self:
        """Return it as it is shown."""
        return cls(**{name: getattr(webhook, name) for name in WebhookAnswer.model_fields})


class WebhookSecret(Answer):
    """A webhook with its secret, which is shown this once."""

    webhook: WebhookAnswer
    secret: str = Field(examples=["whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"])

    @classmethod
    def of(cls, made: NewWebhook) -> Self:
        """Return it as it is shown."""
        return cls(webhook=WebhookAnswer.of(made.webhook), secret=made.secret)


class WebhookList(Answer):
    """All webhooks of a tenant."""

    webhooks: list[WebhookAnswer]


class DeliveryAnswer(Answer):
    """What became of a message to a webhook."""

    message: str = Field(description="its identifier, as in the header `webhook-id`")
    webhook: str
    kind: str
    job: str | None
    at: Moment
    state: DeliveryState
    attempts: int
    next_try: Moment | None
    status: int | None = Field(description="of HTTP, of the last try; null where no answer came")
    reason: str | None = Field(description="why the last try failed; null where it did not")
    ended: Moment | None

    @classmethod
    def of(cls, delivery: Delivery) -> Self:
        """Return it as it is shown."""
        return cls(**{name: getattr(delivery, name) for name in DeliveryAnswer.model_fields})


class DeliveryPage(Answer):
    """A part of the messages to a webhook, the newest first."""

    deliveries: list[DeliveryAnswer]
    next: str | None = Field(description="cursor of the next page; null where this is the last")


class DeliveryQuery(Page):
    """Which messages to a webhook are wanted."""

    state: tuple[DeliveryState, ...] = Field(default=(), description="only those in these states")
