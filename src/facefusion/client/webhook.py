"""Messages of webhooks, on the side of those who receive them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from facefusion.client.signature import TOLERANCE, check_signature
from facefusion.client.values import Value
from facefusion.errors import WebhookSignatureError


class WebhookMessage(Value):
    """A message that holds.

    Attributes:
        id: of the message; one that comes again has the same, and is to be let be.
        type: kind of the event, such as `job.succeeded`.
        timestamp: when it happened.
        data: what there is to know, with the job as it was then.
    """

    id: str
    type: str
    timestamp: datetime
    data: dict[str, Any]


def verify_webhook(
    body: bytes, headers: Mapping[str, str], secret: str, *, tolerance: float = TOLERANCE, now: float | None = None
) -> WebhookMessage:
    """Return the message of a request, after making sure that it comes from the service, unchanged and just now.

    Args:
        body: of the request, byte for byte as it came.
        headers: of the request; their names in any case.
        secret: of the webhook, as it was shown: `whsec_…`.
        tolerance: seconds by which the time of the message may differ from now.
        now: seconds since 1970; the system's clock when None.

    Raises:
        WebhookSignatureError: it is not signed with the secret, was changed, or is older or newer than allowed.
    """
    message = check_signature(body, headers, secret, tolerance=tolerance, now=now)
    try:
        return WebhookMessage.model_validate({**json.loads(body), "id": message})
    except (ValidationError, ValueError, TypeError) as error:
        raise WebhookSignatureError("The message is signed, but is none of a webhook of FaceFusion") from error
