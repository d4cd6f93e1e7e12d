"""Pages of lists."""

from __future__ import annotations

from typing import Generic, TypeVar

from pydantic import AliasChoices, Field

from facefusion.client.values import Value

Item = TypeVar("Item")


class Page(Value, Generic[Item]):
    """A part of a list.

    Attributes:
        items: what is in it.
        next: cursor of the next part; None where this is the last.
    """

    items: list[Item] = Field(
        validation_alias=AliasChoices(
            *("uploads", "faces", "jobs", "operations", "consents", "models", "entries", "processors", "webhooks"),
            *("deliveries", "triggers", "events", "attempts", "previews", "items"),
        )
    )
    next: str | None = None
