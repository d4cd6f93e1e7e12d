"""What is shown at once, without a job that could wait for its review."""

from __future__ import annotations

from collections.abc import Collection

from facefusion.errors import ReviewFirstError
from facefusion.service.gateway.caller import Caller
from facefusion.service.parts import ServiceParts


def check_shown_at_once(parts: ServiceParts, caller: Caller, processors: Collection[str]) -> None:
    """Make sure that a tenant may see what processors make before a second person has looked at it.

    Args:
        parts: of the service.
        caller: who wants to see it.
        processors: that make it.

    Raises:
        ReviewFirstError: all such results are reviewed.
    """
    if parts.reviews.always(caller.tenant, processors, parts.quotas.rules(caller.tenant)):
        raise ReviewFirstError(
            "A second person looks at these results first, so that there is no preview of them, and nothing live",
            "Ask for the job itself: its result is shown as soon as it is approved",
        )
