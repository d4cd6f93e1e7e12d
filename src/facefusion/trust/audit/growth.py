"""New entries, inside the transaction that adds them."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, insert

from facefusion.trust.audit.entry import Entry
from facefusion.trust.audit.facts import RESULTS
from facefusion.trust.audit.head import Head
from facefusion.trust.audit.keys import AuditKeys
from facefusion.trust.audit.people import Role, enter
from facefusion.trust.audit.tables import ENTRIES, INPUT_KEYS, REFERENCES

_VERSION: Final = 1
_KEY_BYTES: Final = 32
_ENTRY: Final = insert(ENTRIES)
_REFERENCE: Final = insert(REFERENCES)
_INPUT_KEY: Final = insert(INPUT_KEYS)
_PEOPLE: Final[Mapping[str, Role]] = {"consents": "consent", "subjects": "subject"}
_LISTS: Final = {"outputs": "output", "consents": "consent", "subjects": "subject"}
_SINGLE: Final = ("actor", "produce_id", "watermark")


class Growth:
    """Adds entries to a log that nobody else changes meanwhile.

    Args:
        connection: of the transaction.
        keys: of the log.
        head: how far the log goes.
        now: the time, in UTC.
        keeps_names: whether the names of people are kept, encrypted, beside the log.

    Attributes:
        connection: as given.
        head: how far the log goes now.
        entries: that were added.
        dropped: number of the last entry that is to go from the lines of JSON too; None where none is.
    """

    def __init__(
        self, connection: Connection, keys: AuditKeys, head: Head, now: datetime, *, keeps_names: bool
    ) -> None:
        self.connection = connection
        self.head = head
        self.entries: list[Entry] = []
        self.dropped: int | None = None
        self._keys = keys
        self._now = now
        self._keeps_names = keeps_names
        self._known: dict[tuple[Role, str, str], str] = {}

    def add(self, kind: str, *, tenant: str, actor: str, facts: Mapping[str, Any]) -> Entry:
        """Add an entry.

        Args:
            kind: one of `facts.KINDS`.
            tenant: for whom the work is done.
            actor: who does it.
            facts: checked, as JSON.
        """
        sequence = self.head.sequence + 1
        body = self._hidden(sequence, tenant, facts) | {
            "v": _VERSION,
            "id": uuid.uuid4().hex,
            "sequence": sequence,
            "time": self._now.astimezone(UTC).isoformat(timespec="milliseconds"),
            "kind": kind,
            "tenant": tenant,
            "actor": self._pseudonym("actor", tenant, actor),
        }
        if kind in RESULTS:
            body["result"] = RESULTS[kind]
        entry = Entry.follow(self.head.digest, body, self._keys)
        self.connection.execute(_ENTRY, row_of(entry))
        references = [{"sequence": sequence, "what": what, "value": value} for what, value in references_of(body)]
        self.connection.execute(_REFERENCE, references)
        self.entries.append(entry)
        self.head = Head(sequence, entry.digest)
        return entry

    def _hidden(self, sequence: int, tenant: str, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Return the facts with pseudonyms in place of people and keyed digests in place of those of inputs."""
        hidden = dict(facts)
        for name, role in _PEOPLE.items():
            if name in facts:
                hidden[name] = sorted({self._pseudonym(role, tenant, each) for each in facts[name]})
        if "inputs" in facts:
            key = secrets.token_bytes(_KEY_BYTES)
            self.connection.execute(_INPUT_KEY, {"sequence": sequence, "key": key})
            hidden["inputs"] = [self._keys.input_digest(key, digest) for digest in facts["inputs"]]
        return hidden

    def _pseudonym(self, role: Role, tenant: str, name: str) -> str:
        who = role, tenant, name
        if who not in self._known:
            self._known[who] = enter(self.connection, self._keys, *who, keeps_name=self._keeps_names)
        return self._known[who]


def entry_of(row: Row[Any]) -> Entry:
    """Return the entry that a row of the table holds."""
    return Entry(row.sequence, row.body, row.previous, row.digest, row.signature)


def row_of(entry: Entry) -> dict[str, Any]:
    """Return the row of the table that holds an entry."""
    facts = entry.facts
    columns = {name: facts.get(name) for name in ("sequence", "id", "time", "kind", "tenant", "job", "result")}
    rest = ("body", "previous", "digest", "signature")
    return columns | {name: getattr(entry, name) for name in rest}


def references_of(facts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield by what an entry is found: what it is, and its value; each once."""
    for name in _SINGLE:
        if name in facts:
            yield name, facts[name]
    for name, what in _LISTS.items():
        for value in dict.fromkeys(facts.get(name, ())):
            yield what, value
