"""Holding the whole log against itself: what was edited, removed, put in or put elsewhere, and where."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from sqlalchemy import Connection, Row, func, select

from facefusion.errors import AuditBrokenError
from facefusion.trust.audit.chain import Chain, anchor_before, broken
from facefusion.trust.audit.entry import Entry
from facefusion.trust.audit.growth import entry_of, references_of, row_of
from facefusion.trust.audit.head import Head
from facefusion.trust.audit.keys import AuditKeys
from facefusion.trust.audit.people import ROLES, person
from facefusion.trust.audit.tables import ENTRIES, PEOPLE, REFERENCES

_MOST_TOLD: Final = 3


@dataclass(frozen=True, slots=True)
class Report:
    """A log that holds.

    Attributes:
        entries: how many.
        first: number of the first that is kept; 0 where there is none.
        head: how far it goes.
        public_key: what its signatures were checked with, 64 hexadecimal digits.
    """

    entries: int
    first: int
    head: Head
    public_key: str


def verify(chain: Chain) -> Report:
    """Check all there is; see `AuditLog.verify`.

    Raises:
        AuditBrokenError: the log was changed.
        AuditError: it cannot be read.
    """
    with chain.settled() as (connection, head):
        first = _first(connection)
        anchor = chain.keys.genesis if first in {None, 1} else anchor_before(connection, first or 0, chain.keys)
        if anchor is None:
            broken(f"Entries 1 to {(first or 0) - 1} are missing, and nothing says that they were pruned")
        start = Head((first or 1) - 1, anchor)
        found = [
            *_in_database(connection, start, head, chain.keys),
            *_in_lines(chain, start, head),
            *_in_people(connection, chain.keys),
        ]
    if found:
        more = f"; and {len(found) - _MOST_TOLD} more" if len(found) > _MOST_TOLD else ""
        text = "; ".join(found[:_MOST_TOLD]) + more
        broken(text[:1].upper() + text[1:])
    return Report(head.sequence - start.sequence, first or 0, head, chain.keys.public_hex)


def compare(chain: Chain, copy: Iterable[Entry | str]) -> int:
    """Hold a copy that was collected elsewhere against the log; return how many entries agree.

    Raises:
        AuditBrokenError: the copy has entries that the log has not, or has otherwise.
        AuditError: the log cannot be read.
    """
    with chain.settled() as (connection, head):
        first, count = _first(connection) or 1, 0
        for entry in copy:
            if isinstance(entry, str):
                _differs(f"{entry} is not an entry")
            if entry.sequence < first:
                continue
            query = select(ENTRIES.c.digest).where(ENTRIES.c.sequence == entry.sequence)
            digest = connection.execute(query).scalar_one_or_none()
            if entry.sequence > head.sequence or digest is None:
                _differs(f"it has an entry {entry.sequence}, which is missing here")
            if digest != entry.digest or entry.fault(chain.keys):
                _differs(f"entry {entry.sequence} is another one there than here")
            count += 1
    return count


def faults(entries: Iterable[Entry], start: Head, end: Head, keys: AuditKeys, place: str) -> Iterator[str]:
    """Yield in words what is wrong with a run of entries that should go from behind `start` to `end`."""
    last = start
    for entry in entries:
        where = f"entry {entry.sequence} {place}"
        if entry.sequence > last.sequence + 1:
            yield f"{_run(last.sequence + 1, entry.sequence - 1)} missing {place}"
        elif entry.sequence <= last.sequence:
            yield f"{where} stands behind entry {last.sequence}"
        elif entry.previous != last.digest:
            yield f"{where} does not follow the one before it"
        if fault := entry.fault(keys):
            yield f"{where}: {fault}"
        last = Head(entry.sequence, entry.digest)
    if last.sequence < end.sequence:
        yield f"{_run(last.sequence + 1, end.sequence)} missing {place}"
    elif last != end:
        yield f"the last entry {place} is not the one that the head tells of"


def _differs(how: str) -> NoReturn:
    raise AuditBrokenError(
        f"The copy does not agree with the audit log: {how}",
        "Either was changed after it was written: audit verify tells whether the log was, as far as it can know",
    )


def _run(first: int, last: int) -> str:
    return f"entry {first} is" if first == last else f"entries {first} to {last} are"


def _in_database(connection: Connection, start: Head, end: Head, keys: AuditKeys) -> Iterator[str]:
    query = select(ENTRIES).where(ENTRIES.c.sequence <= end.sequence).order_by(ENTRIES.c.sequence)
    beside: list[str] = []

    def entries() -> Iterator[Entry]:
        with connection.execute(query, execution_options={"yield_per": 500}) as rows:
            for row in rows:
                beside.extend(_beside(connection, row))
                yield entry_of(row)

    yield from faults(entries(), start, end, keys, "in the database")
    yield from beside


def _beside(connection: Connection, row: Row[Any]) -> Iterator[str]:
    """Yield what is wrong with that by which an entry is found."""
    entry, where = entry_of(row), f"entry {row.sequence} in the database"
    try:
        expected, references = row_of(entry), set(references_of(entry.facts))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return  # its text was altered, as is told already
    if expected != row._asdict():
        yield f"{where}: what stands beside its text was altered"
    query = select(REFERENCES.c.what, REFERENCES.c.value).where(REFERENCES.c.sequence == row.sequence)
    if {(what, value) for what, value in connection.execute(query)} != references:
        yield f"{where}: by what it is found was altered"


def _in_lines(chain: Chain, start: Head, end: Head) -> Iterator[str]:
    """Yield what is wrong with the lines; those behind `end` came while we looked."""
    others: list[str] = []

    def entries() -> Iterator[Entry]:
        for found in chain.lines.read():
            if isinstance(found, str):
                others.append(f"{found} is not an entry")
            elif found.sequence <= end.sequence:
                yield found

    yield from faults(entries(), start, end, chain.keys, "in the lines of JSON")
    yield from others


def _in_people(connection: Connection, keys: AuditKeys) -> Iterator[str]:
    named = select(REFERENCES.c.value).where(REFERENCES.c.what.in_(ROLES)).distinct()
    unknown = list(connection.execute(named.where(REFERENCES.c.value.not_in(select(PEOPLE.c.pseudonym)))).scalars())
    erased = _erased(connection) if unknown else set()
    for pseudonym in unknown:
        if pseudonym not in erased:
            yield f"who {pseudonym} is was removed, and nothing says that they were erased"
    for pseudonym in list(connection.execute(select(PEOPLE.c.pseudonym)).scalars()):
        found = person(connection, keys, pseudonym)
        if found is not None and not found.is_sound:
            yield f"who {pseudonym} is was altered"


def _erased(connection: Connection) -> set[str]:
    """Return who was erased, as entries say whose signatures are checked with all others."""
    rows = connection.execute(select(ENTRIES).where(ENTRIES.c.kind == "erased"))
    with suppress(ValueError, KeyError, TypeError, RecursionError):
        return {str(entry_of(row).facts["pseudonym"]) for row in rows}
    return set()


def _first(connection: Connection) -> int | None:
    first: int | None = connection.execute(select(func.min(ENTRIES.c.sequence))).scalar_one()
    return first
