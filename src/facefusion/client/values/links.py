"""Links to results, for people without a key."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from facefusion.client.values.base import Value


class Link(Value):
    """A link to the result of a job.

    Attributes:
        id: by which it is taken back.
        owner: who made it.
        label: what it is for.
        created, expires: when it was made, and when it ends.
    """

    id: str
    owner: str = ""
    label: str = ""
    created: datetime
    expires: datetime


class NewLink(Link):
    """A link that was just made.

    Attributes:
        token: whoever has it may fetch the result; it is told this once.
        url: path of what it leads to.
    """

    token: str
    url: str


class LinkList(Value):
    """The links of a job that have not ended.

    Attributes:
        links: the newest first.
    """

    links: list[Link]


class Shared(Value):
    """What a link leads to.

    Attributes:
        name: of the file.
        media_type: of the file.
        size: in bytes.
        kind: `picture` or `video`.
        is_synthetic: always true.
        disclosure: marks in it that say so.
        expires: when the link ends.
    """

    name: str
    media_type: str
    size: int
    kind: str
    is_synthetic: bool = True
    disclosure: list[str] = Field(default_factory=list)
    expires: datetime
