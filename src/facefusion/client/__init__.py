"""A typed client of the service, and the verifier of its webhooks; of all dependencies it needs httpx and pydantic."""

from facefusion.client.aio import AsyncClient
from facefusion.client.retrying import Retries
from facefusion.client.sync import Client
from facefusion.client.values import (
    Chain,
    Consent,
    Delivery,
    Entry,
    Face,
    Job,
    JobEvent,
    JobOutput,
    JobProgress,
    JobResult,
    JobState,
    JobTime,
    Model,
    Operation,
    Problem,
    Trigger,
    TriggerSecret,
    Upload,
    Verified,
    Webhook,
    WebhookSecret,
)
from facefusion.client.webhook import WebhookMessage, verify_webhook

__all__ = [
    "AsyncClient",
    "Chain",
    "Client",
    "Consent",
    "Delivery",
    "Entry",
    "Face",
    "Job",
    "JobEvent",
    "JobOutput",
    "JobProgress",
    "JobResult",
    "JobState",
    "JobTime",
    "Model",
    "Operation",
    "Problem",
    "Retries",
    "Trigger",
    "TriggerSecret",
    "Upload",
    "Verified",
    "Webhook",
    "WebhookMessage",
    "WebhookSecret",
    "verify_webhook",
]
