"""What a store of objects has to be able to do, to be used as storage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Protocol

from facefusion.errors import StorageError

DIGEST: Final = "sha256"
"""Under which name the digest of an object is noted with it."""

MARK: Final = "put"
"""Under which name it is noted by which call an object was put, so that a call knows its own when an answer is lost."""


@dataclass(frozen=True, slots=True)
class Found:
    """An object in a bucket.

    Attributes:
        name: its whole name in the bucket.
        size: in bytes.
        written: when, by the store's clock.
        version: changes whenever the object is replaced; empty where that is not known.
        notes: what was noted with it; empty in listings.
    """

    name: str
    size: int
    written: datetime
    version: str = ""
    notes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Page:
    """Part of a listing.

    Attributes:
        found: objects of it.
        following: what names the next part; None at the end.
    """

    found: Sequence[Found]
    following: str | None


class ConditionError(StorageError):
    """A condition of a request does not hold: an object is there, or is another one. It never leaves this package."""


PartTag = Mapping[str, Any]
"""What names a part when its upload ends."""


class Parts(Protocol):
    """An upload that was begun. Each method makes one attempt, and may be called again with the same."""

    def send(self, number: int, data: bytes) -> PartTag:
        """Send a part, numbered from 1; all but the last have the size that was told when it was begun."""

    def finish(self, tags: Sequence[PartTag]) -> None:
        """Put the parts together: the object is there then.

        Raises:
            ConditionError: it must not be replaced, and is there.
            StorageMissingError: the upload is gone: it was finished, or somebody ended it.
        """

    def abandon(self) -> None:
        """Remove what was sent."""


class Bucket(Protocol):
    """A bucket or container. Each method makes one attempt.

    All raise `StorageUnavailableError` where it may go better when tried again, `StorageAddressError` where it will not
    (no rights, no such bucket, a name that cannot be), and `DiskFullError` where there is no room.

    Attributes:
        place: its address, for messages.
        takes_parts_at_once: whether parts may come several at once and in any order, not one after another.
    """

    place: str
    takes_parts_at_once: bool

    def put(self, name: str, data: bytes, notes: Mapping[str, str], *, replace: bool) -> None:
        """Put a small object in.

        Raises:
            ConditionError: `replace` is false, and there is one of the name.
        """

    def begin(self, name: str, notes: Mapping[str, str], *, size: int, part: int, replace: bool) -> Parts:
        """Begin to put an object in by parts.

        Args:
            name: of the object.
            notes: noted with it.
            size: bytes of the whole, more than `part`.
            part: bytes of a part, whole MiB.
            replace: as of `put`.
        """

    def head(self, name: str) -> Found | None:
        """Return what is known of an object, or None where there is none."""

    def read(self, found: Found, start: int, end: int) -> bytes:
        """Return bytes of an object.

        Raises:
            StorageMissingError: it is gone.
            ConditionError: it was replaced.
        """

    def page(self, prefix: str, following: str | None) -> Page:
        """Return the part of a listing of names that begin with a prefix that `following` names; None for the first."""

    def remove(self, names: Sequence[str]) -> None:
        """Remove objects, at most a page of them; those that are gone already are no error."""

    def abandon(self, prefix: str, before: datetime) -> int:
        """Remove uploads that were begun before a time and never finished; return how many there were."""

    def url_to_read(self, name: str, seconds: int, disposition: str | None) -> str | None:
        """Return a signed URL to read an object, or None where there is none."""

    def url_to_write(self, name: str, seconds: int, size: int | None, content_type: str | None) -> str | None:
        """Return a signed URL to write an object, or None where there is none."""
