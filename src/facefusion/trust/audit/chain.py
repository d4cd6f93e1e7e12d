"""The log where it lies: a table, lines of JSON and a head, which grow together or not at all.

The table is written first, in a transaction; then the lines; then the head. Each of these steps is found complete or is
completed by whoever comes next. So lines that lack what the head does not speak of are those of a crash; lines, or a
table, that lack what the head does speak of were cut off by somebody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, NoReturn

from filelock import FileLock, Timeout
from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.exc import SQLAlchemyError

from facefusion.errors import AuditBrokenError, AuditError
from facefusion.trust.audit.entry import Entry
from facefusion.trust.audit.growth import Growth, entry_of
from facefusion.trust.audit.head import Head
from facefusion.trust.audit.keys import AuditKeys
from facefusion.trust.audit.lines import LineFiles
from facefusion.trust.audit.tables import ENTRIES, TABLES
from facefusion.trust.database import alone, reason

_MATTER: Final = "audit"
_PATIENCE: Final = 60.0
_HEAD: Final = "head.json"


@dataclass(frozen=True, slots=True)
class Chain:
    """The parts of one log.

    Attributes:
        engine: the database.
        folder: of the lines and the head.
        keys: what signs and hides.
        clock: returns the time, in UTC.
        lines: the lines of JSON.
        keeps_names: whether names of people are kept, encrypted.
    """

    engine: Engine
    folder: Path
    keys: AuditKeys
    clock: Callable[[], datetime]
    lines: LineFiles
    keeps_names: bool

    @property
    def head_path(self) -> Path:
        """Where the head lies."""
        return self.folder / _HEAD

    def prepare(self) -> None:
        """Make tables, folder and head where they are missing.

        Raises:
            AuditError: that cannot be done.
            AuditBrokenError: there is a log, but its head is gone.
        """
        with told(), self._locked():
            self.folder.mkdir(mode=0o700, exist_ok=True)
            with alone(self.engine, _MATTER) as connection:
                TABLES.create_all(connection)
                last = last_entry(connection)
            if self.head_path.exists():
                return
            is_joining = self.engine.dialect.name == "postgresql" and self.lines.first() is None
            if last is not None and not is_joining:
                broken("Its head is missing")
            if last is None and self.lines.first() is not None:
                broken("There are lines of JSON, but no entries in the database")
            self._genesis().write(self.head_path, self.keys)

    @contextmanager
    def growing(self) -> Iterator[Growth]:
        """Yield what entries are added with; they are there when the block has ended.

        Raises:
            AuditError: they cannot be written.
            AuditBrokenError: the log was changed, so that nothing may be built upon it.
        """
        with told(), self._locked():
            with alone(self.engine, _MATTER) as connection:
                head = self.settle(connection)
                growth = Growth(connection, self.keys, head, self.clock(), keeps_names=self.keeps_names)
                yield growth
            self.lines.append(growth.entries)
            growth.head.write(self.head_path, self.keys)
            if growth.dropped is not None:
                self.lines.drop_through(growth.dropped)

    @contextmanager
    def settled(self) -> Iterator[tuple[Connection, Head]]:
        """Yield a connection that reads the log as it is now, and how far it goes; what a crash left is repaired first.

        Raises:
            AuditError: the log cannot be read.
            AuditBrokenError: it was cut off.
        """
        with told(), self.upkeep():
            with self._locked(), alone(self.engine, _MATTER) as connection:
                head = self.settle(connection)
                head.write(self.head_path, self.keys)
            with self.engine.connect() as connection:
                yield connection, head

    def upkeep(self) -> FileLock:
        """Return what keeps entries from being pruned while the whole log is read; new ones may come meanwhile."""
        return FileLock(self.folder / "upkeep.lock", timeout=_PATIENCE, mode=0o600)

    def settle(self, connection: Connection) -> Head:
        """Hold table, lines and head against each other, complete what a crash left, and return how far the log goes.

        Raises:
            AuditBrokenError: one of them was cut off, or the last entry was altered.
        """
        last, head, tail = last_entry(connection), self._head(), self._tail()
        reached = self._genesis() if last is None else Head(last.sequence, last.digest)
        if last is not None and (fault := last.fault(self.keys)):
            broken(f"Entry {last.sequence}, the last, is not as it was written: {fault}")
        self._hold(connection, head, reached)
        if tail.sequence < head.sequence:
            broken(f"The lines of JSON end with entry {tail.sequence}, but there were {head.sequence}")
        if tail.sequence > reached.sequence:
            broken(f"The database ends with entry {reached.sequence}, but the lines of JSON with {tail.sequence}")
        self._drop_pruned(connection)
        if tail.sequence < reached.sequence:
            rows = connection.execute(
                select(ENTRIES).where(ENTRIES.c.sequence > tail.sequence).order_by(ENTRIES.c.sequence)
            )
            self.lines.append(map(entry_of, rows))
        return reached

    def _hold(self, connection: Connection, head: Head, reached: Head) -> None:
        """Hold the head against the table."""
        if head.sequence > reached.sequence:
            broken(f"The database ends with entry {reached.sequence}, but there were {head.sequence}")
        digest = reached.digest
        if 0 < head.sequence < reached.sequence:
            query = select(ENTRIES.c.digest).where(ENTRIES.c.sequence == head.sequence)
            digest = connection.execute(query).scalar_one_or_none() or head.digest
        if head.sequence and head.digest != digest:
            broken(f"Entry {head.sequence} in the database is another than the head says")

    def _drop_pruned(self, connection: Connection) -> None:
        """Remove lines of entries that were pruned, if a crash left them."""
        first = connection.execute(select(func.min(ENTRIES.c.sequence))).scalar_one()
        begun = self.lines.first()
        if first is None or begun is None or begun >= first:
            return
        if anchor_before(connection, first, self.keys) is None:
            broken(
                f"Entries {begun} to {first - 1} are missing in the database, and nothing says that they were pruned"
            )
        self.lines.drop_through(first - 1)

    def _head(self) -> Head:
        try:
            head = Head.read(self.head_path, self.keys)
        except ValueError as error:
            broken(f"The head cannot be believed: {error}")
        return head or broken("Its head is missing")

    def _tail(self) -> Head:
        try:
            tail = self.lines.tail()
        except ValueError:
            broken("The last line of JSON is not an entry")
        return self._genesis() if tail is None else Head(tail.sequence, tail.digest)

    def _genesis(self) -> Head:
        return Head(0, self.keys.genesis)

    def _locked(self) -> FileLock:
        self.folder.mkdir(mode=0o700, exist_ok=True)
        return FileLock(self.folder / "lock", timeout=_PATIENCE, mode=0o600)


def last_entry(connection: Connection) -> Entry | None:
    """Return the last entry of the table."""
    row = connection.execute(select(ENTRIES).order_by(ENTRIES.c.sequence.desc()).limit(1)).one_or_none()
    return None if row is None else entry_of(row)


def anchor_before(connection: Connection, first: int, keys: AuditKeys) -> str | None:
    """Return the digest of the entry before the first that is kept, as a signed record of pruning tells it."""
    for row in connection.execute(select(ENTRIES).where(ENTRIES.c.kind == "pruned").order_by(ENTRIES.c.sequence)):
        entry = entry_of(row)
        if entry.fault(keys) is None and entry.facts["through"] == first - 1:
            return str(entry.facts["anchor"])
    return None


@contextmanager
def told() -> Iterator[None]:
    """Turn what the system and the database say into an error of the tree.

    Raises:
        AuditError: they refused.
    """
    hint = "Nothing leaves without its entry: free the place of the records, or choose another with --trust-dir"
    try:
        yield
    except SQLAlchemyError as error:
        raise AuditError(f"The audit log cannot be used: {reason(error)}", hint) from error
    except (OSError, Timeout) as error:
        raise AuditError(
            f"The audit log cannot be used: {getattr(error, 'strerror', None) or type(error).__name__}", hint
        ) from error


def broken(what: str) -> NoReturn:
    """Say that the log was changed after it was written.

    Raises:
        AuditBrokenError: always.
    """
    raise AuditBrokenError(
        f"The audit log was changed after it was written. {what}",
        "Keep it as it is for whoever looks into this, then put the records back from a backup",
    )
