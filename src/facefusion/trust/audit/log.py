"""The audit log: who did what, when, with whose consent, by which models and rules, and what came of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any, Final, Self

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Connection, Engine, Select, select

from facefusion.errors import AuditError
from facefusion.trust.audit.chain import Chain, broken, told
from facefusion.trust.audit.entry import Entry
from facefusion.trust.audit.erase import Proof, check_proof, erase
from facefusion.trust.audit.facts import Payload, Person, checked
from facefusion.trust.audit.growth import entry_of, references_of
from facefusion.trust.audit.keys import AuditKeys
from facefusion.trust.audit.lines import LineFiles, read_lines
from facefusion.trust.audit.people import ROLES, Role, person, pseudonym_of
from facefusion.trust.audit.prune import prune
from facefusion.trust.audit.tables import ENTRIES, INPUT_KEYS, REFERENCES
from facefusion.trust.audit.verify import Report, compare, verify
from facefusion.trust.database import open_database

_DATABASE: Final = "trust.db"
_FOLDER: Final = "audit"
_ID_DIGITS: Final = 6
_TENANT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_PERSON: Final = TypeAdapter[str](Person)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which entries are wanted; all that is not None must hold.

    Attributes:
        since: not older.
        until: older than this.
        kinds: one of these, such as published; any when empty.
        job: of this one.
        result: done, refused, failed or cancelled.
        tenant: of whom; the following are looked for among theirs.
        actor: by whom.
        pseudonym: of somebody who did the work, is shown or consented, as entries call them.
        consent: identifier of a consent.
        subject: whose face.
        input: SHA-256 of an input.
        output: SHA-256 of an output.
        after: number of an entry; those with greater numbers.
        before: number of an entry; those with smaller numbers.
        is_newest_first: the order; the oldest first where false.
    """

    since: datetime | None = None
    until: datetime | None = None
    kinds: tuple[str, ...] = ()
    job: str | None = None
    result: str | None = None
    tenant: str = "default"
    actor: str | None = None
    pseudonym: str | None = None
    consent: str | None = None
    subject: str | None = None
    input: str | None = None
    output: str | None = None
    after: int | None = None
    before: int | None = None
    is_newest_first: bool = False


@dataclass(frozen=True, slots=True)
class NewEntry:
    """An entry that is to be written.

    Attributes:
        kind: one of `facts.KINDS`.
        tenant: for whom the work is done.
        actor: who does it.
        facts: as the kind's class in `facts` has them.
    """

    kind: str
    tenant: str
    actor: str
    facts: Mapping[str, Any]


class AuditLog:
    """The log of one place.

    Many processes may append at once: none of their entries is lost, and the chain has one end.

    Args:
        parts: where it lies.
    """

    def __init__(self, parts: Chain) -> None:
        self._chain = parts

    @classmethod
    def open(
        cls,
        home: Path,
        keys: AuditKeys,
        *,
        database: Engine | Path | str | None = None,
        keeps_names: bool = True,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> Self:
        """Open the log of a place, which is begun where there is none.

        Args:
            home: as `trust_home` returns it; the lines of JSON lie in its folder `audit`.
            keys: of the log.
            database: file or URL, or an open one; the file `trust.db` in `home` when None.
            keeps_names: whether the names of people are kept, encrypted, beside the log.
            clock: returns the time, in UTC.

        Raises:
            AuditError: it cannot be opened.
            AuditBrokenError: its head is gone.
            OptionsError, SecretError: the database cannot be used.
        """
        place = home / _DATABASE if database is None else database
        folder = home / _FOLDER
        engine = place if isinstance(place, Engine) else open_database(place)
        parts = Chain(engine, folder, keys, clock, LineFiles(folder), keeps_names)
        parts.prepare()
        return cls(parts)

    def close(self) -> None:
        """Close what is open; the log may be used again."""
        self._chain.engine.dispose()

    def append(self, kind: str, *, tenant: str, actor: str, facts: Mapping[str, Any]) -> Entry:
        """Write an entry; when this returns it is on the disk.

        Args:
            kind: one of `facts.KINDS`.
            tenant: for whom the work is done.
            actor: who does it.
            facts: as the kind's class in `facts` has them.

        Raises:
            AuditError: it cannot be written, or may not: nothing must leave then.
            AuditBrokenError: the log was changed, so that nothing may be built upon it.
        """
        return self.append_all([NewEntry(kind, tenant, actor, facts)])[0]

    def append_once(self, kind: str, *, tenant: str, actor: str, facts: Mapping[str, Any]) -> Entry:
        """Write an entry unless one of the same kind, job and outputs is there, which is returned then.

        So work that is done again, because nobody knew how it ended, is recorded once; and so this may be called again
        where its answer was lost.

        Args:
            kind: one of `facts.KINDS`.
            tenant: for whom the work is done.
            actor: who does it.
            facts: as the kind's class in `facts` has them, with `job` and `outputs`.

        Raises:
            AuditError: it cannot be written, or may not: nothing must leave then.
            AuditBrokenError: the log was changed, so that nothing may be built upon it.
        """
        checked_facts = _checked(NewEntry(kind, tenant, actor, facts))
        with self._chain.growing() as growth:
            same = (ENTRIES.c.job == facts["job"]) & (ENTRIES.c.kind == kind) & (ENTRIES.c.tenant == tenant)
            for row in growth.connection.execute(select(ENTRIES).where(same)):
                entry = entry_of(row)
                if entry.facts.get("outputs") == checked_facts["outputs"]:
                    return entry
            return growth.add(kind, tenant=tenant, actor=actor, facts=checked_facts)

    def append_all(self, entries: Sequence[NewEntry]) -> list[Entry]:
        """Write entries together, which takes less time than one by one; when this returns they are on the disk.

        Args:
            entries: what to write, in this order; all or none of them are.

        Raises:
            AuditError: they cannot be written, or one of them may not.
            AuditBrokenError: the log was changed, so that nothing may be built upon it.
        """
        dumped = [_checked(each) for each in entries]
        with self._chain.growing() as growth:
            return [
                growth.add(each.kind, tenant=each.tenant, actor=each.actor, facts=facts)
                for each, facts in zip(entries, dumped, strict=True)
            ]

    def verify(self) -> Report:
        """Hold every entry against the one before, its signature, the lines of JSON and the head.

        Raises:
            AuditBrokenError: the log was changed; it says where.
            AuditError: it cannot be read.
        """
        return verify(self._chain)

    def compare(self, copy: Iterable[Path]) -> int:
        """Hold lines of JSON that were collected elsewhere against the log; return how many agree.

        Raises:
            AuditBrokenError: an entry is missing here, or is another one.
            AuditError: the log, or the copy, cannot be read.
        """
        with told():
            return compare(self._chain, chain.from_iterable(map(read_lines, copy)))

    def check_proof(self, text: str) -> Proof:
        """Return the proof of an erasure, if it holds: signed here, recorded, and nothing leads to the person.

        Raises:
            AuditBrokenError: it does not hold.
            AuditError: the log cannot be read.
        """
        return check_proof(self._chain, text)

    def find(
        self,
        *,
        output_digest: str | None = None,
        produce_id: str | None = None,
        watermark: int | str | None = None,
        tenant: str | None = None,
    ) -> Entry | None:
        """Return the last entry that an output belongs to; None where there is none.

        Args:
            output_digest: SHA-256 of the file.
            produce_id: number in its metadata.
            watermark: payload of its watermark.
            tenant: of whom; anybody when None.

        Raises:
            AuditError: the log cannot be read.
            AuditBrokenError: the entry was altered.
        """
        payload = None if watermark is None else TypeAdapter[str](Payload).validate_python(watermark)
        marks = {"output": output_digest, "produce_id": produce_id, "watermark": payload}
        for what, value in marks.items():
            if value is not None:
                query = _with_reference(select(ENTRIES), what, value)
                query = query if tenant is None else query.where(ENTRIES.c.tenant == tenant)
                [*found] = self._read(query.order_by(ENTRIES.c.sequence.desc()).limit(1))
                if found and (what, value) not in set(references_of(found[0].facts)):
                    broken(f"Entry {found[0].sequence} is found by what it does not say")
                return found[0] if found else None
        raise ValueError("nothing is looked for")

    def entries(self, wanted: Wanted | None = None) -> Iterator[Entry]:
        """Yield the entries that are wanted, oldest first unless they say otherwise; all when None.

        Raises:
            AuditError: the log cannot be read.
            AuditBrokenError: one was altered; those before it are as they were written.
        """
        if wanted is None:
            yield from self._read(select(ENTRIES).order_by(ENTRIES.c.sequence))
            return
        query = self._query(wanted)
        if query is not None:
            sequence = ENTRIES.c.sequence
            found = self._read(query.order_by(sequence.desc() if wanted.is_newest_first else sequence))
            yield from found if wanted.input is None else self._with_input(found, wanted.input)

    def entry(self, name: str, *, tenant: str | None = None) -> Entry:
        """Return the entry with an identifier, the first digits of one (six or more), or a number.

        Args:
            name: of the entry.
            tenant: of whom; anybody when None.

        Raises:
            AuditError: there is none, or several begin so.
            AuditBrokenError: it was altered.
        """
        query = select(ENTRIES).where(ENTRIES.c.id.startswith(name, autoescape=True)).limit(2)
        if name.isdecimal() and len(name) < _ID_DIGITS:
            query = select(ENTRIES).where(ENTRIES.c.sequence == int(name))
        query = query if tenant is None else query.where(ENTRIES.c.tenant == tenant)
        found = list(self._read(query)) if len(name) >= _ID_DIGITS or name.isdecimal() else []
        if len(found) != 1:
            raise AuditError(
                f"There is {'no' if not found else 'more than one'} audit entry {name!r}",
                "Run facefusion audit list for those that there are",
            )
        return found[0]

    def name(self, pseudonym: str) -> str | None:
        """Return who a pseudonym is; None once they were erased, or where names are not kept.

        Raises:
            AuditError: the log cannot be read.
        """
        with told(), self._chain.engine.connect() as connection:
            found = person(connection, self._chain.keys, pseudonym)
        return None if found is None or not found.is_sound else found.name

    def prune(self, keep: timedelta, *, tenant: str, actor: str) -> int:
        """Remove entries older than the retention; return how many.

        The chain stays verifiable: a signed entry holds the digest that the first of those that are kept follows.

        Raises:
            AuditError: they cannot be removed.
            AuditBrokenError: the log was changed.
        """
        _check_person(actor)
        _check_tenant(tenant)
        return prune(self._chain, keep, tenant=tenant, actor=actor)

    def erase(self, role: Role, name: str, *, tenant: str, actor: str) -> Proof:
        """Erase a person's data; the entries stay, and nothing leads from them to the person any more.

        Args:
            role: whether they worked here (actor), are shown (subject), or a consent is theirs (consent).
            name: as it was given to `append`.
            tenant: of whom.
            actor: who erases.

        Raises:
            AuditError: nobody by that name is in the log, or it cannot be written.
            AuditBrokenError: the log was changed.
        """
        _check_person(actor)
        _check_tenant(tenant)
        return erase(self._chain, role, name, tenant=tenant, actor=actor)

    def _read(self, query: Select[Any]) -> Iterator[Entry]:
        with (
            told(),
            self._chain.engine.connect() as connection,
            connection.execution_options(yield_per=500).execute(query) as rows,
        ):
            for entry in map(entry_of, rows):
                if fault := entry.fault(self._chain.keys):
                    broken(f"Entry {entry.sequence} is not as it was written: {fault}")
                yield entry

    def _query(self, wanted: Wanted) -> Select[Any] | None:
        """Return what to ask; None where a person is wanted of whom the log knows nothing."""
        query = _within(select(ENTRIES).where(ENTRIES.c.tenant == wanted.tenant), wanted)
        if wanted.kinds:
            query = query.where(ENTRIES.c.kind.in_(wanted.kinds))
        for name in ("job", "result"):
            if (value := getattr(wanted, name)) is not None:
                query = query.where(ENTRIES.c[name] == value)
        if wanted.output is not None:
            query = _with_reference(query, "output", wanted.output)
        if wanted.pseudonym is not None:
            query = _with_reference(query, ROLES, wanted.pseudonym)
        with told(), self._chain.engine.connect() as connection:
            return self._of_people(connection, query, wanted)

    def _of_people(self, connection: Connection, query: Select[Any], wanted: Wanted) -> Select[Any] | None:
        roles: tuple[Role, ...] = ("actor", "consent", "subject")
        for role in roles:
            if (name := getattr(wanted, role)) is not None:
                found = pseudonym_of(connection, self._chain.keys, role, wanted.tenant, name)
                if found is None:
                    return None
                query = _with_reference(query, role, found)
        return query

    def _with_input(self, entries: Iterator[Entry], sha256: str) -> Iterator[Entry]:
        """Yield the entries of a picture: the digest of each is tried with the entry's own key."""
        with told(), self._chain.engine.connect() as connection:
            for entry in entries:
                key = connection.execute(select(INPUT_KEYS.c.key).where(INPUT_KEYS.c.sequence == entry.sequence))
                found = key.scalar_one_or_none()
                if found and self._chain.keys.input_digest(found, sha256) in entry.facts.get("inputs", ()):
                    yield entry


def _within(query: Select[Any], wanted: Wanted) -> Select[Any]:
    """Return a query for entries of the wanted time and numbers."""
    if wanted.since is not None:
        query = query.where(ENTRIES.c.time >= _written(wanted.since))
    if wanted.until is not None:
        query = query.where(ENTRIES.c.time < _written(wanted.until))
    if wanted.after is not None:
        query = query.where(ENTRIES.c.sequence > wanted.after)
    if wanted.before is not None:
        query = query.where(ENTRIES.c.sequence < wanted.before)
    return query


def _written(time: datetime) -> str:
    """Return a time as entries hold it."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds")


def _with_reference(query: Select[Any], what: str | tuple[str, ...], value: str) -> Select[Any]:
    names = (what,) if isinstance(what, str) else what
    sequences = select(REFERENCES.c.sequence).where(REFERENCES.c.what.in_(names), REFERENCES.c.value == value)
    return query.where(ENTRIES.c.sequence.in_(sequences))


def _checked(new: NewEntry) -> dict[str, Any]:
    """Return the facts of an entry that may be written, as JSON.

    Raises:
        AuditError: it may not.
    """
    dumped = checked(new.kind, new.facts).model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    _check_person(new.actor)
    _check_tenant(new.tenant)
    return dumped


def _check_person(name: str) -> None:
    try:
        _PERSON.validate_python(name)
    except ValidationError:
        raise AuditError("The audit log needs to know who works", "Say so with --actor, in up to 200 letters") from None


def _check_tenant(name: str) -> None:
    if not _TENANT.fullmatch(name):
        raise AuditError("The audit log takes no such tenant", "Letters, digits, dot, dash and underline make its name")
