"""What goes wrong between the service and others: webhooks, triggers, and programs that call it."""

from __future__ import annotations

from facefusion.errors.base import FaceFusionError


class WebhookError(FaceFusionError):
    """A webhook, or one of its deliveries, is not what it should be."""


class WebhookUnknownError(WebhookError):
    """There is no such webhook or delivery for this tenant."""

    exit_code = 110


class WebhookAddressError(WebhookError):
    """The address of a webhook is not understood, or nothing is sent there."""

    exit_code = 111


class WebhookSignatureError(WebhookError):
    """A message is not signed by whom it should be, was changed, or is too old."""

    exit_code = 112


class WebhookLimitError(WebhookError):
    """The tenant has as many webhooks or triggers as it may."""

    exit_code = 113


class TriggerError(FaceFusionError):
    """A trigger, or what was sent to it, is not what it should be."""


class TriggerUnknownError(TriggerError):
    """There is no such trigger for this tenant."""

    exit_code = 114


class TriggerRuleError(TriggerError):
    """The rule of a trigger is not understood, or would start jobs by its own results."""

    exit_code = 115


class TriggerEventError(TriggerError):
    """What was sent to a trigger is no event of a kind that is understood."""

    exit_code = 116


class ServiceError(FaceFusionError):
    """The service does not answer as it should."""


class ServiceUnreachableError(ServiceError):
    """The service cannot be reached, or broke off; whether it did what was asked is not known."""

    exit_code = 117


class ServiceAnswerError(ServiceError):
    """The service answered with something that is not understood.

    Attributes:
        status: of HTTP.
        problem: what it said, as JSON values; empty where that was none.
    """

    exit_code = 118

    def __init__(self, what: str, hint: str = "", *, status: int = 0, problem: dict[str, object] | None = None) -> None:
        super().__init__(what, hint)
        self.status = status
        self.problem = problem or {}
