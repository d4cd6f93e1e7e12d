"""What a consent says."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import UTC, datetime
from typing import Annotated, Final, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, field_validator, model_validator

EvidenceKind = Literal["agreement", "identity", "signature", "other"]
Territory = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
Text = Annotated[str, Field(min_length=1, max_length=200)]
Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
ID_PATTERN: Final = r"^c-[0-9a-f]{16}$"
_ID: Final = re.compile(ID_PATTERN)


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Scope(_Value):
    """For what a consent was given.

    Attributes:
        project: the only project; None: all of them.
        processors: the only processors; none named: all of them.
        territories: where the outputs may be shown, as two letters of ISO 3166; none named: everywhere.
        valid_from: when it begins to hold.
        until: when it ends; None: not of itself.
    """

    project: Text | None = None
    processors: tuple[Text, ...] = ()
    territories: tuple[Territory, ...] = ()
    valid_from: AwareDatetime
    until: AwareDatetime | None = None

    @field_validator("valid_from", "until")
    @classmethod
    def _in_utc(cls, moment: datetime | None) -> datetime | None:
        return None if moment is None else moment.astimezone(UTC)


class EvidenceFact(_Value):
    """What is known of a file that shows the consent.

    Attributes:
        kind: what it is.
        name: the file's name.
        sha256: digest of its bytes, in hexadecimal digits.
        bytes: how many they are.
    """

    kind: EvidenceKind
    name: Text
    sha256: Digest
    bytes: int = Field(ge=0)


class Signature(_Value):
    """That somebody signed by hand on a screen.

    Attributes:
        signer: the name that they typed.
        evidence: number of the evidence that shows it; its digest stands there, so that no other can take its place.
    """

    signer: Text
    evidence: int = Field(ge=0)


class Revocation(_Value):
    """That a consent holds no more.

    Attributes:
        at: from when on.
        reason: why, as far as it was told.
    """

    at: AwareDatetime
    reason: str = Field(default="", max_length=1000)


class Consent(_Value):
    """A consent as it is on record.

    Attributes:
        id: by which audit entries name it.
        person: whose face it is; None where no name is kept.
        granted_by: who gave it: the person, or who may speak for them.
        scope: for what.
        recorded: when it came on record here.
        pictures: from how many pictures of the face the templates were made.
        evidence: files that show it.
        picture_digests: SHA-256 of these pictures, in hexadecimal digits; none where they are not known.
        signature: who signed it on a screen; None where nobody did.
        revocation: when and why it was revoked; None while it was not.
        source: fingerprint of the key of the place that it was brought over from; None where it was recorded here.
    """

    id: str = Field(pattern=ID_PATTERN)
    person: Text | None = None
    granted_by: Text
    scope: Scope
    recorded: AwareDatetime
    pictures: int = Field(ge=1)
    picture_digests: tuple[Digest, ...] = ()
    evidence: tuple[EvidenceFact, ...] = ()
    signature: Signature | None = None
    revocation: Revocation | None = None
    source: str | None = None

    @model_validator(mode="after")
    def _signed(self) -> Self:
        if self.signature is not None:
            shown = self.evidence[self.signature.evidence : self.signature.evidence + 1]
            if not shown or shown[0].kind != "signature":
                raise ValueError("the evidence of the signature is none")
        return self

    @property
    def digest(self) -> str:
        """SHA-256 of all that it says but for its revocation, in hexadecimal digits."""
        content = self.model_dump(mode="json", exclude={"revocation", "source"})
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def is_id(text: str) -> bool:
    """Return whether this has the form of a consent's id."""
    return _ID.fullmatch(text) is not None
