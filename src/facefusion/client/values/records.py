"""Consents, what the marks of a file show, and the audit log."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from facefusion.client.values.base import Value


class Consent(Value):
    """A consent on record.

    Attributes:
        id: by which it is called.
        state: `holds`, `future`, `ended` or `revoked`.
        person: whose face it is, where a name is kept.
        granted_by: who gave it.
        scope: for what it holds.
        recorded: when it was put on record.
        picture_digests: SHA-256 of the pictures of the face.
        evidence: files that show it: kind, name, digest, bytes.
        signature: who signed on a screen, as `signer`, and which evidence shows it; None where nobody did.
    """

    id: str
    state: str
    person: str | None = None
    granted_by: str
    scope: dict[str, Any]
    recorded: datetime
    picture_digests: list[str] = Field(default_factory=list)
    evidence: list[dict[str, Any]] = Field(default_factory=list)
    signature: dict[str, Any] | None = None


class Layer(Value):
    """One layer of marks.

    Attributes:
        layer: provenance, metadata, watermark or audit.
        state: holds, broken, absent, unknown or unread.
        what: in words.
        facts: more of it.
    """

    layer: str
    state: str
    what: str
    facts: dict[str, Any] = Field(default_factory=dict)


class Verified(Value):
    """What the marks of a file show.

    Attributes:
        verdict: `holds`, or the name of what is wrong.
        code: exit code of the command line for it; 0 where all holds.
        what: in words.
        layers: all of them.
    """

    verdict: str
    code: int
    what: str
    layers: list[Layer]


class Entry(Value):
    """An entry of the audit log.

    Attributes:
        id: by which it is called.
        time: when.
        kind: such as `published`.
        facts: what it says.
    """

    id: str
    time: datetime
    kind: str
    facts: dict[str, Any]


class Chain(Value):
    """What the last check of the audit log found.

    Attributes:
        state: `unchecked`, `checking`, `holds`, `broken` or `failed`.
        checked: when the check ended; None where there is none.
        entries: of the tenant, that hold.
        public_key: Ed25519, 64 hexadecimal digits, which signatures are checked with.
    """

    state: str
    checked: datetime | None
    entries: int | None
    public_key: str
