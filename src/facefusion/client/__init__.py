"""A typed client of the service, and the verifier of its webhooks; needs httpx and pydantic and nothing else of ours."""

from facefusion.client.webhook import WebhookMessage, verify_webhook

__all__ = ["WebhookMessage", "verify_webhook"]
