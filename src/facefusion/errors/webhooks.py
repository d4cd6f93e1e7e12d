"""What goes wrong between the service and others: webhooks, triggers, and programs that call it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from facefusion.errors.base import FaceFusionError
from facefusion.errors.requests import RequestInvalidError


class WebhookAddressError(RequestInvalidError):
    """The address of a webhook is not understood, or nothing is sent there."""

    exit_code = 95


class TriggerRuleError(RequestInvalidError):
    """The rule of a trigger is not understood, or would start jobs by its own results."""

    exit_code = 96


class TriggerEventError(RequestInvalidError):
    """What was sent to a trigger is no event of a kind that is understood."""

    exit_code = 97


class WebhookSignatureError(FaceFusionError):
    """A message is not signed by whom it should be, was changed, or is too old."""

    exit_code = 98


class ServiceError(FaceFusionError):
    """The service does not answer as it should."""


class ServiceUnreachableError(ServiceError):
    """The service cannot be reached, or broke off; whether it did what was asked is not known."""

    exit_code = 108


class ServiceAnswerError(ServiceError):
    """The service answered with something that has no error of its own here.

    Attributes:
        status: of HTTP.
        problem: what it said, as JSON values; empty where that was none.
    """

    exit_code = 109

    def __init__(self, what: str, hint: str = "", *, status: int = 0, problem: Mapping[str, Any] | None = None) -> None:
        super().__init__(what, hint)
        self.status = status
        self.problem = dict(problem or {})
