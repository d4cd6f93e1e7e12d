"""An entry of a list of faces."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

ListKind = Literal["block", "allow"]


class ListEntry(BaseModel):
    """A face that is not to be used, or that may be used all the same.

    Attributes:
        id: by which audit entries name it.
        kind: `block` or `allow`.
        basis: the legal ground on which the face is kept, such as a request under article 17 of the GDPR.
        reason: why it is on the list; empty where the ground says it all.
        recorded: when it came onto the list.
        until: when the entry ends; None: not of itself.
        pictures: from how many pictures the templates were made.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^f-[0-9a-f]{16}$")
    kind: ListKind
    basis: str = Field(min_length=1, max_length=500)
    reason: str = Field(default="", max_length=1000)
    recorded: AwareDatetime
    until: AwareDatetime | None = None
    pictures: int = Field(ge=1)

    def holds(self, moment: datetime) -> bool:
        """Return whether the entry has not ended at a moment."""
        return self.until is None or moment < self.until
