"""How long files are kept: what is stored is entered with its end, and goes when that has come.

Paths stand in no log. To remove a file its path must be known, though: it lies here, encrypted, in a table of its own,
and goes with the file.
"""

from __future__ import annotations

import hmac
import os
import re
import shutil
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from filelock import FileLock, Timeout
from sqlalchemy import (
    BigInteger,
    Column,
    Engine,
    LargeBinary,
    MetaData,
    Row,
    String,
    Table,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.exc import SQLAlchemyError

from facefusion.errors import InputMissingError, OptionsError, SecretError
from facefusion.trust.database import alone, reason

Kind = Literal["output", "upload", "work"]
Outcome = Literal["removed", "gone", "replaced", "kept"]

_MATTER: Final = "storage"
_TABLES: Final = MetaData()
_ITEMS: Final = Table(
    "storage_item",
    _TABLES,
    Column("lookup", String(64), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("kind", String(10), nullable=False),
    Column("tenant", String(64), nullable=False),
    Column("inode", BigInteger, nullable=False),
    Column("changed", BigInteger, nullable=False),
    Column("added", String(40), nullable=False),
    Column("expires", String(40), nullable=False, index=True),
)
_NONCE: Final = 12
_LOCK: Final = "lock"
_LONGEST_YEARS: Final = 100
_DURATION: Final = re.compile(r"(\d{1,6}) ?(h|d|w|mo|y)")
_HOURS: Final = {"h": 1, "d": 24, "w": 7 * 24, "mo": 30 * 24, "y": 365 * 24}


@dataclass(frozen=True, slots=True)
class Item:
    """A file or folder that is kept for a time.

    Attributes:
        path: where it lies.
        kind: what it is.
        tenant: whose.
        added: since when it is kept, in UTC.
        expires: when it goes, in UTC.
    """

    path: Path
    kind: Kind
    tenant: str
    added: datetime
    expires: datetime


class Lifecycle:
    """What is kept, and until when.

    Args:
        engine: the database.
        key: 32 bytes, by which paths are encrypted.
        clock: returns the time, in UTC.

    Raises:
        SecretError: the database cannot be used.
    """

    def __init__(
        self, engine: Engine, key: bytes, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._engine = engine
        self._key = key
        self._cipher = AESGCM(hmac.digest(key, b"paths", "sha256"))
        self._clock = clock
        with _told(), alone(engine, _MATTER) as connection:
            _TABLES.create_all(connection)

    def keep(self, path: Path, kind: Kind, duration: timedelta, *, tenant: str) -> Item:
        """Enter a file or folder; one that was entered before gets a new end.

        Args:
            path: of the file, which must be there.
            kind: what it is.
            duration: how long it is kept from now on.
            tenant: whose it is.

        Raises:
            InputMissingError: it is not there.
            SecretError: the database cannot be used.
        """
        [item] = self.keep_all([path], kind, duration, tenant=tenant)
        return item

    def keep_all(self, paths: Sequence[Path], kind: Kind, duration: timedelta, *, tenant: str) -> list[Item]:
        """Enter several at once; arguments and errors as of `keep`."""
        now = self._clock()
        items = [Item(_own(path), kind, tenant, now, now + duration) for path in paths]
        identities = [_known(item.path) for item in items]
        with _told(), alone(self._engine, _MATTER) as connection:
            for item, (inode, changed) in zip(items, identities, strict=True):
                lookup, nonce = self._lookup(item.path), os.urandom(_NONCE)
                connection.execute(delete(_ITEMS).where(_ITEMS.c.lookup == lookup))
                connection.execute(
                    insert(_ITEMS).values(
                        lookup=lookup,
                        sealed=nonce + self._cipher.encrypt(nonce, os.fsencode(item.path), lookup.encode()),
                        kind=kind,
                        tenant=tenant,
                        inode=inode,
                        changed=changed,
                        added=_text(now),
                        expires=_text(item.expires),
                    )
                )
        return items

    @contextmanager
    def replacing(self, path: Path) -> Iterator[None]:
        """Have a file replaced by what is made of it, which is kept for as long as it was; of a link, what it leads to.

        Nothing is entered where the file was not, or where another lies there than was entered. Where the process dies
        between the end of the block and the next moment, `sweep` tells of the file as `replaced`.

        Args:
            path: of the file, which the block puts another in the place of.

        Raises:
            SecretError: the database cannot be used.
        """
        own = path.resolve()
        entered = _ITEMS.c.lookup == self._lookup(own)
        with _told(), self._engine.connect() as connection:
            row = connection.execute(select(_ITEMS.c.inode, _ITEMS.c.changed).where(entered)).one_or_none()
        is_kept = row is not None and own.exists() and _identity(own) == (row.inode, row.changed)
        yield
        if is_kept:
            inode, changed = _known(own)
            with _told(), alone(self._engine, _MATTER) as connection:
                connection.execute(update(_ITEMS).where(entered).values(inode=inode, changed=changed))

    def forget(self, *paths: Path) -> None:
        """Take files and folders out, which stay as they are; one that was never entered is no error.

        Raises:
            SecretError: the database cannot be used.
        """
        with _told(), alone(self._engine, _MATTER) as connection:
            for path in paths:
                connection.execute(delete(_ITEMS).where(_ITEMS.c.lookup == self._lookup(_own(path))))

    def items(self) -> list[Item]:
        """Return what is kept, what goes first first.

        Raises:
            SecretError: the database cannot be used, or was written under another key.
        """
        with _told(), self._engine.connect() as connection:
            return [self._item(row) for row in connection.execute(select(_ITEMS).order_by(_ITEMS.c.expires))]

    def sweep(self) -> list[tuple[Item, Outcome]]:
        """Remove what is to be kept no longer; return what was found, and what came of it.

        A file that is gone is forgotten (`gone`); so is one in whose place another
        lies, or that was written to since (`replaced`), which stays. One
        that cannot be removed stays entered (`kept`).

        Raises:
            SecretError: the database cannot be used, or was written under another key.
        """
        done: list[tuple[Item, Outcome]] = []
        now = _text(self._clock())
        with _told(), alone(self._engine, _MATTER) as connection:
            for row in connection.execute(select(_ITEMS).where(_ITEMS.c.expires <= now)).all():
                item = self._item(row)
                outcome = _remove(item.path, (row.inode, row.changed))
                if outcome != "kept":
                    connection.execute(delete(_ITEMS).where(_ITEMS.c.lookup == row.lookup))
                done.append((item, outcome))
        return done

    def _lookup(self, path: Path) -> str:
        return hmac.digest(self._key, os.fsencode(path), "sha256").hex()

    def _item(self, row: Row[tuple[object, ...]]) -> Item:
        try:
            path = self._cipher.decrypt(row.sealed[:_NONCE], row.sealed[_NONCE:], row.lookup.encode())
        except InvalidTag:
            raise SecretError(
                "What is kept was entered under another key, or altered", "Put the key or the database back"
            ) from None
        times = (datetime.fromisoformat(row.added), datetime.fromisoformat(row.expires))
        return Item(Path(os.fsdecode(path)), row.kind, row.tenant, *times)


def duration(text: str) -> timedelta:
    """Return a duration such as 72h, 7d, 4w, 6mo (months of 30 days) or 1y.

    Raises:
        OptionsError: it is none.
    """
    found = _DURATION.fullmatch(text.strip())
    if found is None:
        raise OptionsError(f"{text!r} is no duration", "Write 72h, 7d, 4w, 6mo or 1y")
    hours = int(found[1]) * _HOURS[found[2]]
    if hours > _LONGEST_YEARS * _HOURS["y"]:
        raise OptionsError(f"{text!r} is too long", f"Write no more than {_LONGEST_YEARS}y")
    return timedelta(hours=hours)


def _own(path: Path) -> Path:
    return Path(os.path.abspath(path))  # noqa: PTH100 - links stay what they are


def _known(path: Path) -> tuple[int, int]:
    """Return the identity of a file that is to be kept.

    Raises:
        InputMissingError: it is not there.
    """
    try:
        return _identity(path)
    except OSError as error:
        raise InputMissingError(f"{path} cannot be kept: {error.strerror or error}", "Check its name") from error


def _identity(path: Path) -> tuple[int, int]:
    """Return by what a file is known again: its number, which the next file may get, and when it was last written."""
    found = path.lstat()
    return found.st_ino, 0 if stat.S_ISDIR(found.st_mode) else found.st_mtime_ns


def _remove(path: Path, identity: tuple[int, int]) -> Outcome:
    try:
        if _identity(path) != identity:
            return "replaced"
        if path.is_dir() and not path.is_symlink():
            _remove_folder(path)
        else:
            path.unlink()
    except (FileNotFoundError, NotADirectoryError):
        return "gone"
    except (OSError, Timeout):
        return "kept"
    return "removed"


def _remove_folder(path: Path) -> None:
    """Remove a folder, unless it is that of a job at work, which holds its lock."""
    lock = path / _LOCK
    if lock.is_file():
        with FileLock(lock, timeout=0):
            shutil.rmtree(path)
    else:
        shutil.rmtree(path)


def _text(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="milliseconds")


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        raise SecretError(
            f"The database of records cannot be used: {reason(error)}", "Choose another folder with --trust-dir"
        ) from error
