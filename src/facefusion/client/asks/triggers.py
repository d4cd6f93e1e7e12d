"""Operations on triggers: objects that come into a bucket and start jobs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from facefusion.client.call import Ask, model, nothing, operation, values
from facefusion.client.pages import Page
from facefusion.client.values import Trigger, TriggerSecret


def became(response: httpx.Response) -> list[dict[str, Any]]:
    """Read what became of the objects of an event."""
    return [] if response.status_code == 204 else list(values(response).get("objects", ()))


@operation("POST", "/v1/triggers", model(TriggerSecret))
def create(
    source: str, request: Mapping[str, Any], *, suffixes: Sequence[str] = (), priority: int = 4, name: str = ""
) -> Ask:
    """Make a trigger; its secret is in the answer this once.

    Args:
        source: how addresses begin, such as `s3://uploads/in/`.
        request: what a job is to do; texts in it may hold placeholders.
        suffixes: how addresses end; any when empty.
        priority: of jobs, from 0 to 9.
        name: what it is for.
    """
    body = {"source": source, "request": dict(request), "suffixes": list(suffixes), "priority": priority}
    return Ask(json={**body, "name": name})


@operation("GET", "/v1/triggers", model(Page[Trigger]))
def page() -> Ask:
    """Return all triggers, the oldest first."""
    return Ask()


@operation("GET", "/v1/triggers/{trigger_id}", model(Trigger))
def show(trigger_id: str) -> Ask:
    """Return a trigger."""
    return Ask({"trigger_id": trigger_id})


@operation("PATCH", "/v1/triggers/{trigger_id}", model(Trigger))
def change(trigger_id: str, **changes: Any) -> Ask:
    """Change what is given of a trigger.

    Args:
        trigger_id: of the trigger.
        changes: `source`, `request`, `suffixes`, `priority`, `name` or `is_enabled`.
    """
    return Ask({"trigger_id": trigger_id}, json=changes)


@operation("DELETE", "/v1/triggers/{trigger_id}", nothing)
def remove(trigger_id: str) -> Ask:
    """Forget a trigger; jobs that it started go on."""
    return Ask({"trigger_id": trigger_id})


@operation("POST", "/v1/triggers/{trigger_id}/secret", model(TriggerSecret))
def rotate(trigger_id: str) -> Ask:
    """Make a new secret; the one before holds no more."""
    return Ask({"trigger_id": trigger_id})


@operation("POST", "/v1/triggers/{trigger_id}/events", became, has_key=False, is_harmless=True)
def send(trigger_id: str, event: Mapping[str, Any]) -> Ask:
    """Tell of an object; returns what became of each.

    Args:
        trigger_id: of the trigger.
        event: of S3, MinIO, EventBridge or Pub/Sub, or a CloudEvent, as JSON values.
    """
    return Ask({"trigger_id": trigger_id}, json=dict(event))
