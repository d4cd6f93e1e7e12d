"""How a request names a file: `upload:ID`, `person:ID/N`, `face:ID`, `job:ID`, or an address of the tenant's own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal, Self

from facefusion.jobs.storage.keys import is_plain

Kind = Literal["upload", "person", "face", "job", "address"]
"""`person`: the picture of somebody who was found in an upload; `job`: the output of another job of the same tenant."""

_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", re.ASCII)
_PERSON: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}/(?:0|[1-9][0-9]{0,2})", re.ASCII)
_ADDRESS: Final = re.compile(r"[a-z][a-z0-9+.-]*://.+", re.ASCII | re.DOTALL)
_LONGEST: Final = 2000
_FORMS: Final = (
    "a file is named as upload:ID, person:ID/N, face:ID, job:ID or by an address such as s3://bucket/clip.mp4"
)


@dataclass(frozen=True, slots=True)
class Reference:
    """A file that a request names.

    An address may have letters of any script and blanks inside; it is taken letter by letter, so that it names the very
    object. In `file:///` addresses alone `%20` stands for a blank.

    Attributes:
        kind: what it is.
        value: its identifier, or the whole address.
    """

    kind: Kind
    value: str

    @classmethod
    def parse(cls, text: object) -> Self:
        """Read one.

        Raises:
            ValueError: it is none.
        """
        if not isinstance(text, str) or len(text) > _LONGEST:
            raise ValueError(_FORMS)
        head, colon, rest = text.partition(":")
        if colon and head in {"upload", "face", "job"}:
            if _ID.fullmatch(rest) is None:
                raise ValueError(f"{head}: is followed by an identifier of letters, digits, - and _")
            return cls(head, rest)  # type: ignore[arg-type]
        if colon and head == "person":
            if _PERSON.fullmatch(rest) is None:
                raise ValueError("person: is followed by the identifier of an upload and a number, such as ID/0")
            return cls("person", rest)
        if _ADDRESS.fullmatch(text) is None or not is_plain(text) or text != text.strip():
            raise ValueError(_FORMS)
        return cls("address", text)

    @property
    def upload(self) -> str | None:
        """Identifier of the upload that it is, or is of; None of all else."""
        return self.value.partition("/")[0] if self.kind in {"upload", "person"} else None

    def __str__(self) -> str:
        """Show it as it is written."""
        return self.value if self.kind == "address" else f"{self.kind}:{self.value}"
