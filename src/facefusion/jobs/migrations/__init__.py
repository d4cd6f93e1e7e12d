"""The schema of the database of jobs, and how it gets from one version to the next.

Versions are numbered: `versions/v0001_….py` is the first. `upgrade` takes an empty or older database to the last one;
it may be called by several processes at once, of which one does the work. Views are no part of a version: they are made
anew with each.

A version says from which program on it can be used (`works_from`), and the database keeps that. So a program goes on
with a schema that is newer than itself where that only has more; what may change between versions is in `rules`.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, Engine, delete, insert, inspect, select, text

from facefusion.errors import JobsUnavailableError
from facefusion.jobs.database import reading, telling
from facefusion.jobs.migrations.views import VIEWS
from facefusion.jobs.schema import SCHEMA

if TYPE_CHECKING:
    from alembic.config import Config

VERSION_TABLE: Final = "jobs_version"
_FOLDER: Final = Path(__file__).parent
_LOCK: Final = 0x6A6F6273


@dataclass(frozen=True, slots=True)
class SchemaState:
    """What a database says of its schema.

    Attributes:
        version: such as 0001; None where there are no tables of jobs yet.
        works_from: the version of the oldest program that works with it; None where the database does not say.
    """

    version: str | None
    works_from: str | None

    @property
    def is_for_us(self) -> bool:
        """Whether this program works with it as it is."""
        if self.version is None or self.version < head():
            return False
        return self.version == head() or (self.works_from is not None and self.works_from <= head())


def head() -> str:
    """Return the number of the last version that this program knows, such as 0001."""
    return max(_versions())


def schema_state(engine: Engine) -> SchemaState:
    """Return what a database says of its schema.

    Raises:
        JobsUnavailableError: the database cannot be used.
    """
    with reading(engine) as connection:
        return state_of(connection)


def version(engine: Engine) -> str | None:
    """Return the version of a database; None where there are no tables of jobs yet.

    Raises:
        JobsUnavailableError: the database cannot be used.
    """
    with reading(engine) as connection:
        return _version(connection)


def check(engine: Engine) -> None:
    """Make sure that this program works with a database as it is.

    Raises:
        JobsUnavailableError: it is older, or too new, or cannot be used.
    """
    state = schema_state(engine)
    there = state.version
    if there is None or there < head():
        raise JobsUnavailableError(
            f"The database of jobs has {f'version {there}' if there else 'no tables yet'}, not version {head()}",
            "Start one facefusion serve of this version: it brings the database up to date",
        )
    _refuse_too_new(state)


def upgrade(engine: Engine) -> None:
    """Bring an empty or older database to the version of this program; nothing happens where it works with it as it is.

    Raises:
        JobsUnavailableError: the database is of a program that is too new, or cannot be used.
    """
    state = schema_state(engine)
    if state.is_for_us:
        return
    _refuse_too_new(state)
    with telling(), _alone(engine) as connection:
        if (state := state_of(connection)).is_for_us:
            return  # somebody else was first
        _refuse_too_new(state)
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
    _note_reached(connection, to)
    if to == head():
        for name, queries in VIEWS.items():
            connection.execute(text(f"CREATE VIEW {name} AS {queries[connection.dialect.name]}"))


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    asked = text(f"SELECT version_num FROM {VERSION_TABLE}")  # nosec B608 - a name of ours
    return connection.execute(asked).scalar_one_or_none()


def _versions() -> dict[str, str]:
    """Return the versions that this program knows, each with the name of its module."""
    return {path.name[1:5]: path.stem for path in (_FOLDER / "versions").glob("v[0-9]*.py")}


def state_of(connection: Connection) -> SchemaState:
    """Return what a database says of its schema, over a connection to it."""
    there = _version(connection)
    if there is None or not inspect(connection).has_table(SCHEMA.name):
        return SchemaState(there, None)
    wanted = select(SCHEMA.c.works_from).where(SCHEMA.c.version == there)
    return SchemaState(there, connection.execute(wanted).scalar_one_or_none())


def _note_reached(connection: Connection, to: str | None) -> None:
    """Write from which programs on the versions up to one can be used, for older programs that look."""
    if to is None or not inspect(connection).has_table(SCHEMA.name):
        return
    rows = [
        {"version": number, "works_from": _works_from(module)}
        for number, module in sorted(_versions().items())
        if number <= to
    ]
    connection.execute(delete(SCHEMA))
    connection.execute(insert(SCHEMA), rows)


def _works_from(module: str) -> str:
    return str(importlib.import_module(f"{__name__}.versions.{module}").works_from)


def _refuse_too_new(state: SchemaState) -> None:
    if not state.is_for_us:
        _refuse_newer(state.version)


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
