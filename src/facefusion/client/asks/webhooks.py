"""Operations on webhooks and their messages."""

from __future__ import annotations

from collections.abc import Sequence

from facefusion.client.call import Ask, model, nothing, operation
from facefusion.client.pages import Page
from facefusion.client.values import Delivery, Webhook, WebhookSecret


@operation("POST", "/v1/webhooks", model(WebhookSecret))
def create(url: str, *, kinds: Sequence[str] | None = None, description: str = "") -> Ask:
    """Make a webhook; its secret is in the answer this once.

    Args:
        url: to which messages go.
        kinds: of events; those that end a job when None.
        description: what it is for.
    """
    chosen = {} if kinds is None else {"kinds": list(kinds)}
    return Ask(json={"url": url, "description": description, **chosen})


@operation("GET", "/v1/webhooks", model(Page[Webhook]))
def page() -> Ask:
    """Return all webhooks, the oldest first."""
    return Ask()


@operation("GET", "/v1/webhooks/{webhook_id}", model(Webhook))
def show(webhook_id: str) -> Ask:
    """Return a webhook."""
    return Ask({"webhook_id": webhook_id})


@operation("PATCH", "/v1/webhooks/{webhook_id}", model(Webhook))
def change(
    webhook_id: str,
    *,
    url: str | None = None,
    kinds: Sequence[str] | None = None,
    description: str | None = None,
    is_enabled: bool | None = None,
) -> Ask:
    """Change what is given of a webhook.

    Args:
        webhook_id: of the webhook.
        url: to which messages go.
        kinds: of events.
        description: what it is for.
        is_enabled: whether messages are sent.
    """
    given = {
        "url": url,
        "kinds": None if kinds is None else list(kinds),
        "description": description,
        "is_enabled": is_enabled,
    }
    return Ask({"webhook_id": webhook_id}, json={name: each for name, each in given.items() if each is not None})


@operation("DELETE", "/v1/webhooks/{webhook_id}", nothing)
def remove(webhook_id: str) -> Ask:
    """Forget a webhook, with what was to be sent to it."""
    return Ask({"webhook_id": webhook_id})


@operation("POST", "/v1/webhooks/{webhook_id}/secret", model(WebhookSecret))
def rotate(webhook_id: str) -> Ask:
    """Make a new secret; the one before signs too for a day."""
    return Ask({"webhook_id": webhook_id})


@operation("POST", "/v1/webhooks/{webhook_id}/test", model(Delivery))
def test(webhook_id: str) -> Ask:
    """Send a message of the kind `webhook.test`."""
    return Ask({"webhook_id": webhook_id})


@operation("GET", "/v1/webhooks/{webhook_id}/deliveries", model(Page[Delivery]))
def deliveries(webhook_id: str, *, state: Sequence[str] = (), limit: int = 50, cursor: str | None = None) -> Ask:
    """Return a page of what became of messages, the newest first.

    Args:
        webhook_id: of the webhook.
        state: only those in these states; all when empty.
        limit: most of them.
        cursor: of the page before; None for the first.
    """
    return Ask({"webhook_id": webhook_id}, query={"state": list(state) or None, "limit": limit, "cursor": cursor})


@operation("GET", "/v1/webhooks/{webhook_id}/deliveries/{message}", model(Delivery))
def delivery(webhook_id: str, message: str) -> Ask:
    """Return what became of one message."""
    return Ask({"webhook_id": webhook_id, "message": message})


@operation("POST", "/v1/webhooks/{webhook_id}/deliveries/{message}/redeliver", model(Delivery))
def redeliver(webhook_id: str, message: str) -> Ask:
    """Send a message again."""
    return Ask({"webhook_id": webhook_id, "message": message})
