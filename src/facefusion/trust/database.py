"""The database of records: a SQLite file of this place, or a PostgreSQL that several places share.

Whoever imports this module imports SQLAlchemy, which takes about 200 ms: import it only where records are read or
written.
"""

from __future__ import annotations

import errno
import os
import select
import stat
import sys
import threading
import time
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DisconnectionError, InvalidatePoolError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from facefusion.errors import OptionsError, SecretError

_OWN: Final = 0o600
_OTHERS: Final = 0o077
_ALONE: Final = "facefusion_alone"
_IS_DURABLE: Final = "facefusion_is_durable"
_TURN: Final = "facefusion_turn"
_SYNCHRONOUS: Final = "facefusion_synchronous"
# A writer waits so long for another; each holds the file for milliseconds.
_BUSY_SECONDS: Final = 30
# To open the file takes longer than what is asked: as many connections are kept as threads use at one time.
_OPEN: Final = 24
# More than a lock is waited for, and than any statement of ours takes.
_SILENT_SECONDS: Final = 120.0
_PRAGMAS: Final = (
    f"busy_timeout = {_BUSY_SECONDS * 1000}",
    "journal_mode = WAL",
    "synchronous = FULL",  # what was told to be recorded outlives a loss of power
    "foreign_keys = ON",
    "secure_delete = ON",  # what is erased is overwritten, not merely forgotten
)
# Of PostgreSQL. A machine that is gone, or a network that lost its way, is noticed on both sides within half a minute:
# here, so that work goes on elsewhere, and there, so that what a transaction had locked is let go of.
_CONNECTING: Final[Mapping[str, str | int]] = {
    "client_encoding": "utf8",
    "connect_timeout": 10,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
    "options": f"-c lock_timeout={_BUSY_SECONDS}s -c idle_in_transaction_session_timeout=60s"
    " -c tcp_keepalives_idle=15 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3",
}
# To connect takes longer than what is asked: as many are kept as a service under load uses at one time.
_KEPT: Final = 16
_MORE: Final = 8
_FRESH_SECONDS: Final = 1.0
_RETURNED: Final = "facefusion_returned"


def open_database(place: Path | str, *, silence: float = _SILENT_SECONDS) -> Engine:
    """Return the database at a place; nothing is connected to yet but a SQLite file, which is made where it is missing.

    Args:
        place: of a SQLite file, or the URL of a PostgreSQL database (`postgresql://user@host/name`).
        silence: seconds without a word from a server that was asked something, after which its connection is given up.

    Raises:
        OptionsError: the URL is none that is understood, or its driver is not installed.
        SecretError: the file cannot be used, or others may read it.
    """
    if isinstance(place, Path) or "://" not in place:
        return _sqlite(Path(place))
    try:
        url = make_url(place)
        if url.get_backend_name() != "postgresql":
            raise OptionsError(
                f"A database of the kind {url.get_backend_name()} is not used", "Name a file or a postgresql:// URL"
            )
        url = url.set(drivername="postgresql+psycopg")
        arguments = {name: value for name, value in _CONNECTING.items() if name not in url.query}
        # Nothing is asked when a connection is made: one that is cut just then is closed by the driver.
        more: dict[str, Any] = {"pool_size": _KEPT, "max_overflow": _MORE, "pool_use_lifo": True}
        engine = _looked_after(create_engine(url, use_native_hstore=False, connect_args=arguments, **more))
        from facefusion.trust.postgres import bound_waits  # noqa: PLC0415 - an extra, which is there by now

        bound_waits(engine, silence)
        return engine
    except ModuleNotFoundError as error:
        raise OptionsError(
            "PostgreSQL needs a driver that is not installed", "Run pip install 'facefusion[postgresql]'"
        ) from error
    except (ArgumentError, NoSuchModuleError, ValueError) as error:
        raise OptionsError(
            "The URL of the database is not understood", "It looks like postgresql://user@host/name"
        ) from error


@contextmanager
def alone(engine: Engine, what: str) -> Iterator[Connection]:
    """Yield a connection in a transaction beside which nobody else is in one for the same matter.

    SQLite lets one writer in at a time, whatever the matter; on PostgreSQL a lock of the transaction is taken.

    Args:
        engine: of `open_database`.
        what: the matter, such as "audit".

    Raises:
        SQLAlchemyError: the database cannot be reached, or another writer does not come to an end.
    """
    with sole_writer(engine) as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": zlib.crc32(what.encode())})
        yield connection


@contextmanager
def sole_writer(engine: Engine, *, is_durable: bool = True) -> Iterator[Connection]:
    """Yield a connection in a transaction that writes; to a SQLite file nobody else writes meanwhile.

    Threads of a process go in turn: SQLite itself lets who waits look again after pauses of up to a tenth of a second,
    whoever else is let in meanwhile.

    Args:
        engine: of `open_database`.
        is_durable: whether a SQLite file holds what is written when the transaction ends, also after a loss of power.
            What does not survive that is lost from the end backwards, and survives all else.

    Raises:
        SQLAlchemyError: the database cannot be reached, or another writer does not come to an end.
    """
    options = {_ALONE: True, _IS_DURABLE: is_durable}
    with _in_turn(engine), engine.connect().execution_options(**options) as connection, connection.begin():
        yield connection


def reason(error: SQLAlchemyError) -> str:
    """Return what a database said, on one line, without the statement and its values."""
    return " ".join(str(getattr(error, "orig", None) or type(error).__name__).split())


def _looked_after(engine: Engine) -> Engine:
    """Let no connection to a PostgreSQL be used that was cut while nobody used it.

    To ask the server before each use would cost as much as what is asked then. One that came back a moment ago is
    looked at without asking: a server that ends, or ends a connection, says so on it. Others are asked, as a machine
    that is gone says nothing.
    """

    def note(_connection: Any, record: ConnectionPoolEntry) -> None:
        record.info[_RETURNED] = time.monotonic()

    def look(connection: Any, record: ConnectionPoolEntry, _proxy: Any) -> None:
        returned = record.info.get(_RETURNED)
        if returned is None or (time.monotonic() - returned < _FRESH_SECONDS and _is_silent(connection)):
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError("it was cut while nobody used it") from error

    event.listen(engine, "checkin", note)
    event.listen(engine, "checkout", look)
    return engine


def _is_silent(connection: Any) -> bool:
    """Whether a connection is open and holds nothing that the server said unasked; not so where nobody can tell."""
    if sys.platform == "win32" or connection.closed:
        return False
    looking = select.poll()
    looking.register(connection.fileno(), select.POLLIN)
    return not looking.poll(0)


def _sqlite(path: Path) -> Engine:
    _make_private(path)
    engine = create_engine(
        URL.create("sqlite+pysqlite", database=str(path)),
        connect_args={"timeout": _BUSY_SECONDS},
        pool_size=_OPEN,
        max_overflow=0,
        execution_options={_TURN: threading.Lock()},
    )
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "checkout", _keep_in_process)
    event.listen(engine, "begin", _begin)
    return engine


def _make_private(path: Path) -> None:
    """Make the file, for its owner alone; SQLite gives its journals the same mode.

    One that is there is not opened: to close it again would end the locks by which this process's connections to it
    keep other processes from taking its journal away (https://www.sqlite.org/howtocorrupt.html, 2.2).
    """
    try:
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, _OWN))
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode) or not os.access(path, os.R_OK | os.W_OK):
            refusal = errno.EACCES if stat.S_ISREG(mode) else errno.EISDIR
            raise OSError(refusal, os.strerror(refusal))
    except OSError as error:
        raise SecretError(
            f"The database of records {path} cannot be used: {error.strerror or error}",
            "Choose another folder with --trust-dir",
        ) from error
    if os.name == "posix" and stat.S_IMODE(mode) & _OTHERS:
        raise SecretError(f"The database of records {path} is open to others", f"Run chmod 600 {path}")


def _prepare(connection: Any, record: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # transactions begin where SQLAlchemy says, not where the driver guesses
    record.info["pid"] = os.getpid()
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _keep_in_process(_connection: Any, record: Any, proxy: Any) -> None:
    """Leave a connection to the process that made it: a fork must not use its parent's."""
    if record.info["pid"] != os.getpid():
        record.dbapi_connection = proxy.dbapi_connection = None
        raise DisconnectionError("made by another process")


def _begin(connection: Connection) -> None:
    options = connection.get_execution_options()
    if not options.get(_ALONE, False):
        connection.exec_driver_sql("BEGIN")
        return
    wanted = "FULL" if options.get(_IS_DURABLE, True) else "NORMAL"
    if connection.info.setdefault(_SYNCHRONOUS, "FULL") != wanted:
        connection.exec_driver_sql(f"PRAGMA synchronous = {wanted}")
        connection.info[_SYNCHRONOUS] = wanted
    connection.exec_driver_sql("BEGIN IMMEDIATE")


@contextmanager
def _in_turn(engine: Engine) -> Iterator[None]:
    """Wait until no other thread of this process writes to a SQLite file, for as long as SQLite would."""
    turn: threading.Lock | None = engine.get_execution_options().get(_TURN)
    is_ours = turn is not None and turn.acquire(timeout=_BUSY_SECONDS)
    try:
        yield
    finally:
        if turn is not None and is_ours:
            turn.release()
