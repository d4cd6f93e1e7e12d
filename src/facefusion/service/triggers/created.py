"""What events say: an object was created."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import NoReturn

from facefusion.errors import TriggerEventError


@dataclass(frozen=True, slots=True)
class Created:
    """An object that was created or written anew.

    Attributes:
        address: where it is, such as `s3://bucket/in/clip.mp4`; its key is as it is, with nothing escaped.
        version: tells this content from others that lay there; as the storage says it.
    """

    address: str
    version: str

    @property
    def identity(self) -> str:
        """The same for all events of this object with this content, and for no others."""
        said = f"{self.address}\n{self.version}"
        return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()  # JSON holds halves of characters

    @property
    def key(self) -> str:
        """The part below the bucket."""
        return self.address.partition("://")[2].partition("/")[2]


def refuse(what: str, hint: str = "See the documentation of triggers for the kinds that are") -> NoReturn:
    """Say that an event is none that is understood.

    Raises:
        TriggerEventError: always.
    """
    raise TriggerEventError(what, hint)
