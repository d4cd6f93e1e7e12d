"""The schema of the database of jobs, and how it gets from one version to the next.

Versions are numbered: `versions/v0001_….py` is the first. `upgrade` takes an empty or older database to the last one;
it may be called by several processes at once, of which one does the work. Views are no part of a version: they are made
anew with each.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, Engine, inspect, text

from facefusion.errors import JobsUnavailableError
from facefusion.jobs.database import reading, telling
from facefusion.jobs.migrations.views import VIEWS

if TYPE_CHECKING:
    from alembic.config import Config

VERSION_TABLE: Final = "jobs_version"
_FOLDER: Final = Path(__file__).parent
_LOCK: Final = 0x6A6F6273


def head() -> str:
    """Return the number of the last version that this program knows, such as 0001."""
    return max(path.name[1:5] for path in (_FOLDER / "versions").glob("v[0-9]*.py"))


def version(engine: Engine) -> str | None:
    """Return the version of a database; None where there are no tables of jobs yet.

    Raises:
        JobsUnavailableError: the database cannot be used.
    """
    with reading(engine) as connection:
        return _version(connection)


def check(engine: Engine) -> None:
    """Make sure that a database has the version that this program works with.

    Raises:
        JobsUnavailableError: it is older or newer, or cannot be used.
    """
    there = version(engine)
    if there is None or there < head():
        raise JobsUnavailableError(
            f"The database of jobs has {f'version {there}' if there else 'no tables yet'}, not version {head()}",
            "Start one facefusion serve of this version: it brings the database up to date",
        )
    _refuse_newer(there)


def upgrade(engine: Engine) -> None:
    """Bring an empty or older database to the version of this program; nothing happens where it is there.

    Raises:
        JobsUnavailableError: the database is of a newer program, or cannot be used.
    """
    there = version(engine)
    if there == head():
        return
    _refuse_newer(there)
    with telling(), _alone(engine) as connection:
        if (there := _version(connection)) == head():
            return  # somebody else was first
        _refuse_newer(there)
        _move(connection, head())


def downgrade(engine: Engine, to: str | None) -> None:
    """Take a database back to an older version, with the loss of what only the newer one keeps.

    Args:
        engine: of the database, which nobody else uses meanwhile.
        to: the version, such as 0001; None removes all tables of jobs.

    Raises:
        JobsUnavailableError: the database is of a newer program, or cannot be used.
    """
    _refuse_newer(version(engine))
    with telling(), _alone(engine) as connection:
        _move(connection, to)


def config(connection: Connection) -> Config:
    """Return what Alembic works by, without a file."""
    from alembic.config import Config  # noqa: PLC0415 - takes long to import, and only changes need it

    made = Config()
    made.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    made.attributes["connection"] = connection
    return made


def _move(connection: Connection, to: str | None) -> None:
    from alembic import command  # noqa: PLC0415 - as above

    for name in VIEWS:
        connection.execute(text(f"DROP VIEW IF EXISTS {name}"))
    made = config(connection)
    if to is None or to < (_version(connection) or ""):
        command.downgrade(made, to or "base")
    else:
        command.upgrade(made, to)
    if to == head():
        for name, queries in VIEWS.items():
            connection.execute(text(f"CREATE VIEW {name} AS {queries[connection.dialect.name]}"))


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    asked = text(f"SELECT version_num FROM {VERSION_TABLE}")  # nosec B608 - a name of ours
    return connection.execute(asked).scalar_one_or_none()


def _refuse_newer(there: str | None) -> None:
    if there is not None and there > head():
        raise JobsUnavailableError(
            f"The database of jobs has version {there}, and this program knows {head()} at most",
            "Install the version of FaceFusion that made it",
        )


@contextmanager
def _alone(engine: Engine) -> Iterator[Connection]:
    """Yield a connection in a transaction beside which nobody else changes the schema.

    SQLite changes a table by making another in its place: rows that refer to the first are not to go with it.
    """
    with engine.connect().execution_options(facefusion_alone=True) as connection:
        is_file = connection.dialect.name == "sqlite"
        driver = connection.connection.driver_connection
        assert driver is not None
        if is_file:
            driver.execute("PRAGMA foreign_keys = OFF")
        try:
            with connection.begin():
                if not is_file:
                    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
                yield connection
                if is_file and connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
                    raise JobsUnavailableError("The database of jobs is damaged: rows refer to others that are gone")
        finally:
            if is_file:
                driver.execute("PRAGMA foreign_keys = ON")
