"""Copies of databases as they are at one moment, while others go on writing."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final, Protocol

from sqlalchemy import URL, Connection, Engine, make_url, text

from facefusion.errors import JobsUnavailableError, OptionsError
from facefusion.jobs.database import telling
from facefusion.service.backup.manifest import Kind
from facefusion.trust.database import open_database

_SECRET: Final = "password"
_TOOLS_HINT: Final = "Install the client programs of PostgreSQL, of the server's version or a newer one"


class Snapshot(Protocol):
    """A database at one moment.

    Attributes:
        connection: reads what was there at that moment.
    """

    connection: Connection

    def write(self, path: Path) -> None:
        """Write all of it into a file that is not there yet.

        Raises:
            JobsUnavailableError: the database refuses.
            OptionsError: a program that is needed is not installed.
        """
        ...


@contextmanager
def snapshot_of(place: Path | str, work: Path) -> Iterator[Snapshot]:
    """Yield a database as it is now.

    Args:
        place: a SQLite file, or the URL of a PostgreSQL database.
        work: folder for a copy, where one has to be made first.

    Raises:
        JobsUnavailableError: it cannot be read.
        OptionsError, SecretError: it cannot be used.
    """
    with telling():
        if kind_of(place) == "sqlite":
            with _of_file(Path(place), work) as found:
                yield found
            return
        engine = open_database(place)
        try:
            with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
                connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
                yield PostgresSnapshot(connection, make_url(str(place)))
        finally:
            engine.dispose()


def kind_of(place: Path | str) -> Kind:
    """Return of which kind a database is."""
    return "sqlite" if isinstance(place, Path) or "://" not in place else "postgresql"


class FileSnapshot:
    """A copy of a SQLite file.

    Args:
        engine: of the copy.
        connection: to it.
    """

    def __init__(self, engine: Engine, connection: Connection) -> None:
        self._engine, self.connection = engine, connection

    def write(self, path: Path) -> None:
        """Copy it on; see `Snapshot`."""
        _copied(Path(str(self._engine.url.database)), path)


class PostgresSnapshot:
    """What a transaction of PostgreSQL sees, which other programs may see as well.

    Args:
        connection: in that transaction.
        url: of the database.
    """

    def __init__(self, connection: Connection, url: URL) -> None:
        self.connection, self._url = connection, url
        self._name = str(connection.execute(text("SELECT pg_export_snapshot()")).scalar_one())

    def write(self, path: Path) -> None:
        """Have pg_dump write what the transaction sees; see `Snapshot`."""
        flags = ["--format=custom", "--no-owner", "--no-privileges", f"--snapshot={self._name}", f"--file={path}"]
        run_tool("pg_dump", flags, self._url)


def run_tool(name: str, flags: Sequence[str], url: URL) -> None:
    """Run a client program of PostgreSQL; the password goes by its environment, which others cannot read.

    Args:
        name: of the program.
        flags: for it.
        url: of the database.

    Raises:
        OptionsError: it is not installed.
        JobsUnavailableError: it failed.
    """
    program = shutil.which(name)
    if program is None:
        raise OptionsError(f"{name} is not installed", _TOOLS_HINT)
    shown = url.set(drivername="postgresql", password=None).difference_update_query([_SECRET])
    command = [program, *flags, f"--dbname={shown.render_as_string(hide_password=False)}"]
    done = subprocess.run(command, env=_environment(url), capture_output=True, text=True, check=False)
    if done.returncode:
        said = " ".join(done.stderr.split())[:500]
        raise JobsUnavailableError(f"{name} failed: {said}", _TOOLS_HINT if "version" in said else "")


def _environment(url: URL) -> Mapping[str, str]:
    password = url.password or url.query.get(_SECRET)
    return {**os.environ, "LC_ALL": "C"} | ({"PGPASSWORD": str(password)} if password else {})


@contextmanager
def _of_file(path: Path, work: Path) -> Iterator[FileSnapshot]:
    copy = work / f"{path.name}.snapshot"
    _copied(path, copy)
    engine = open_database(copy)
    try:
        with engine.connect() as connection:
            yield FileSnapshot(engine, connection)
    finally:
        engine.dispose()


def _copied(path: Path, to: Path) -> None:
    """Copy a SQLite file by its online backup, which takes what is there at one moment."""
    if not path.is_file():
        raise JobsUnavailableError(f"There is no database {path}", "Name it, or start facefusion serve first")
    to.touch(mode=0o600, exist_ok=False)
    try:
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(to)) as target:
            source.backup(target)
            target.execute("PRAGMA journal_mode = DELETE")  # one file, without another beside it
    except sqlite3.Error as error:
        raise JobsUnavailableError(f"The database {path} cannot be copied: {error}") from error
