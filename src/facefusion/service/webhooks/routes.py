"""Webhooks over HTTP: made, looked at, changed, tried."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Header, Path, Query, Response

from facefusion.service.etags import revision_wanted
from facefusion.service.gateway.access import require
from facefusion.service.gateway.caller import Caller
from facefusion.service.parts import Parts
from facefusion.service.problems import documented
from facefusion.service.route import IdempotencyKey, SecretRoute, ServiceRoute
from facefusion.service.values import ID_PATTERN
from facefusion.service.webhooks.deliveries import Deliveries
from facefusion.service.webhooks.endpoints import Webhooks
from facefusion.service.webhooks.shown import (
    DeliveryAnswer,
    DeliveryPage,
    DeliveryQuery,
    WebhookAnswer,
    WebhookBody,
    WebhookChange,
    WebhookList,
    WebhookSecret,
)

_PREFIX: Final = "/v1/webhooks"
_Reader = Annotated[Caller, Depends(require("webhooks:read"))]
_Writer = Annotated[Caller, Depends(require("webhooks:write"))]
_Id = Annotated[str, Path(pattern=ID_PATTERN, description="of the webhook")]
_Message = Annotated[str, Path(pattern="^msg_[0-9a-f]{24}$", description="of the message, as in `webhook-id`")]
_IfMatch = Annotated[str | None, Header(alias="If-Match", description="entity tag of what is to be changed")]


def webhooks_router(webhooks: Webhooks, deliveries: Deliveries) -> APIRouter:
    """Return the routes of webhooks.

    Args:
        webhooks: keeps them.
        deliveries: shows their messages.
    """
    router = APIRouter(tags=["webhooks"])
    router.include_router(_with_secrets(webhooks))
    router.include_router(_webhooks(webhooks))
    router.include_router(_deliveries(deliveries))
    return router


def _with_secrets(webhooks: Webhooks) -> APIRouter:
    """Return the routes whose answers hold a secret."""
    router = APIRouter(prefix=_PREFIX, route_class=SecretRoute)

    @router.post("", status_code=201, responses=documented())
    def create_webhook(
        body: WebhookBody, caller: _Writer, response: Response, key: IdempotencyKey = None
    ) -> WebhookSecret:
        """Make a webhook; its secret is shown this once."""
        made = webhooks.add(caller.tenant, body.url, kinds=body.kinds, description=body.description)
        response.headers.update({"Location": f"{_PREFIX}/{made.webhook.id}", "Cache-Control": "no-store"})
        return WebhookSecret.of(made)

    @router.post("/{webhook_id}/secret", responses=documented(404))
    def rotate_webhook_secret(
        webhook_id: _Id, caller: _Writer, response: Response, key: IdempotencyKey = None
    ) -> WebhookSecret:
        """Make a new secret, shown this once; the one before signs too for a day."""
        response.headers["Cache-Control"] = "no-store"
        return WebhookSecret.of(webhooks.rotate(caller.tenant, webhook_id))

    return router


def _webhooks(webhooks: Webhooks) -> APIRouter:
    router = APIRouter(prefix=_PREFIX, route_class=ServiceRoute)

    @router.get("", responses=documented())
    def list_webhooks(caller: _Reader) -> WebhookList:
        """List all webhooks of the tenant, the oldest first."""
        return WebhookList(webhooks=[WebhookAnswer.of(each) for each in webhooks.webhooks(caller.tenant)])

    @router.get("/{webhook_id}", responses=documented(404))
    def show_webhook(webhook_id: _Id, caller: _Reader, response: Response) -> WebhookAnswer:
        """Show a webhook."""
        found = webhooks.webhook(caller.tenant, webhook_id)
        response.headers["ETag"] = f'"{found.revision}-{"failing" if found.failing_since else "well"}"'
        return WebhookAnswer.of(found)

    @router.patch("/{webhook_id}", responses=documented(404, 412))
    def change_webhook(
        webhook_id: _Id, body: WebhookChange, caller: _Writer, if_match: _IfMatch = None
    ) -> WebhookAnswer:
        """Change what is given of a webhook; to enable one forgets why and since when it failed."""
        revision_wanted(if_match, webhooks.webhook(caller.tenant, webhook_id).revision)
        changed = webhooks.change(
            *(caller.tenant, webhook_id),
            url=body.url,
            kinds=body.kinds,
            description=body.description,
            is_enabled=body.is_enabled,
        )
        return WebhookAnswer.of(changed)

    @router.delete("/{webhook_id}", status_code=204, response_class=Response, responses=documented(404))
    def remove_webhook(webhook_id: _Id, caller: _Writer) -> Response:
        """Forget a webhook, with what was to be sent to it."""
        webhooks.remove(caller.tenant, webhook_id)
        return Response(status_code=204)

    return router


def _deliveries(deliveries: Deliveries) -> APIRouter:
    router = APIRouter(prefix=_PREFIX, route_class=ServiceRoute)

    @router.post("/{webhook_id}/test", status_code=202, responses=documented(404))
    def test_webhook(webhook_id: _Id, caller: _Writer, key: IdempotencyKey = None) -> DeliveryAnswer:
        """Send a message of the kind `webhook.test`; look at the message to see what became of it."""
        return DeliveryAnswer.of(deliveries.ping(caller.tenant, webhook_id))

    @router.get("/{webhook_id}/deliveries", responses=documented(404))
    def list_deliveries(
        webhook_id: _Id,
        caller: _Reader,
        page: Annotated[DeliveryQuery, Query()],
        parts: Parts,
    ) -> DeliveryPage:
        """List what became of messages, the newest first."""
        found = deliveries.deliveries(
            *(caller.tenant, webhook_id),
            states=page.state,
            before=parts.cursors.number(page.cursor),
            limit=page.limit + 1,
        )
        shown = [DeliveryAnswer.of(each) for each in found[: page.limit]]
        return DeliveryPage(deliveries=shown, next=parts.cursors.next_of(found, page.limit))

    @router.get("/{webhook_id}/deliveries/{message}", responses=documented(404))
    def show_delivery(webhook_id: _Id, message: _Message, caller: _Reader) -> DeliveryAnswer:
        """Show what became of one message."""
        return DeliveryAnswer.of(deliveries.delivery(caller.tenant, webhook_id, message))

    @router.post("/{webhook_id}/deliveries/{message}/redeliver", status_code=202, responses=documented(404))
    def redeliver(webhook_id: _Id, message: _Message, caller: _Writer, key: IdempotencyKey = None) -> DeliveryAnswer:
        """Send a message again from now on, whatever became of it."""
        return DeliveryAnswer.of(deliveries.redeliver(caller.tenant, webhook_id, message))

    return router
