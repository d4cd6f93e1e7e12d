"""An entry of the audit log, and how it hangs on the one before."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Self

from facefusion.trust.audit.keys import AuditKeys

_SIGNED: Final = "entry"
_LINE: Final = frozenset(("digest", "entry", "previous", "signature"))


def canonical(value: Any) -> str:
    """Return the one text of a JSON value: keys sorted, no spaces, no floats (which agrees with RFC 8785)."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def chained(previous: str, body: str) -> str:
    """Return SHA-256(digest of the entry before ‖ canonical JSON of this one), hexadecimal."""
    return hashlib.sha256(bytes.fromhex(previous) + body.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry.

    Attributes:
        sequence: its number, from 1, without gaps.
        body: what it says, as canonical JSON.
        previous: digest of the entry before, 64 hexadecimal digits.
        digest: of this one.
        signature: of its digest, by Ed25519, 128 hexadecimal digits.
    """

    sequence: int
    body: str
    previous: str
    digest: str
    signature: str

    @classmethod
    def follow(cls, previous: str, facts: Mapping[str, Any], keys: AuditKeys) -> Self:
        """Return the entry with some facts behind the one with a digest."""
        body = canonical(facts)
        digest = chained(previous, body)
        return cls(facts["sequence"], body, previous, digest, keys.sign(_SIGNED, digest))

    @classmethod
    def of_line(cls, line: str) -> Self:
        """Read a line of JSON.

        Raises:
            ValueError: it is none of ours, or not as we write it.
        """
        try:
            found = json.loads(line)
        except RecursionError as error:
            raise ValueError("not an entry") from error
        if not isinstance(found, dict) or found.keys() != _LINE or not isinstance(found["entry"], dict):
            raise ValueError("not an entry")
        sequence = found["entry"].get("sequence")
        if type(sequence) is not int or not all(type(found[name]) is str for name in _LINE - {"entry"}):
            raise ValueError("not an entry")
        entry = cls(sequence, canonical(found["entry"]), found["previous"], found["digest"], found["signature"])
        if entry.line() != line:
            raise ValueError("not written as entries are")
        return entry

    def line(self) -> str:
        """Return it as a line of JSON, without the line's end."""
        return canonical(
            {"digest": self.digest, "entry": self.facts, "previous": self.previous, "signature": self.signature}
        )

    def fault(self, keys: AuditKeys) -> str | None:
        """Return what is wrong with it in itself; None if nothing is."""
        try:
            if canonical(self.facts) != self.body or self.facts["sequence"] != self.sequence:
                return "its text was altered"
            if chained(self.previous, self.body) != self.digest:
                return "it was altered after it was written"
        except (ValueError, KeyError, TypeError, RecursionError):
            return "its text was altered"
        return None if keys.holds(_SIGNED, self.digest, self.signature) else "its signature does not hold"

    @property
    def facts(self) -> dict[str, Any]:
        """What it says."""
        found: dict[str, Any] = json.loads(self.body)
        return found

    @property
    def id(self) -> str:
        """By what it is known, 32 hexadecimal digits."""
        return str(self.facts["id"])

    @property
    def kind(self) -> str:
        """What happened, such as published."""
        return str(self.facts["kind"])

    @property
    def time(self) -> datetime:
        """When, in UTC."""
        return datetime.fromisoformat(self.facts["time"])
